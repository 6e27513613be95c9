import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type {
  Ack,
  Assignment,
  CountKey,
  Hello,
  KeySetReport,
  KidCounts,
  Report,
  VerifierHello,
} from '@keyturn/shared/model/report.ts';
import type { Write } from './writes.ts';
import type { Verifier } from './fleet.ts';
import { enrol, expiredLeases, findVerifier, regroup, renewLease, setLiveness } from './fleet.ts';
import type { CarriedCounts, HeldCounts, HeldKeySet, VerifierRecord } from './records.ts';
import { restand, watchingRotations } from './rotation.ts';
import type { Now, State } from './state.ts';
import { addTotals, raiseUsage } from './usage.ts';

/** Rows of counts kept per verifier; a report that would exceed it is refused. */
export const COUNT_ROWS_MAX = 512;

/** Assigns epochs to the verifiers a session names. */
export function applyHello(
  state: State,
  session: string,
  hello: Hello,
  now: Now,
  writes: Write[],
): readonly Assignment[] {
  return hello.verifiers.map((named) => {
    const refused = admissionProblem(state, named);
    if (refused !== undefined) {
      state.health.refusedVerifiers += 1;
      state.health.refusedVerifierAtMs = now.atMs;
      return { handle: named.handle, epoch: 0, committedSeq: 0, refused };
    }
    const verifier = admit(state, named, hello.bootId, now, writes);
    bindSession(state, verifier, session);
    return {
      handle: named.handle,
      epoch: verifier.record.epoch,
      committedSeq: verifier.record.seq,
      refused: '',
    };
  });
}

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

