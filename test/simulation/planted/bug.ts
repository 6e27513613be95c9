import type { FaultKind } from '../fault-plan.ts';
import type { Turns } from '../turns.ts';
import type { WorldKind } from '../plan.ts';

/** A text of a source file and what stands there instead while the bug is planted. */
export interface Replacement {
  /** From the root of the workspace. */
  readonly file: string;
  /** Must occur exactly once. */
  readonly text: string;
  readonly by: string;
}

/** One mistake somebody could make, and a seed whose world shows it. */
export interface PlantedBug {
  readonly id: string;
  readonly replacements: readonly Replacement[];
  /** The only faults of its world, where others would hide it; absent: those of the seed. */
  readonly focus?: readonly FaultKind[];
  /** The only turn of its rotation; absent: it goes straight through. */
  readonly turn?: keyof Turns;
  /** Another kind of world than that of a rotation of our own. */
  readonly kind?: WorldKind;
  /** Caught here when last looked; searched for anew when it is not any more. */
  readonly seed: number;
}

/** Where most of them are. */
export const CORE = 'collector/src/core';

/** One replacement. */
export const at = (file: string, text: string, by: string): Replacement => ({ file, text, by });
