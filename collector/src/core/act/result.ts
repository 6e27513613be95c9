import type { Act, ActResult, RefusalCode } from '../acts.ts';
import type { RotationRecord } from '../records.ts';

export type ActOf<T extends Act['type']> = Extract<Act, { readonly type: T }>;

/** Longest life of an attestation or waiver, milliseconds (400 days). */
const VALIDITY_MAX_MS = 400 * 86_400_000;

/** An act that is not carried out. `field`: the argument at fault, or empty. */
export function refuse(code: RefusalCode, field: string, message: string): ActResult {
  return { ok: false, refusal: { code, field, message, verdict: null } };
}

/** An act that was carried out. */
export function done(part: Partial<Extract<ActResult, { ok: true }>>): ActResult {
  return {
    ok: true,
    rotation: null,
    verdict: null,
    attestation: null,
    waiver: null,
    rehearsal: null,
    removed: 0,
    alert: null,
    silence: null,
    ...part,
  };
}

/** Nothing can be done to a rotation that ended. */
export function ended(rotation: RotationRecord): ActResult {
  return refuse(
    'conflict',
    'rotation_id',
    `rotation ${rotation.id} is ${rotation.outcome ?? 'open'}`,
  );
}

export function noRotation(id: string): ActResult {
  return refuse(
    'not_found',
    'rotation_id',
    `no rotation ${id}; see \`keyturn rotation list --all\``,
  );
}

/** A sentence when an attestation or waiver asks for a life it cannot have. */
export function validityProblem(validForMs: number): string | undefined {
  if (validForMs > 0 && validForMs <= VALIDITY_MAX_MS) return undefined;
  return 'expected more than zero and at most 400 days';
}
