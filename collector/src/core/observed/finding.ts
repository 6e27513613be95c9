import type { ObservedFinding, RotationRecord } from '../records.ts';
import { keepRotation } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';

/** Notes what an issuer did that can make verifiers refuse valid tokens; each kind once. */
export function addFinding(
  state: State,
  rotation: RotationRecord,
  id: ObservedFinding['id'],
  message: string,
  now: Now,
  writes: Write[],
): RotationRecord {
  if (rotation.findings.some((finding) => finding.id === id)) return rotation;
  const findings = [...rotation.findings, { id, atMs: now.atMs, message }];
  const next = { ...rotation, findings };
  keepRotation(state, next, writes);
  writes.push(observation(now, `observed_${id}`, next, message));
  return next;
}

/** An audit entry about an observed rotation. */
export function observation(
  now: Now,
  action: string,
  rotation: RotationRecord,
  message: string,
): Write {
  return {
    kind: 'audit',
    record: {
      atMs: now.atMs,
      kind: 'observation',
      rotationId: rotation.id,
      actor: 'keyturn',
      action,
      message,
      detail: {
        issuer: rotation.issuer,
        alg: rotation.alg,
        old_kid: rotation.oldKid,
        new_kid: rotation.newKid,
      },
    },
  };
}
