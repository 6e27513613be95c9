import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import type { ProbeResult } from '@keyturn/shared/model/probe.ts';
import type { Verifier } from '../fleet.ts';
import { findVerifier, servicePolicyOf } from '../fleet.ts';
import { isProbeDue, PROBE_EXPIRES_MS, probeApartMs, probeValidMs, probeWindow } from './pace.ts';
import { isSameKey, readingOf, refusesBogus } from './reading.ts';
import type { HeldProbe, ProbeEvidence } from './record.ts';
import type { AuditEntry, RotationRecord } from '../records.ts';
import { noteProbes } from './probed-sets.ts';
import { restand, rotationFacts, watchingRotations } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import { propagationMs } from '../timing.ts';
import type { Write } from '../writes.ts';

/** A probe that may go out. */
export interface ProbeGrant {
  readonly expiresInMs: number;
  readonly apartMs: number;
}

/** Who is to be probed, and under which name. */
export interface ProbeOrder {
  readonly session: string;
  readonly verifier: VerifierId;
  readonly rotationId: string;
  readonly probeId: string;
}

/** What an order that was given is remembered by; a result must match all of it. */
export interface OrderedProbe {
  readonly id: string;
  readonly rotationId: string;
  readonly session: string;
  readonly epoch: number;
  readonly sentAtMs: number;
}

/** An agent's clock and the collector's run at slightly different rates. */
const AGE_SLACK_MS = 1_000;

/** Lets one verifier be probed now, and remembers that; undefined when it must not be. */
export function orderProbe(state: State, order: ProbeOrder, now: Now): ProbeGrant | undefined {
  const rotation = state.rotations.get(order.rotationId);
  const verifier = findVerifier(state.fleet, order.verifier);
  if (rotation === undefined || verifier === undefined) return undefined;
  // Who has yet to report on this stream may be the process before, or another one.
  if (verifier.session !== order.session) return undefined;
  const window = probeWindow(state, rotation, now);
  if (!window.open || !isProbeDue(state, verifier, rotation, window.canary, now)) return undefined;
  verifier.probedAtMs = now.atMs;
  verifier.probe = {
    id: order.probeId,
    rotationId: rotation.id,
    session: order.session,
    epoch: verifier.record.epoch,
    sentAtMs: now.atMs,
  };
  const { profile } = servicePolicyOf(state.policy, verifier.record);
  return { expiresInMs: PROBE_EXPIRES_MS, apartMs: probeApartMs(window.canary, profile) };
}

/**
 * Takes a probe's result in, once and only from the stream and process it was ordered from. Gives a
 * sentence when it does not count.
 */
export function applyProbeResult(
  state: State,
  session: string,
  id: VerifierId,
  result: ProbeResult,
  now: Now,
  writes: Write[],
): string | undefined {
  const verifier = findVerifier(state.fleet, id);
  const ordered = verifier?.probe;
  if (verifier === undefined || ordered == null || ordered.id !== result.probeId) {
    return 'probe_id: expected the probe this verifier was asked for last';
  }
  if (ordered.session !== session || ordered.epoch !== verifier.record.epoch) {
    return 'probe_id: expected a probe asked of this process on this stream';
  }
  const longestMs = now.atMs - ordered.sentAtMs + AGE_SLACK_MS;
  if (result.ageMs > longestMs) {
    return `age_ms: expected at most ${longestMs}, as long as the probe was asked for, got ${result.ageMs}`;
  }
  verifier.probe = null;
  const rotation = state.rotations.get(ordered.rotationId);
  const canary = rotation && state.policy.issuers.get(rotation.issuer)?.canary;
  if (rotation === undefined || canary == null || rotation.newThumbprint === null) return undefined;
  // However late the result comes, its tokens were presented after the order.
  const atMs = ordered.sentAtMs;
  const evidence: ProbeEvidence = {
    rotationId: rotation.id,
    key: { kid: rotation.newKid, thumbprint: rotation.newThumbprint },
    atMs,
    validUntilMs: atMs + probeValidMs(state, canary, verifier),
    answers: result.answers,
  };
  keepEvidence(state, verifier, rotation, evidence, now, writes);
  return undefined;
}

