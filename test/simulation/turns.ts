import { Chance } from './chance.ts';

/** People switch the signer back to the old key, and forward again or not at all. */
export interface RollbackPlan {
  /** From the switch on. */
  readonly afterMs: number;
  /** How long the old key signs again. */
  readonly awayMs: number;
  /** They go back whatever the gate says. */
  readonly insists: boolean;
  /** They end the rotation instead of going on. */
  readonly givesUp: boolean;
}

/** What most rotations never see; each is drawn from a stream of its own. */
export interface Turns {
  readonly rollback: RollbackPlan | null;
}

/** A rotation that goes straight through. */
export const NO_TURNS: Turns = { rollback: null };

/** The turns of a seed. */
export function turnsOf(seed: number, tmaxMs: number): Turns {
  return { rollback: rollbackOf(new Chance(seed, 'rollback'), tmaxMs) };
}

function rollbackOf(chance: Chance, tmaxMs: number): RollbackPlan | null {
  if (!chance.is(0.15)) return null;
  return {
    afterMs: chance.between(5_000, 0.9 * tmaxMs),
    awayMs: chance.is(0.5) ? chance.between(1_000, 30_000) : chance.between(30_000, 2 * tmaxMs),
    insists: chance.is(0.5),
    givesUp: chance.is(0.3),
  };
}