/** Takes a verifier out of every gate, keeping its record. */
export function depart(state: State, verifier: Verifier, now: Now, writes: Write[]): void {
  verifier.record = { ...verifier.record, departedAtMs: now.atMs };
  writes.push({ kind: 'verifier', record: verifier.record });
  for (const rotation of watchingRotations(state, verifier)) {
    restand(state, verifier, rotation, now, { departed: true });
  }
  setLiveness(state.fleet, verifier, 'departed', now.atMs);
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

/** The stream ended: nothing changes but that nobody speaks for these verifiers now. */
export function endSession(state: State, session: string): void {
  for (const verifier of state.sessions.get(session) ?? []) {
    if (verifier.session === session) verifier.session = null;
  }
  state.sessions.delete(session);
}

function admissionProblem(state: State, named: VerifierHello): string | undefined {
  const known = findVerifier(state.fleet, named.id) !== undefined;
  if (!known && state.fleet.verifiers.size >= state.policy.verifiersMax) {
    return `the collector is at its bound of ${state.policy.verifiersMax} verifiers; raise policy.max_verifiers`;
  }
  if (named.issuers.length > 0 && configuredIssuers(state, named.issuers).length === 0) {
    return 'issuers: none of them is configured at the collector';
  }
  return undefined;
}

function configuredIssuers(state: State, issuers: readonly string[]): readonly string[] {
  return issuers.filter((issuer) => state.policy.issuers.has(issuer));
}

function admit(
  state: State,
  named: VerifierHello,
  bootId: string,
  now: Now,
  writes: Write[],
): Verifier {
  const known = findVerifier(state.fleet, named.id);
  if (known !== undefined && known.record.bootId === bootId && known.record.departedAtMs === null) {
    return known;
  }
  const before = known?.record;
  const record: VerifierRecord = {
    id: named.id,
    bootId,
    epoch: (before?.epoch ?? state.epochFloor) + 1,
    seq: 0,
    profile: named.profile,
    source: named.source,
    issuers: configuredIssuers(state, named.issuers),
    firstSeenAtMs: before?.firstSeenAtMs ?? now.atMs,
    receivedAtMs: null,
    observedAtMs: null,
    keySets: [],
    counts: [],
    carried: before === undefined ? [] : carry(before),
    departedAtMs: null,
    duplicateAtMs: before?.duplicateAtMs ?? null,
  };
  writes.push({ kind: 'verifier', record });
  const verifier = known ?? enrol(state.fleet, state.policy, record, 'joined', now.atMs);
  if (known !== undefined) {
    known.record = record;
    regroup(state.fleet, state.policy, known);
    setLiveness(state.fleet, known, 'joined', now.atMs);
  }
  renewLease(state.fleet, state.policy, verifier, now.atMs);
  for (const rotation of watchingRotations(state, verifier)) {
    restand(state, verifier, rotation, now);
  }
  return verifier;
}

function bindSession(state: State, verifier: Verifier, session: string): void {
  if (verifier.session === session) return;
  if (verifier.session !== null) state.sessions.get(verifier.session)?.delete(verifier);
  verifier.session = session;
  const bound = state.sessions.get(session);
  if (bound === undefined) state.sessions.set(session, new Set([verifier]));
  else bound.add(verifier);
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

/** The rows after a report, or a sentence saying which count went back. */
function mergeCounts(
  held: readonly HeldCounts[],
  reported: readonly KidCounts[],
  nowMs: number,
): readonly HeldCounts[] | string {
  const rows: HeldCounts[] = [];
  for (const row of reported) {
    const previous = findRow(held, row.issuer, row.key);
    const shrunk = previous === undefined ? undefined : shrunkOutcome(previous, row);
    if (shrunk !== undefined) return shrunk;
    rows.push(heldCounts(row, previous, nowMs));
  }
  // Rows the agent no longer sends stay as they were: their totals are part of this epoch.
  for (const row of held) {
    if (findRow(rows, row.issuer, row.key) === undefined) rows.push(row);
  }
  if (rows.length > COUNT_ROWS_MAX) {
    return `counts: expected at most ${COUNT_ROWS_MAX} rows in one epoch, got ${rows.length}`;
  }
  return rows;
}

function shrunkOutcome(previous: HeldCounts, row: KidCounts): string | undefined {
  for (const outcome of Object.keys(previous.outcomes) as Outcome[]) {
    const had = previous.outcomes[outcome] ?? 0;
    const has = row.outcomes[outcome] ?? 0;
    if (has < had) {
      return `counts.${outcome}: expected at least ${had} as reported before in this epoch, got ${has}`;
    }
  }
  return undefined;
}

function heldCounts(row: KidCounts, previous: HeldCounts | undefined, nowMs: number): HeldCounts {
  const lastAcceptedAtMs = row.lastAcceptedAgeMs === null ? null : nowMs - row.lastAcceptedAgeMs;
  return {
    issuer: row.issuer,
    key: row.key,
    outcomes: row.outcomes,
    highestIatS: row.highestIat,
    highestExpS: row.highestExp,
    longestLifetimeS: row.longestLifetimeS,
    acceptedWithoutExp: row.acceptedWithoutExp,
    acceptedWithoutIat: row.acceptedWithoutIat,
    // Jitter in transit must not make the same acceptance look later than it was first dated.
    lastAcceptedAtMs:
      previous !== undefined && previous.outcomes.ok === row.outcomes.ok
        ? previous.lastAcceptedAtMs
        : lastAcceptedAtMs,
  };
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

/** Outcome totals of all epochs up to and including this record's. */
function carry(record: VerifierRecord): readonly CarriedCounts[] {
  const carried = [...record.carried];
  for (const row of record.counts) {
    const at = carried.findIndex((c) => c.issuer === row.issuer && sameKey(c.key, row.key));
    const before = at === -1 ? undefined : carried[at];
    const sum: CarriedCounts = {
      issuer: row.issuer,
      // Kids beyond the bound go on together, so that restarts cannot grow the record.
      key: before === undefined && carried.length >= COUNT_ROWS_MAX ? { kind: 'other' } : row.key,
      outcomes: addOutcomes(before?.outcomes ?? {}, row.outcomes),
    };
    if (at === -1) carried.push(sum);
    else carried[at] = sum;
  }
  return carried.length > COUNT_ROWS_MAX ? foldTail(carried) : carried;
}

function foldTail(rows: readonly CarriedCounts[]): readonly CarriedCounts[] {
  const kept = rows.slice(0, COUNT_ROWS_MAX - 1);
  const tail = rows.slice(COUNT_ROWS_MAX - 1);
  const issuer = tail[0]?.issuer ?? '';
  const outcomes = tail.reduce((sum, row) => addOutcomes(sum, row.outcomes), {});
  return [...kept, { issuer, key: { kind: 'other' }, outcomes }];
}

function addOutcomes(
  a: Readonly<Partial<Record<Outcome, number>>>,
  b: Readonly<Partial<Record<Outcome, number>>>,
): Partial<Record<Outcome, number>> {
  const sum: Partial<Record<Outcome, number>> = { ...a };
  for (const outcome of Object.keys(b) as Outcome[]) {
    sum[outcome] = (sum[outcome] ?? 0) + (b[outcome] ?? 0);
  }
  return sum;
}

function findRow<T extends { readonly issuer: string; readonly key: CountKey }>(
  rows: readonly T[],
  issuer: string,
  key: CountKey,
): T | undefined {
  return rows.find((row) => row.issuer === issuer && sameKey(row.key, key));
}

function sameKey(a: CountKey, b: CountKey): boolean {
  if (a.kind !== b.kind) return false;
  return a.kind !== 'kid' || (b.kind === 'kid' && a.kid === b.kid);
}
