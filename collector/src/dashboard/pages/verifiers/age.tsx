import { computed } from '@preact/signals';
import { nowMs } from '../../live/live.ts';
import { formatDuration } from '../../ui/duration.ts';

// Ages are shown in seconds, so nothing has to be drawn more often.
const nowS = computed(() => Math.floor(nowMs.value / 1_000));

/** How long ago something was, short; runs on by itself. */
export function Age({
  atMs,
  missing = 'never',
}: {
  readonly atMs: number | null;
  readonly missing?: string;
}) {
  if (atMs === null) return <span class="soft">{missing}</span>;
  return <time dateTime={isoOf(atMs)}>{formatDuration(nowS.value * 1_000 - atMs)}</time>;
}

/** How old keys are against the time after which their kind of verifier fetches anew. */
export function KeyAge({
  atMs,
  refreshS,
}: {
  readonly atMs: number | null;
  readonly refreshS: number | null;
}) {
  if (atMs === null) return <span class="soft">never fetched</span>;
  const ageMs = nowS.value * 1_000 - atMs;
  const isLate = refreshS !== null && ageMs > refreshS * 1_000;
  return (
    <span class={isLate ? 'late' : undefined}>
      {formatDuration(ageMs)}
      {refreshS === null ? null : (
        <span class="soft">
          {' '}
          of {formatDuration(refreshS * 1_000)}
          {isLate ? ', late' : ''}
        </span>
      )}
    </span>
  );
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
