import { conditionOf, WORDING } from '../../fleet/condition.ts';
import { fleetStatus } from '../../fleet/fleet-feed.ts';
import type { VerifierRow } from '../../fleet/verifier-row.ts';
import { fresh } from '../../live/live.ts';
import { StateBadge } from '../../ui/state-badge.tsx';

/** What is the matter with a verifier, by word, shape and colour. Old rows are never shown as good. */
export function ConditionBadge({ row }: { readonly row: VerifierRow }) {
  const { word, tone } = WORDING[conditionOf(row)];
  const isHeard = fresh.value.kind === 'live';
  const isLate = fleetStatus.value !== 'live';
  if (tone === 'plain') {
    return <span class="badge plain">{isHeard && !isLate ? word : `was ${word}`}</span>;
  }
  // The badge says `was` itself when the collector is not heard.
  return (
    <StateBadge
      standing={isLate ? 'unknown' : tone}
      word={isLate && isHeard ? `was ${word}` : word}
    />
  );
}
