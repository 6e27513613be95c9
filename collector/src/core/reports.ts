import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import type { Ack, KeySetReport, Report } from '@keyturn/shared/model/report.ts';
import { findRow, mergeCounts } from './counts.ts';
import { depart } from './departure.ts';
import type { Verifier } from './fleet.ts';
import { findVerifier, setLiveness } from './fleet.ts';
import { expiredLeases, renewLease } from './leases.ts';
import type { HeldCounts, HeldKeySet } from './records.ts';
import { restand, watchingRotations } from './rotation.ts';
import { bindSession } from './sessions.ts';
import type { Now, State } from './state.ts';
import { addTotals, raiseUsage } from './usage.ts';
import type { Write } from './writes.ts';

/** Takes one report in, if it is newer than what is stored. */
export function applyReport(
  state: State,
  session: string,
  id: VerifierId,
  report: Report,
  now: Now,
  writes: Write[],
): Ack {
  const ack = (result: Ack['result'], reason = ''): Ack => ({
    handle: report.handle,
    epoch: report.epoch,
    seq: report.seq,
    result,
    reason,
  });
  const verifier = findVerifier(state.fleet, id);
  if (verifier === undefined || verifier.record.departedAtMs !== null) {
    return ack('rejected', 'handle: expected a verifier named in a hello, got one that is not');
  }
  const { record } = verifier;
  if (report.epoch < record.epoch) {
    flagDuplicate(verifier, session, now, writes);
    return ack('superseded', `a newer process reports as ${verifier.key} (epoch ${record.epoch})`);
  }
  if (report.epoch > record.epoch) {
    return ack('rejected', `epoch: expected ${record.epoch} as assigned, got ${report.epoch}`);
  }
  if (report.seq <= record.seq) return ack('ignored');
  const merged = mergeCounts(record.counts, report.counts, now.atMs);
  if (typeof merged === 'string') return ack('rejected', merged);

  takeReport(state, verifier, report, merged, now, writes);
  bindSession(state, verifier, session);
  return ack('applied');
}

/** Marks verifiers as stopped on purpose; they block nothing any more. */
export function applyGoodbye(
  state: State,
  session: string,
  ids: readonly VerifierId[],
  now: Now,
  writes: Write[],
): void {
  for (const id of ids) {
    const verifier = findVerifier(state.fleet, id);
    // A superseded process must not say goodbye for the one that took over.
    if (verifier === undefined || verifier.session !== session) continue;
    depart(state, verifier, now, writes);
  }
}

/** Verifiers whose lease ended become silent. Gives how many. */
export function expireLeases(state: State, now: Now): number {
  const expired = expiredLeases(state.fleet, now.atMs);
  for (const verifier of expired) {
    setLiveness(state.fleet, verifier, 'silent', now.atMs);
    for (const rotation of watchingRotations(state, verifier)) {
      restand(state, verifier, rotation, now);
    }
  }
  return expired.length;
}

function flagDuplicate(verifier: Verifier, session: string, now: Now, writes: Write[]): void {
  if (verifier.session === session) return;
  verifier.record = { ...verifier.record, duplicateAtMs: now.atMs };
  writes.push({ kind: 'verifier', record: verifier.record });
}

function takeReport(
  state: State,
  verifier: Verifier,
  report: Report,
  counts: readonly HeldCounts[],
  now: Now,
  writes: Write[],
): void {
  const before = verifier.record;
  for (const row of counts) {
    const previous = findRow(before.counts, row.issuer, row.key);
    if (previous === row) continue;
    const usage = raiseUsage(state, row, previous, now.atMs);
    if (usage !== undefined) writes.push({ kind: 'usage', record: usage });
    addTotals(state, row, previous);
  }
  verifier.record = {
    ...before,
    seq: report.seq,
    receivedAtMs: now.atMs,
    observedAtMs: now.atMs - report.observedAgeMs,
    keySets: report.keySets.map((set) => heldKeySet(set, now.atMs)),
    counts,
  };
  writes.push({ kind: 'verifier', record: verifier.record });
  setLiveness(state.fleet, verifier, 'reporting', now.atMs);
  renewLease(state.fleet, state.policy, verifier, now.atMs);
  for (const rotation of watchingRotations(state, verifier)) {
    restand(state, verifier, rotation, now);
  }
}

function heldKeySet(set: KeySetReport, nowMs: number): HeldKeySet {
  const ago = (ageMs: number | null): number | null => (ageMs === null ? null : nowMs - ageMs);
  const ahead = (inMs: number | null): number | null => (inMs === null ? null : nowMs + inMs);
  return {
    issuer: set.issuer,
    keys: set.keys,
    dataAtMs: ago(set.dataAgeMs),
    attemptAtMs: ago(set.attemptAgeMs),
    consecutiveFailures: set.consecutiveFailures,
    lastError: set.lastError,
    nextRefreshAtMs: ahead(set.nextRefreshInMs),
    cooldownUntilMs: ahead(set.cooldownInMs),
    documentSha256: set.documentSha256,
    servedAtMs: ago(set.servedAgeMs),
  };
}
