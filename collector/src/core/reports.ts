import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import type { Ack, KeySetReport, Report } from '@keyturn/shared/model/report.ts';
import { carry, findRow, mergeCounts } from './counts.ts';
import { noteOutcomes } from './detectors/note-outcomes.ts';
import { depart } from './departure.ts';
import type { Verifier } from './fleet.ts';
import { contest, settledContests } from './contests.ts';
import { findVerifier, setLiveness } from './fleet.ts';
import { expiredLeases, renewLease } from './leases.ts';
import { leaseMs } from './policy.ts';
import type { HeldCounts, HeldKeySet, VerifierRecord } from './records.ts';
import { mayBeCanaries } from './probes/canary-use.ts';
import { lapsedProbes } from './probes/probed-sets.ts';
import { noteFirstUse } from './observed/standby.ts';
import { restand, watchingRotations } from './rotation.ts';
import { bindSession, unbindSession } from './sessions.ts';
import type { Now, State } from './state.ts';
import { noteRejection } from './rejections.ts';
import { noteStale } from './stale-caches.ts';
import { noteSwitchSeen } from './switch-seen.ts';
import { addTotals, isKnownKid, raiseUsage } from './usage.ts';
import { countVerifications } from './verification-counts.ts';
import type { Write } from './writes.ts';

/**
 * A superseded process keeps quiet for up to ten minutes before it says hello again, so a second
 * one is believed gone only when it has not shown itself for longer.
 */
export const DUPLICATE_REMEMBERED_MS = 900_000;

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
  const reject = (reason: string): Ack => {
    noteRejection(state, id.service, reason, now);
    return ack('rejected', reason);
  };
  const verifier = findVerifier(state.fleet, id);
  if (verifier === undefined || verifier.record.departedAtMs !== null) {
    return reject('handle: expected a verifier named in a hello, got one that is not');
  }
  const { record } = verifier;
  if (report.epoch < record.epoch) {
    flagDuplicate(state, verifier, session, now, writes);
    return ack('superseded', `a newer process reports as ${verifier.key} (epoch ${record.epoch})`);
  }
  if (report.epoch > record.epoch) {
    return reject(`epoch: expected ${record.epoch} as assigned, got ${report.epoch}`);
  }
  // The stream before is still open: two live processes share a boot id, or the old one is dying.
  if (verifier.session !== null && verifier.session !== session) {
    contest(state.fleet, verifier, now.atMs + leaseMs(state.policy), now.atMs);
  }
  if (report.seq <= record.seq) return ack('ignored');
  let merged = mergeCounts(record.counts, report.counts, now.atMs);
  if (typeof merged === 'string' && record.seq === 0 && record.counts.length > 0) {
    // The process had this identity before and counts from zero again.
    verifier.record = withoutBaseline(state, record);
    merged = mergeCounts([], report.counts, now.atMs);
  }
  if (typeof merged === 'string') return reject(merged);

  takeReport(state, verifier, report, merged, now, writes);
  bindSession(state, verifier, session);
  return ack('applied');
}

/**
 * Marks verifiers as stopped on purpose; they block nothing any more. While two processes go by one
 * name, the goodbye of one says nothing of the other: the verifier is left to its lease.
 */
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
    if (verifier.contestedUntilMs > now.atMs) unbindSession(state, verifier);
    else depart(state, verifier, now, writes);
  }
}

/** Verifiers whose lease ended become silent, probes and contests that are over end. Gives how many fell silent. */
export function expireLeases(state: State, now: Now): number {
  const expired = expiredLeases(state.fleet, now.atMs);
  for (const verifier of expired) {
    setLiveness(state.fleet, verifier, 'silent', now.atMs);
    for (const rotation of watchingRotations(state, verifier)) {
      restand(state, verifier, rotation, now);
    }
  }
  for (const verifier of lapsedProbes(state.fleet, now.atMs)) {
    for (const rotation of watchingRotations(state, verifier)) {
      restand(state, verifier, rotation, now);
    }
  }
  for (const verifier of settledContests(state.fleet, now.atMs)) {
    for (const rotation of watchingRotations(state, verifier)) state.unevaluated.add(rotation.id);
  }
  return expired.length;
}

function flagDuplicate(
  state: State,
  verifier: Verifier,
  session: string,
  now: Now,
  writes: Write[],
): void {
  if (verifier.session === session) return;
  contest(state.fleet, verifier, now.atMs + DUPLICATE_REMEMBERED_MS, now.atMs);
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
    const when = { sinceMs: before.observedAtMs, untilMs: now.atMs };
    const isSign = !mayBeCanaries(state, verifier, row, previous, when.sinceMs, now);
    for (const record of raiseUsage(state, row, previous, when)) {
      writes.push({ kind: 'usage', record });
      if (isSign) noteSwitchSeen(state, record, writes);
      noteFirstUse(state, record, writes);
    }
    addTotals(state, row, previous);
    countVerifications(state, verifier, row, previous);
    noteOutcomes(state, verifier, row, previous, when.sinceMs, now, writes);
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
  noteStale(state.policy, verifier);
  setLiveness(state.fleet, verifier, 'reporting', now.atMs);
  renewLease(state.fleet, state.policy, verifier, now.atMs);
  for (const rotation of watchingRotations(state, verifier)) {
    restand(state, verifier, rotation, now);
  }
}

function withoutBaseline(state: State, record: VerifierRecord): VerifierRecord {
  const isKnown = (issuer: string, kid: string): boolean => isKnownKid(state, issuer, kid);
  return { ...record, counts: [], carried: carry(record.carried, record.counts, isKnown) };
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
    secretsAtMs: ago(set.secretsAgeMs),
  };
}
