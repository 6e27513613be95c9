import { nameProblem, textProblem, ID_LIMITS } from '@keyturn/shared/model/ids.ts';
import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Write } from './writes.ts';
import type { Act, ActResult, RefusalCode } from './acts.ts';
import { evaluateGate } from './evaluate.ts';
import { UNWAIVABLE } from './gates/verdict.ts';
import { forget } from './fleet.ts';
import type { AuditEntry, RotationRecord, Step } from './records.ts';
import { depart } from './reports.ts';
import { openRotations, releaseRotation, restandAll } from './rotation.ts';
import type { Now, State } from './state.ts';
import { keyIdentity } from './state.ts';
import { attributableFailures } from './usage.ts';

type ActOf<T extends Act['type']> = Extract<Act, { readonly type: T }>;

/** Longest reason, name or other free text of an act, bytes. */
const TEXT_BYTES_MAX = 500;

/** Longest life of an attestation or waiver, milliseconds (400 days). */
const VALIDITY_MAX_MS = 400 * 86_400_000;

const GATE_OF_STEP: Readonly<Record<Step, Gate | null>> = {
  publish: 'publish',
  activate: 'activate',
  retire: 'retire',
  complete: 'purge',
  rollback: 'rollback',
  abort: null,
  taint: null,
};

/** Carries out one act of a person or tool, or refuses it with a reason; both are audited. */
export function carryOut(state: State, act: Act, now: Now, writes: Write[]): ActResult {
  const result = textRefusal(act) ?? dispatch(state, act, now, writes);
  writes.push(audit(act, result, now));
  return result;
}

function dispatch(state: State, act: Act, now: Now, writes: Write[]): ActResult {
  switch (act.type) {
    case 'start':
      return start(state, act, now, writes);
    case 'declare':
      return declare(state, act, now, writes);
    case 'attest':
      return attest(state, act, now, writes);
    case 'waive':
      return waive(state, act, now, writes);
    case 'remove_verifier':
      return removeVerifier(state, act, now, writes);
  }
}

function start(state: State, act: ActOf<'start'>, now: Now, writes: Write[]): ActResult {
  const issuer = state.issuers.get(act.issuer);
  if (issuer === undefined) {
    return refuse('not_found', 'issuer', `issuer ${act.issuer} is not configured at the collector`);
  }
  const twin = openRotations(state).find(
    (rotation) => rotation.issuer === act.issuer && rotation.alg === act.alg,
  );
  if (twin !== undefined) {
    return refuse(
      'conflict',
      'issuer',
      `rotation ${twin.id} is open for this issuer and alg; end it first`,
    );
  }
  const served = [...issuer.keys.values()].filter((record) => record.withdrawnAtMs === null);
  const candidates = served.filter((record) =>
    act.oldKid === null
      ? record.key.kid !== act.newKid && (record.key.alg === act.alg || record.key.alg === '')
      : record.key.kid === act.oldKid,
  );
  const [old] = candidates;
  if (old === undefined) {
    return refuse(
      'invalid',
      'old_kid',
      `expected a key the issuer publishes now, got ${act.oldKid ?? `none for ${act.alg}`}`,
    );
  }
  if (candidates.length > 1) {
    const kids = candidates.map((record) => record.key.kid).join(', ');
    return refuse('invalid', 'old_kid', `expected one of the published keys ${kids}, got none`);
  }
  if (old.key.kid === act.newKid) {
    return refuse('invalid', 'new_kid', 'expected another kid than the old key has');
  }
  if (old.key.alg !== '' && old.key.alg !== act.alg) {
    return refuse(
      'invalid',
      'alg',
      `expected ${old.key.alg} as ${old.key.kid} has, got ${act.alg}`,
    );
  }
  const published = served.filter((record) => record.key.kid === act.newKid);
  const rotation: RotationRecord = {
    id: act.id,
    issuer: act.issuer,
    alg: act.alg,
    oldKid: old.key.kid,
    oldThumbprint: old.key.thumbprint,
    newKid: act.newKid,
    newThumbprint:
      act.newThumbprint ?? (published.length === 1 ? (published[0]?.key.thumbprint ?? null) : null),
    startedAtMs: now.atMs,
    startedBy: act.by,
    declared: {},
    switchedAtMs: null,
    failuresAtSwitch: 0,
    endedAtMs: null,
    outcome: null,
    tainted: false,
  };
  keep(state, rotation, writes);
  restandAll(state, rotation, now);
  return done({ rotation });
}

