import { CANARY_AUDIENCE } from '@keyturn/shared/model/probe.ts';
import type { Verifier } from '../fleet.ts';
import type { HeldCounts } from '../records.ts';
import type { Now, State } from '../state.ts';
import { PROBE_EXPIRES_MS, PROBE_RUNS_MS } from './pace.ts';

/**
 * Whether canaries alone may have made the newly accepted tokens of a row. Agents inside a process
 * leave out canaries of the usual audience; who counts by other means counts them like any token, and
 * they are no sign that the issuer signs with their key.
 *
 * @param sinceMs the moment the report before spoke of
 */
export function mayBeCanaries(
  state: State,
  verifier: Verifier,
  row: HeldCounts,
  previous: HeldCounts | undefined,
  sinceMs: number | null,
  now: Now,
): boolean {
  const canary = state.policy.issuers.get(row.issuer)?.canary ?? null;
  if (canary === null || verifier.probedAtMs === null) return false;
  if (verifier.record.source === 'in_process' && canary.audience === CANARY_AUDIENCE) return false;
  const fromMs = (sinceMs ?? 0) - PROBE_EXPIRES_MS - PROBE_RUNS_MS;
  if (verifier.probedAtMs < fromMs) return false;
  const accepted = (row.outcomes.ok ?? 0) - (previous?.outcomes.ok ?? 0);
  return accepted <= Math.floor((now.atMs - fromMs) / canary.apartMs) + 1;
}
