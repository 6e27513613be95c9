import type { AttestationRecord, RotationRecord, WaiverRecord } from '../../core/records.ts';
import { rollbackUntilMs } from '../../core/gates/rollback-window.ts';
import { newKeyNeed } from '../../core/new-key-need.ts';
import { phaseOf, rotationFacts } from '../../core/rotation.ts';
import type { State } from '../../core/state.ts';
import type { AttestationView, RotationView, WaiverView } from '../schemas/rotation.ts';
import { STEPS } from '../schemas/rotation.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';

/** A rotation as JSON. */
export function rotationView(state: Readonly<State>, rotation: RotationRecord): RotationView {
  const facts = rotationFacts(state, rotation);
  const need = newKeyNeed(state, rotation);
  return {
    id: rotation.id,
    issuer: rotation.issuer,
    alg: rotation.alg,
    old_alg: rotation.oldAlg,
    key_kind: rotation.keyKind,
    old_key: { kid: rotation.oldKid, thumbprint: rotation.oldThumbprint },
    new_key: { kid: rotation.newKid, thumbprint: rotation.newThumbprint },
    phase: phaseOf(state, rotation),
    open: rotation.endedAtMs === null,
    outcome: rotation.outcome,
    tainted: rotation.tainted,
    origin: rotation.origin,
    findings: rotation.findings.map(({ id, atMs, message }) => ({
      id,
      at: isoMoment(atMs),
      message,
    })),
    started_at: isoMoment(rotation.startedAtMs),
    started_by: rotation.startedBy,
    published_at: isoMomentOrNull(facts.publishedAtMs),
    switched_at: isoMomentOrNull(rotation.switchedAtMs),
    withdrawn_at: isoMomentOrNull(facts.withdrawnAtMs),
    ended_at: isoMomentOrNull(rotation.endedAtMs),
    ended_because: rotation.endedBecause,
    rolled_back_at: isoMomentOrNull(rotation.rolledBackAtMs),
    rollback_until: isoMomentOrNull(rollbackUntilMs(state, rotation)),
    old_key_destroyed_at: isoMomentOrNull(rotation.declared.destroy_old_key?.atMs ?? null),
    new_key_needed: need.kind,
    new_key_needed_until: need.kind === 'until' ? isoMoment(need.atMs) : null,
    declared: declaredSteps(rotation),
  };
}

export function attestationView(record: AttestationRecord, nowMs: number): AttestationView {
  return {
    id: record.id,
    rotation_id: record.rotationId,
    service: record.service,
    instance: record.instance,
    fact: record.fact,
    by: record.by,
    reason: record.reason,
    attested_at: isoMoment(record.atMs),
    expires_at: isoMoment(record.expiresAtMs),
    in_force: record.expiresAtMs > nowMs,
  };
}

export function waiverView(record: WaiverRecord, nowMs: number): WaiverView {
  return {
    id: record.id,
    rotation_id: record.rotationId,
    gate: record.gate,
    check_id: record.checkId,
    by: record.by,
    reason: record.reason,
    waived_at: isoMoment(record.atMs),
    expires_at: isoMoment(record.expiresAtMs),
    in_force: record.expiresAtMs > nowMs,
  };
}

function declaredSteps(rotation: RotationRecord): RotationView['declared'] {
  const steps: { atMs: number; view: RotationView['declared'][number] }[] = [];
  for (const step of STEPS) {
    const declaration = rotation.declared[step];
    if (declaration === undefined) continue;
    steps.push({
      atMs: declaration.atMs,
      view: {
        step,
        at: isoMoment(declaration.atMs),
        by: declaration.by,
        override_reason: declaration.overrideReason,
        reason: declaration.reason,
      },
    });
  }
  return steps.sort((a, b) => a.atMs - b.atMs).map(({ view }) => view);
}
