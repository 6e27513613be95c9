import type { VerifierHistoryView } from '../../../api/schemas/history.ts';
import type { HeardHistory } from './use-history.ts';

const WIDTH = 600;
const HEIGHT = 90;
const MINUTES = 60;

const KINDS = [
  ['ok', 'accepted'],
  ['other', 'refused for other reasons'],
  ['attributable', 'refused as a key could cause it'],
] as const;

/** The last hour, minute by minute, from what it said; the same as a table for who cannot see it. */
export function MinuteBars({ heard: { history, failed } }: { readonly heard: HeardHistory }) {
  if (history === undefined) {
    return <p class="empty">{failed ? 'Its history could not be read.' : 'Loading…'}</p>;
  }
  const { minutes } = history;
  const most = Math.max(1, ...minutes.at.map((_, at) => totalOf(minutes, at)));
  return (
    <figure class="minutes">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={said(minutes)}
      >
        {minutes.at.map((minute, at) => (
          <Bar key={minute} minutes={minutes} at={at} most={most} />
        ))}
      </svg>
      <figcaption class="soft">
        {minutes.at.length < 2 ? 'This minute' : `The last ${minutes.at.length} minutes`}, up to{' '}
        {Math.round(most).toLocaleString('en')} a minute:{' '}
        {KINDS.map(([kind, words]) => (
          <span key={kind} class="legend-item">
            <span class={`swatch ${kind}`} aria-hidden="true" /> {words}{' '}
          </span>
        ))}
        {failed ? 'What is shown is old: its history could not be read.' : null}
      </figcaption>
    </figure>
  );
}

type Minutes = VerifierHistoryView['minutes'];

function Bar({
  minutes,
  at,
  most,
}: {
  readonly minutes: Minutes;
  readonly at: number;
  readonly most: number;
}) {
  const width = WIDTH / MINUTES;
  const x = (MINUTES - minutes.at.length + at) * width;
  let top = HEIGHT;
  return (
    <g>
      {KINDS.map(([kind]) => {
        const value = minutes[kind][at] ?? 0;
        if (value <= 0) return null;
        // What is there must show.
        const height = Math.max(1, (value / most) * HEIGHT);
        top -= height;
        return <rect key={kind} class={kind} x={x + 1} y={top} width={width - 2} height={height} />;
      })}
    </g>
  );
}

function totalOf({ ok, attributable, other }: Minutes, at: number): number {
  return (ok[at] ?? 0) + (attributable[at] ?? 0) + (other[at] ?? 0);
}

function said({ at, ok, attributable, other }: Minutes): string {
  const sum = (values: readonly number[]): string =>
    Math.round(values.reduce((total, value) => total + value, 0)).toLocaleString('en');
  return `In ${at.length} minutes: ${sum(ok)} accepted, ${sum(attributable)} refused as a key could cause it, ${sum(other)} refused for other reasons`;
}