function declare(state: State, act: ActOf<'declare'>, now: Now, writes: Write[]): ActResult {
  const rotation = state.rotations.get(act.rotationId);
  if (rotation === undefined) return noRotation(act.rotationId);
  if (rotation.outcome !== null) {
    return refuse('conflict', 'rotation_id', `rotation ${rotation.id} is ${rotation.outcome}`);
  }
  const gate = GATE_OF_STEP[act.step];
  const verdict = gate === null ? null : evaluateGate(state, rotation, gate, now, writes);
  if (verdict !== null && verdict.status !== 'open' && act.overrideReason === null) {
    return {
      ok: false,
      refusal: {
        code: 'gate_not_open',
        field: 'step',
        message: `gate ${verdict.gate} is ${verdict.status}: ${firstReason(verdict)}`,
        verdict,
      },
    };
  }
  const next = afterStep(state, rotation, act, verdict, now);
  keep(state, next, writes);
  if (next.endedAtMs !== null) {
    releaseRotation(state, next);
    if (next.outcome === 'completed') tombstone(state, next, writes);
  }
  state.unevaluated.add(next.id);
  return done({ rotation: next, verdict });
}

function afterStep(
  state: State,
  rotation: RotationRecord,
  act: ActOf<'declare'>,
  verdict: Verdict | null,
  now: Now,
): RotationRecord {
  const overridden = verdict !== null && verdict.status !== 'open';
  const declared = {
    ...rotation.declared,
    [act.step]: {
      atMs: now.atMs,
      by: act.by,
      overrideReason: overridden ? act.overrideReason : null,
    },
  };
  const next = { ...rotation, declared };
  switch (act.step) {
    case 'publish':
    case 'retire':
      return next;
    case 'activate':
      // A second declaration can only move the switch later: the old key may have signed until then.
      return {
        ...next,
        switchedAtMs: now.atMs,
        failuresAtSwitch:
          rotation.switchedAtMs === null
            ? attributableFailures(state, rotation.issuer, rotation.newKid)
            : rotation.failuresAtSwitch,
      };
    case 'rollback':
      return { ...next, switchedAtMs: null };
    case 'taint':
      return { ...next, tainted: true };
    case 'abort':
      return { ...next, endedAtMs: now.atMs, outcome: 'aborted' };
    case 'complete':
      return { ...next, endedAtMs: now.atMs, outcome: 'completed' };
  }
}

/** A retired kid never comes back: I3. */
function tombstone(state: State, rotation: RotationRecord, writes: Write[]): void {
  if (rotation.oldThumbprint === null) return;
  const issuer = state.issuers.get(rotation.issuer);
  const identity = keyIdentity({ kid: rotation.oldKid, thumbprint: rotation.oldThumbprint });
  const record = issuer?.keys.get(identity);
  if (issuer === undefined || record === undefined) return;
  const retired = { ...record, tombstone: 'retired' as const };
  issuer.keys.set(identity, retired);
  writes.push({ kind: 'key', record: retired });
}

function attest(state: State, act: ActOf<'attest'>, now: Now, writes: Write[]): ActResult {
  const rotation = state.rotations.get(act.rotationId);
  if (rotation === undefined) return noRotation(act.rotationId);
  const service = state.policy.services.get(act.service);
  if (service === undefined) {
    return refuse(
      'not_found',
      'service',
      `service ${act.service} is not declared at the collector`,
    );
  }
  if (service.evidence !== 'attested' && act.fact === 'holds_new') {
    return refuse(
      'invalid',
      'service',
      `service ${act.service} is judged by evidence (${service.evidence}), which a person's word does not replace; waive the check instead, or set services[].evidence: attested`,
    );
  }
  const validity = validityProblem(act.validForMs);
  if (validity !== undefined) return refuse('invalid', 'valid_for', validity);
  const record = {
    id: act.id,
    rotationId: rotation.id,
    service: act.service,
    instance: act.instance,
    fact: act.fact,
    by: act.by,
    reason: act.reason,
    atMs: now.atMs,
    expiresAtMs: now.atMs + act.validForMs,
  };
  state.attestations.set(record.id, record);
  state.unevaluated.add(rotation.id);
  writes.push({ kind: 'attestation', record });
  return done({ rotation, attestation: record });
}

function waive(state: State, act: ActOf<'waive'>, now: Now, writes: Write[]): ActResult {
  const rotation = state.rotations.get(act.rotationId);
  if (rotation === undefined) return noRotation(act.rotationId);
  const verdict = evaluateGate(state, rotation, act.gate, now, writes);
  const known = verdict.checks.map((check) => check.id);
  if (!known.includes(act.checkId)) {
    return refuse('invalid', 'check_id', `expected one of ${known.join(', ')}, got ${act.checkId}`);
  }
  if (UNWAIVABLE.has(act.checkId)) {
    return refuse('invalid', 'check_id', `check ${act.checkId} cannot be waived`);
  }
  const validity = validityProblem(act.validForMs);
  if (validity !== undefined) return refuse('invalid', 'valid_for', validity);
  const record = {
    id: act.id,
    rotationId: rotation.id,
    gate: act.gate,
    checkId: act.checkId,
    by: act.by,
    reason: act.reason,
    atMs: now.atMs,
    expiresAtMs: now.atMs + act.validForMs,
  };
  state.waivers.set(record.id, record);
  state.unevaluated.add(rotation.id);
  writes.push({ kind: 'waiver', record });
  return done({ rotation, waiver: record });
}

