import { fresh } from '../live/live.ts';

/** How something stands: a gate, a service, a verifier. */
export type Standing = 'open' | 'closed' | 'unknown' | 'aborted';

// Circle, square, diamond, triangle: told apart without colour.
const SHAPES: Readonly<Record<Standing, string>> = {
  open: 'M5 0a5 5 0 1 0 0 10a5 5 0 1 0 0-10Z',
  closed: 'M0 0H10V10H0Z',
  unknown: 'M5 0 10 5 5 10 0 5Z',
  aborted: 'M5 0 10 10H0Z',
};

/** How something stands, by shape, word and colour. Old news is shown as unknown, whatever it was. */
export function StateBadge({
  standing,
  word = standing.toUpperCase(),
}: {
  readonly standing: Standing;
  readonly word?: string;
}) {
  const isOld = fresh.value.kind !== 'live';
  const shown = isOld ? 'unknown' : standing;
  return (
    <span class={`badge ${shown}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <path d={SHAPES[shown]} />
      </svg>
      {isOld ? `was ${word}` : word}
    </span>
  );
}
