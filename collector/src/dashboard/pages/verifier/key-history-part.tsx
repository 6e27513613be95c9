import type { VerifierHistoryView } from '../../../api/schemas/history.ts';
import type { VerifierDetailView } from '../../../api/schemas/verifier-detail.ts';
import { keyLanes, type KeyLane } from '../../fleet/key-lanes.ts';
import { Card } from '../../ui/card.tsx';
import { formatDuration } from '../../ui/duration.ts';
import { At } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import type { HeardHistory } from './use-history.ts';

const DAY_MS = 86_400_000;

/** Shorter than this there is nothing to see. */
const SHORTEST_MS = 60_000;

const LANES_SHOWN_MAX = 24;

type VerifierEvent = VerifierHistoryView['events'][number];

/** Which keys it held when, with the times in which nobody knows, and what happened to it. */
export function KeyHistoryPart({
  heard: { history, failed, heardAtMs },
  detail,
}: {
  readonly heard: HeardHistory;
  readonly detail: VerifierDetailView | null;
}) {
  if (history === undefined) {
    return (
      <Card title="Keys over time">
        <p class="empty">{failed ? 'Its history could not be read.' : 'Loading…'}</p>
      </Card>
    );
  }
  const { events, earlier } = history;
  const firstMs = Math.min(...events.map(({ at }) => Date.parse(at)), heardAtMs - SHORTEST_MS);
  const fromMs = Math.max(firstMs, heardAtMs - 30 * DAY_MS);
  const lanes = keyLanes(
    events,
    {
      keySets: detail?.verifier.key_sets ?? [],
      heard: detail?.verifier.states.includes('reporting') ?? false,
    },
    { fromMs, toMs: heardAtMs, isWhole: !earlier },
  );
  return (
    <Card
      title="Keys over time"
      aside={<span class="soft">the last {formatDuration(heardAtMs - fromMs)}</span>}
    >
      {failed ? <p class="late">What is shown is old: its history could not be read.</p> : null}
      {lanes.length === 0 ? <p class="empty">Nothing is known of its keys.</p> : null}
      <div class="lanes">
        {lanes.slice(0, LANES_SHOWN_MAX).map((lane) => (
          <Lane
            key={`${lane.issuer} ${lane.kid}`}
            lane={lane}
            fromMs={fromMs}
            toMs={heardAtMs}
            isHeard={detail?.verifier.states.includes('reporting') ?? false}
          />
        ))}
      </div>
      {lanes.length > LANES_SHOWN_MAX ? (
        <p class="soft">and {lanes.length - LANES_SHOWN_MAX} more keys</p>
      ) : null}
      <p class="soft legend">
        <span class="swatch held" aria-hidden="true" /> held{' '}
        <span class="swatch unknown" aria-hidden="true" /> nobody knows
      </p>
      <Events events={events} earlier={earlier} />
    </Card>
  );
}

function Lane({
  lane,
  fromMs,
  toMs,
  isHeard,
}: {
  readonly lane: KeyLane;
  readonly fromMs: number;
  readonly toMs: number;
  readonly isHeard: boolean;
}) {
  const share = (ms: number): number => ((ms - fromMs) / (toMs - fromMs)) * 100;
  const heldNow = isHeard ? (lane.heldNow ? 'held now' : 'not held now') : 'not known now';
  return (
    <>
      <div class="lane-name">
        <Name text={lane.kid} charsMax={40} /> <span class="soft">{heldNow}</span>
      </div>
      <div class="lane" aria-hidden="true">
        {lane.spans.map((span) => (
          <span
            key={span.fromMs}
            class={span.kind}
            style={{
              left: `${share(span.fromMs)}%`,
              width: `${Math.max(0.2, share(span.toMs) - share(span.fromMs))}%`,
            }}
          />
        ))}
      </div>
    </>
  );
}

function Events({
  events,
  earlier,
}: {
  readonly events: readonly VerifierEvent[];
  readonly earlier: boolean;
}) {
  return (
    <details>
      <summary>
        What happened: {events.length} {events.length === 1 ? 'event' : 'events'}
        {earlier ? ', and earlier ones' : ''}
      </summary>
      <ol class="events">
        {events.toReversed().map((event, at) => (
          <li key={events.length - at}>
            <At at={event.at} />: <EventText event={event} />
          </li>
        ))}
      </ol>
    </details>
  );
}

function EventText({ event }: { readonly event: VerifierEvent }) {
  switch (event.what) {
    case 'first_seen':
      return <>heard of for the first time</>;
    case 'reporting':
      return <>reports</>;
    case 'silent':
      return <>fell silent</>;
    case 'joined':
      return <>said hello</>;
    case 'departed':
      return <>said goodbye</>;
    case 'forgotten':
      return <>is not listed any more</>;
    case 'duplicate':
      return <>a second process reports under its name</>;
    case 'restarted':
      return <>another process took its name</>;
    case 'fetch_ok':
      return <>could fetch again</>;
    case 'fetch_failing':
      return (
        <>
          could not fetch
          {event.error === null ? null : (
            <>
              : <Name text={event.error} />
            </>
          )}
        </>
      );
    case 'keys':
      return (
        <>
          <KidsText words="got" kids={event.added} />
          <KidsText words="lost" kids={event.removed} />
          <KidsText words="holds other key material under" kids={event.changed} />
          {event.more > 0 ? ` and ${event.more} more` : ''}; {event.count} held
        </>
      );
  }
}

function KidsText({ words, kids }: { readonly words: string; readonly kids: readonly string[] }) {
  if (kids.length === 0) return null;
  return (
    <>
      {words}{' '}
      {kids.map((kid, at) => (
        <span key={kid}>
          {at > 0 ? ', ' : ''}
          <Name text={kid} charsMax={40} />
        </span>
      ))}{' '}
    </>
  );
}
