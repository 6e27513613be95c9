import { ID_LIMITS, nameProblem } from '@keyturn/shared/model/ids.ts';
import type { ActResult } from '../acts.ts';
import type { ServicePolicy } from '../policy.ts';
import type { AttestationRecord, RotationRecord } from '../records.ts';
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
  const unheard = wordProblem(service, act.fact, rotation);
  if (unheard !== undefined) return refuse('invalid', 'service', unheard);
  if (act.instance !== null && service.population !== null) {
    return refuse('invalid', 'instance', `expected none: ${act.service} is of kind unmanaged`);
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

/** A sentence when nobody's word decides about a service; a managed one goes by word or by time. */
function wordProblem(
  service: ServicePolicy,
  fact: AttestationRecord['fact'],
  rotation: RotationRecord,
): string | undefined {
  if (fact === 'rejects_old' || service.evidence === 'attested' || service.kind === 'managed') {
    return undefined;
  }
  // Time brings no population a secret, so a word is all there can be.
  if (service.population !== null && rotation.keyKind === 'secret') return undefined;
  if (service.population !== null) {
    return `service ${service.name} is of kind unmanaged: nobody can see its verifiers, so it counts by time; waive population_covered instead`;
  }
  const judge = service.evidence === 'timed' ? 'time' : `evidence (${service.evidence})`;
  return `service ${service.name} is judged by ${judge}, which a person's word does not replace; waive the check instead, or set services[].evidence: attested`;
}
