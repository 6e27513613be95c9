import { type AbsencePlan, absenceOf } from './absence.ts';
import { Chance } from './chance.ts';
import type { Anchor } from './fault-plan.ts';

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

/** Verifiers that nobody sees one by one, as they are declared and as they are. */
export interface PopulationPlan {
  readonly cohorts: readonly { readonly percentile: number; readonly withinMs: number }[];
  readonly coverPercentile: number;
  /** Fetches through this edge; null: from any origin replica. */
  readonly edge: number | null;
}

/** Dependents without any agent; services among them are listed with the others of the plan. */
export interface UnseenPlan {
  readonly population: PopulationPlan | null;
  readonly services: number;
}

/** The old key turns out to be compromised. */
export interface EmergencyPlan {
  readonly anchor: Anchor;
  readonly afterMs: number;
  /** For how long after the switch policy honours its tokens. */
  readonly graceMs: number;
  readonly publishSafetyMs: number;
  /** Checks that policy lets an emergency skip. */
  readonly skip: readonly string[];
}

/** What most rotations never see; each is drawn from a stream of its own. */
export interface Turns {
  readonly rollback: RollbackPlan | null;
  readonly unseen: UnseenPlan | null;
  readonly emergency: EmergencyPlan | null;
  readonly absence: AbsencePlan | null;
}

/** A rotation that goes straight through. */
export const NO_TURNS: Turns = { rollback: null, unseen: null, emergency: null, absence: null };

/** The turns of a seed. */
export function turnsOf(seed: number, tmaxMs: number, edges: number): Turns {
  return {
    rollback: rollbackOf(new Chance(seed, 'rollback'), tmaxMs),
    unseen: unseenOf(new Chance(seed, 'unseen'), edges),
    emergency: emergencyOf(new Chance(seed, 'emergency'), tmaxMs),
    absence: absenceOf(new Chance(seed, 'absence')),
  };
}

function unseenOf(chance: Chance, edges: number): UnseenPlan | null {
  if (!chance.is(0.15)) return null;
  const services = chance.whole(0, 2);
  const last = chance.pick([98, 100]);
  const population: PopulationPlan = {
    cohorts: [
      { percentile: 50, withinMs: chance.pick([60_000, 120_000]) },
      { percentile: 90, withinMs: chance.pick([300_000, 600_000]) },
      { percentile: last, withinMs: chance.pick([900_000, 1_200_000]) },
    ],
    coverPercentile: chance.pick([80, 90, last]),
    edge: edges > 0 && chance.is(0.5) ? chance.whole(0, edges - 1) : null,
  };
  return { services, population: services === 0 || chance.is(0.6) ? population : null };
}

function emergencyOf(chance: Chance, tmaxMs: number): EmergencyPlan | null {
  if (!chance.is(0.12)) return null;
  return {
    anchor: chance.pick(['start', 'published', 'activated', 'retired']),
    afterMs: chance.wait(60_000),
    graceMs: chance.is(0.5) ? 0 : chance.between(0, tmaxMs / 4),
    publishSafetyMs: chance.pick([0, 30_000]),
    skip: chance.is(0.5) ? ['stable', 'everyone_counts', 'rehearsed'] : [],
  };
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
