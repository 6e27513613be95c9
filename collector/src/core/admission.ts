import type { Assignment, Hello, VerifierHello } from '@keyturn/shared/model/report.ts';
import { countsFor } from './counts.ts';
import type { Verifier } from './fleet.ts';
import { contest } from './contests.ts';
import { noteClock } from './agent-clocks.ts';
import { enrol, findVerifier, regroup, setLiveness } from './fleet.ts';
import { renewLease } from './leases.ts';
import { leaseMs } from './policy.ts';
import { noteProbes } from './probes/probed-sets.ts';
import { probesOfNextBoot } from './probes/probes.ts';
import type { VerifierRecord } from './records.ts';
import { noteRejection } from './rejections.ts';
import { restand, watchingRotations } from './rotation.ts';
import { bindSession } from './sessions.ts';
import type { Now, State } from './state.ts';
import { isKnownKid } from './usage.ts';
import type { Write } from './writes.ts';

/** Issuers nobody configured that verifiers may name. */
const FOREIGN_ISSUERS_MAX = 64;

/** Assigns epochs to the verifiers a session names. */
export function applyHello(
  state: State,
  session: string,
  hello: Hello,
  now: Now,
  writes: Write[],
): readonly Assignment[] {
  return hello.verifiers.map((named) => {
    const refused = boundProblem(state, named, now) ?? issuersProblem(state, named);
    if (refused !== undefined) {
      noteRejection(state, named.id.service, refused, now);
      return { handle: named.handle, epoch: 0, committedSeq: 0, refused };
    }
    const verifier = admit(state, named, hello.bootId, now, writes);
    bindSession(state, verifier, session);
    noteClock(state.fleet, verifier, hello.wallUnixMs, now);
    return {
      handle: named.handle,
      epoch: verifier.record.epoch,
      committedSeq: verifier.record.seq,
      refused: '',
    };
  });
}

/** A verifier turned away for want of room takes tokens unseen: gates are told. */
function boundProblem(state: State, named: VerifierHello, now: Now): string | undefined {
  const known = findVerifier(state.fleet, named.id) !== undefined;
  if (known || state.fleet.verifiers.size < state.policy.verifiersMax) return undefined;
  state.health.refusedVerifiers += 1;
  state.health.refusedVerifierAtMs = now.atMs;
  return `the collector is at its bound of ${state.policy.verifiersMax} verifiers; raise policy.max_verifiers`;
}

function issuersProblem(state: State, named: VerifierHello): string | undefined {
  if (named.issuers.length > 0 && knownIssuers(state, named.issuers).length === 0) {
    return 'issuers: none of them is configured at the collector';
  }
  return undefined;
}

/**
 * The issuers to remember a verifier by. Some that nobody configured are kept as well, so that they
 * show and can be added; no rotation can be opened for them.
 */
function knownIssuers(state: State, issuers: readonly string[]): readonly string[] {
  const { groups } = state.fleet;
  const room = groups.size < state.policy.issuers.size + FOREIGN_ISSUERS_MAX;
  return [...new Set(issuers)].filter(
    (issuer) => state.policy.issuers.has(issuer) || groups.has(issuer) || room,
  );
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
  // A process that is still connected gave way to another: until both had time to speak, there may
  // be two.
  const takenOver = known !== undefined && known.session !== null && known.liveness === 'reporting';
  const record: VerifierRecord = {
    id: named.id,
    bootId,
    epoch: (before?.epoch ?? state.epochFloor) + 1,
    seq: 0,
    profile: named.profile,
    source: named.source,
    issuers: knownIssuers(state, named.issuers),
    cacheKind: named.cacheKind,
    firstSeenAtMs: before?.firstSeenAtMs ?? now.atMs,
    receivedAtMs: null,
    observedAtMs: null,
    keySets: [],
    ...(before === undefined
      ? { counts: [], otherBoots: [], carried: [] }
      : countsFor(before, bootId, (issuer, kid) => isKnownKid(state, issuer, kid))),
    departedAtMs: null,
    duplicateAtMs: before?.duplicateAtMs ?? null,
    probes: probesOfNextBoot(before?.probes ?? []),
  };
  writes.push({ kind: 'verifier', record });
  const verifier = known ?? enrol(state.fleet, state.policy, record, 'joined', now.atMs);
  if (known !== undefined) {
    known.record = record;
    known.probe = null;
    noteProbes(state.fleet, known);
    regroup(state.fleet, state.policy, known);
    setLiveness(state.fleet, known, 'joined', now.atMs);
  }
  if (takenOver) contest(state.fleet, verifier, now.atMs + leaseMs(state.policy), now.atMs);
  renewLease(state.fleet, state.policy, verifier, now.atMs);
  for (const rotation of watchingRotations(state, verifier)) {
    restand(state, verifier, rotation, now);
  }
  return verifier;
}
