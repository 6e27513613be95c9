import type { RotationRecord, Step } from '../records.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { tellStep } from './outbox.ts';

/** Steps receivers are told of, and what each means for the keys. */
const TOLD_STEPS: Readonly<Partial<Record<Step, (rotation: RotationRecord) => string>>> = {
  activate: ({ newKid, oldKid }) => `the signer switched from ${oldKid} to ${newKid}`,
  rollback: ({ newKid, oldKid }) => `the signer goes back from ${newKid} to ${oldKid}`,
  retire: ({ oldKid }) => `${oldKid} is taken out of use`,
  complete: ({ newKid, oldKid }) => `the rotation from ${oldKid} to ${newKid} is complete`,
  abort: ({ newKid, oldKid }) => `the rotation from ${oldKid} to ${newKid} was aborted`,
  taint: ({ oldKid }) => `${oldKid} is tainted: its tokens are not to be trusted`,
};

/** Tells receivers of a step of a rotation, if it is one they are told of. */
export function tellStepTaken(
  state: State,
  rotation: RotationRecord,
  taken: { readonly step: Step; readonly by: string; readonly why: string | null },
  now: Now,
  writes: Write[],
): void {
  const { step, by, why } = taken;
  const meaning = TOLD_STEPS[step]?.(rotation);
  if (meaning === undefined) return;
  const message = why === null ? meaning : `${meaning}: ${why}`;
  const { id, issuer } = rotation;
  tellStep(state, { rotationId: id, issuer, step, by, message }, now, writes);
}
