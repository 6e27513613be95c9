import { conditionOf, conditionSinceMs, WORDING } from './condition.ts';
import { hasFlag, ROW_FLAGS, type FleetHead, type VerifierRow } from './verifier-row.ts';

const moment = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString().replace('.000', '');

/** Rows as other tools read them: names in place of numbers, moments in place of ages. */
export function fleetJson(rows: readonly VerifierRow[], head: FleetHead): string {
  return JSON.stringify(
    rows.map((row) => ({
      verifier: row.name,
      service: row.service.name,
      instance: row.instance,
      cache: row.cache,
      condition: WORDING[conditionOf(row)].word,
      since_at: moment(conditionSinceMs(row)),
      states: ROW_FLAGS.filter((flag) => hasFlag(row, flag)),
      reported_at: moment(row.reportedAtMs),
      failures_last_minute: row.failures,
      profile: row.profile.id,
      key_sets: row.sets.map((set) => ({
        issuer: head.issuers[set.issuer] ?? null,
        kids: set.keys.map((key) => head.keys[key]?.kid ?? null),
        other_keys: set.otherKeys,
        data_at: moment(set.dataAtMs),
        attempt_at: moment(set.attemptAtMs),
        consecutive_failures: set.failedFetches,
        last_error: set.error,
      })),
      rotations: row.standings.map(({ rotation, holdsNew, holdsOld, sufficient }) => ({
        rotation_id: rotation,
        holds_new: holdsNew,
        holds_old: holdsOld,
        sufficient,
      })),
    })),
    null,
    2,
  );
}
