import { fresh } from '../live/live.ts';

/** Stands where something will be shown once the collector has said it, or where there is nothing. */
export function Waiting({
  value,
  missing,
}: {
  readonly value: null | undefined;
  /** What to say when the collector knows no such thing. */
  readonly missing: string;
}) {
  if (value === null) return <p class="empty">{missing}</p>;
  const isReached = fresh.value.kind === 'live';
  return (
    <p class="empty" role="status">
      {isReached ? 'Loading…' : 'Waiting for the collector…'}
    </p>
  );
}