/** What is kept of a verifier's probes when another process takes its name. */
export function probesOfNextBoot(probes: readonly HeldProbe[]): readonly HeldProbe[] {
  return probes
    .filter((held) => held.bogusAcceptedAtMs !== null)
    .map((held) => ({ ...held, latest: null, refusedNew: null }));
}

function keepEvidence(
  state: State,
  verifier: Verifier,
  rotation: RotationRecord,
  evidence: ProbeEvidence,
  now: Now,
  writes: Write[],
): void {
  const { issuer } = rotation;
  const before = verifier.record.probes.find((held) => held.issuer === issuer);
  const after: HeldProbe = {
    issuer,
    latest: evidence,
    refusedNew: refusedNewAfter(state, verifier, rotation, before, evidence, now),
    bogusAcceptedAtMs: bogusAcceptedAfter(before, evidence, now),
  };
  const others = verifier.record.probes.filter((held) => held.issuer !== issuer);
  verifier.record = { ...verifier.record, probes: [...others, after] };
  writes.push({ kind: 'verifier', record: verifier.record });
  const found = bogusFinding(verifier, rotation, before, after, now);
  if (found !== undefined) writes.push({ kind: 'audit', record: found });
  noteProbes(state.fleet, verifier);
  for (const watching of watchingRotations(state, verifier)) {
    restand(state, verifier, watching, now);
    state.unevaluated.add(watching.id);
  }
}

function refusedNewAfter(
  state: State,
  verifier: Verifier,
  rotation: RotationRecord,
  before: HeldProbe | undefined,
  evidence: ProbeEvidence,
  now: Now,
): HeldProbe['refusedNew'] {
  const kept = before?.refusedNew ?? null;
  switch (readingOf(evidence.answers)) {
    case 'lacks_new':
      // Heard of just now: whatever happened before does not answer it.
      return { key: evidence.key, atMs: now.atMs };
    case 'knows_new': {
      if (kept === null || !isSameKey(kept.key, evidence.key)) return null;
      return clearsRefusal(state, verifier, rotation, evidence.atMs) ? null : kept;
    }
    case 'takes_anything':
    case 'unclear':
      return kept;
  }
}

/**
 * Of several caches behind one address another one may have answered this time: that clears a
 * refusal only once each of them must have the key.
 */
function clearsRefusal(
  state: State,
  verifier: Verifier,
  rotation: RotationRecord,
  atMs: number,
): boolean {
  const { profile } = servicePolicyOf(state.policy, verifier.record);
  if (!profile.severalCaches) return true;
  const policy = state.policy.issuers.get(rotation.issuer);
  const boundMs = policy === undefined ? null : propagationMs(policy, profile);
  const { publishedAtMs } = rotationFacts(state, rotation);
  return boundMs !== null && publishedAtMs !== null && atMs >= publishedAtMs + boundMs;
}

function bogusAcceptedAfter(
  before: HeldProbe | undefined,
  evidence: ProbeEvidence,
  now: Now,
): number | null {
  const kept = before?.bogusAcceptedAtMs ?? null;
  if (readingOf(evidence.answers) === 'takes_anything') return kept ?? now.atMs;
  return refusesBogus(evidence.answers) ? null : kept;
}

function bogusFinding(
  verifier: Verifier,
  rotation: RotationRecord,
  before: HeldProbe | undefined,
  after: HeldProbe,
  now: Now,
): AuditEntry | undefined {
  const accepts = after.bogusAcceptedAtMs !== null;
  if (accepts === ((before?.bogusAcceptedAtMs ?? null) !== null)) return undefined;
  return {
    atMs: now.atMs,
    kind: 'observation',
    rotationId: rotation.id,
    actor: 'keyturn',
    action: accepts ? 'bogus_accepted' : 'bogus_refused',
    message: accepts
      ? `${verifier.key} accepted a token with a signature that nobody made: it does not check signatures`
      : `${verifier.key} refuses a token with a signature that nobody made`,
    detail: { issuer: rotation.issuer, verifier: verifier.key },
  };
}
