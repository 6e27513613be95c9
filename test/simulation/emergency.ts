import type { ActResult } from '@keyturn/collector/core/acts.ts';
import type { Desk } from './going-back.ts';
import type { World } from './world.ts';

/** The person who declares the old key compromised; from there on the gates hurry. */
export class Emergency {
  readonly #world: World;
  readonly #desk: Desk;
  readonly #rotation: string;

  constructor(world: World, desk: Desk, rotation: string) {
    this.#world = world;
    this.#desk = desk;
    this.#rotation = rotation;
  }

  /** Taints the old key when it is time to; `collectorMs`: now, as the collector says. */
  tries(collectorMs: number): boolean {
    const { plan, anchors, schedule, issuer, isTainted } = this.#world;
    const { emergency } = plan.turns;
    if (emergency === null || isTainted) return false;
    const fromMs = anchors.get(emergency.anchor);
    if (fromMs === undefined || schedule.nowMs < fromMs + emergency.afterMs) return false;
    // The collector may have taken it in although nobody was told.
    if (this.#world.taintAskedMs === Infinity) this.#world.taintAskedMs = schedule.nowMs;
    this.#desk.act(
      {
        type: 'declare',
        by: 'ada',
        rotationId: this.#rotation,
        step: 'taint',
        overrideReason: null,
        reason: 'the private key was found in a log',
        confirm: { oldKid: issuer.oldKey.kid, seenAtMs: collectorMs },
      },
      (result: ActResult) => {
        if (result.ok) this.#world.isTainted = true;
      },
    );
    return true;
  }
}