function removeVerifier(
  state: State,
  act: ActOf<'remove_verifier'>,
  now: Now,
  writes: Write[],
): ActResult {
  const doomed = [...state.fleet.verifiers.values()].filter(
    ({ record }) =>
      record.id.service === act.service &&
      record.id.instance === act.instance &&
      (act.cache === null || record.id.cache === act.cache),
  );
  if (doomed.length === 0) {
    return refuse('not_found', 'instance', `no verifier ${act.service}/${act.instance} is known`);
  }
  const live = doomed.find((verifier) => verifier.liveness === 'reporting');
  if (live !== undefined) {
    return refuse(
      'conflict',
      'instance',
      `${live.key} is reporting; stop it first, it would only return`,
    );
  }
  for (const verifier of doomed) {
    depart(state, verifier, now, writes);
    dismiss(state, verifier.key, now, writes);
  }
  return done({ removed: doomed.length });
}

/** Deletes a departed verifier's record; later epochs under any name start above its own. */
export function dismiss(state: State, key: string, now: Now, writes: Write[]): void {
  const verifier = state.fleet.verifiers.get(key);
  if (verifier === undefined) return;
  state.epochFloor = Math.max(state.epochFloor, verifier.record.epoch);
  forget(state.fleet, verifier, now.atMs);
  writes.push({ kind: 'verifier_removed', record: verifier.record });
  writes.push({ kind: 'meta', record: { epochFloor: state.epochFloor, lastNowMs: now.atMs } });
}

function keep(state: State, rotation: RotationRecord, writes: Write[]): void {
  state.rotations.set(rotation.id, rotation);
  writes.push({ kind: 'rotation', record: rotation });
}

function textRefusal(act: Act): ActResult | undefined {
  const texts: [string, string | null][] = [['by', act.by]];
  if ('reason' in act) texts.push(['reason', act.reason]);
  if (act.type === 'declare') texts.push(['override_reason', act.overrideReason]);
  for (const [field, value] of texts) {
    const problem = value === null ? undefined : textProblem(value, TEXT_BYTES_MAX);
    if (problem !== undefined) return refuse('invalid', field, problem);
  }
  if (act.type !== 'start') return undefined;
  const kid = textProblem(act.newKid, ID_LIMITS.kidBytes);
  if (kid !== undefined) return refuse('invalid', 'new_kid', kid);
  const alg = nameProblem(act.alg, ID_LIMITS.algBytes);
  if (alg !== undefined) return refuse('invalid', 'alg', alg);
  if (act.newThumbprint !== null && act.newThumbprint.length !== ID_LIMITS.thumbprintChars) {
    return refuse(
      'invalid',
      'new_thumbprint',
      `expected ${ID_LIMITS.thumbprintChars} base64url characters (RFC 7638, SHA-256), got ${act.newThumbprint.length}`,
    );
  }
  return undefined;
}

function validityProblem(validForMs: number): string | undefined {
  if (validForMs > 0 && validForMs <= VALIDITY_MAX_MS) return undefined;
  return 'expected more than zero and at most 400 days';
}

function noRotation(id: string): ActResult {
  return refuse('not_found', 'rotation_id', `no rotation ${id}; see \`keyturn rotation list\``);
}

function firstReason(verdict: Verdict): string {
  const reason =
    verdict.checks.find((check) => check.status === 'fail') ??
    verdict.checks.find((check) => check.status === 'unknown');
  return reason?.message ?? '';
}

function refuse(code: RefusalCode, field: string, message: string): ActResult {
  return { ok: false, refusal: { code, field, message, verdict: null } };
}

function done(part: Partial<Extract<ActResult, { ok: true }>>): ActResult {
  return {
    ok: true,
    rotation: null,
    verdict: null,
    attestation: null,
    waiver: null,
    removed: 0,
    ...part,
  };
}

function audit(act: Act, result: ActResult, now: Now): Write {
  const { by, type, ...rest } = act;
  const rotationId =
    'rotationId' in act ? act.rotationId : result.ok ? (result.rotation?.id ?? null) : null;
  const action = act.type === 'declare' ? `declare_${act.step}` : type;
  const record: AuditEntry = {
    atMs: now.atMs,
    kind: result.ok ? 'act' : 'refusal',
    rotationId,
    actor: by,
    action,
    message: result.ok ? `${by}: ${action}` : `${by}: ${action} refused: ${result.refusal.message}`,
    detail: {
      ...rest,
      verdict: result.ok
        ? (result.verdict?.status ?? null)
        : (result.refusal.verdict?.status ?? null),
    },
  };
  return { kind: 'audit', record };
}
