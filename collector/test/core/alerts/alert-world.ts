import type { Now, State } from '../../../src/core/state.ts';
import { policyOf, START_MS } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

/** A state without alerts, and moments in seconds after its start. */
export function worldOf(): { readonly state: State; readonly at: (seconds: number) => Now } {
  const { state } = new World(policyOf([]));
  const at = (seconds: number): Now => {
    const atMs = START_MS + seconds * 1_000;
    return { atMs, earliestMs: atMs };
  };
  return { state, at };
}
