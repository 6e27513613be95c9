import { ID_LIMITS, nameProblem } from '@keyturn/shared/model/ids.ts';
import type { ActResult } from '../acts.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, ended, noRotation, refuse, validityProblem } from './result.ts';

/** A named person vouches for a service that cannot report. */
export function attest(state: State, act: ActOf<'attest'>, now: Now, writes: Write[]): ActResult {
  const rotation = state.rotations.get(act.rotationId);
  if (rotation === undefined) return noRotation(act.rotationId);
  if (rotation.outcome !== null) return ended(rotation);
  if (state.attestations.has(act.id)) {
    return refuse('conflict', 'id', `attestation ${act.id} exists already`);
  }
  const instance =
    act.instance === null ? undefined : nameProblem(act.instance, ID_LIMITS.instanceBytes);
  if (instance !== undefined) return refuse('invalid', 'instance', instance);
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
