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
  const atMost = probesAtMost(state, verifier, row.issuer, sinceMs, now);
  const accepted = (row.outcomes.ok ?? 0) - (previous?.outcomes.ok ?? 0);
  return atMost > 0 && accepted <= atMost;
}

/**
 * How many refused tokens of one row may have been canaries: of each probe, one signed by the key of
 * that row and the one with a signature nobody made.
 */
export function canariesAtMost(
  state: State,
  verifier: Verifier,
  issuer: string,
  sinceMs: number | null,
  now: Now,
): number {
  const atMost = probesAtMost(state, verifier, issuer, sinceMs, now);
  // A process that reports for the first time has hardly been probed more than once.
  return 2 * (sinceMs === null ? Math.min(1, atMost) : atMost);
}

/** Probes whose tokens may be counted among those of this time; 0 where none can be. */
function probesAtMost(
  state: State,
  verifier: Verifier,
  issuer: string,
  sinceMs: number | null,
  now: Now,
): number {
  const canary = state.policy.issuers.get(issuer)?.canary ?? null;
  if (canary === null || verifier.probedAtMs === null) return 0;
  if (verifier.record.source === 'in_process' && canary.audience === CANARY_AUDIENCE) return 0;
  const fromMs = (sinceMs ?? 0) - PROBE_EXPIRES_MS - PROBE_RUNS_MS;
  if (verifier.probedAtMs < fromMs) return 0;
  return Math.floor((now.atMs - fromMs) / canary.apartMs) + 1;
}
