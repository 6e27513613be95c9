import type { Act, ActResult } from '@keyturn/collector/core/acts.ts';
import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import { Chance } from './chance.ts';
import type { World } from './world.ts';

/** What people need of the rotation tool. */
export interface Desk {
  readonly checks: { open(gate: Gate): void };
  verdict(gate: Gate): Verdict | undefined;
  act(act: Act, then: (result: ActResult) => void): void;
}

/** Between two tries to end a rotation that went back. */
const TRY_ABORT_MS = 40_000;

/** The people who switch the signer back, and who later go on or give up. */
export class GoingBack {
  readonly #world: World;
  readonly #desk: Desk;
  readonly #rotation: string;
  readonly #chance: Chance;
  #isDone = false;
  #triedAbortMs = -Infinity;

  constructor(world: World, desk: Desk, rotation: string) {
    this.#world = world;
    this.#desk = desk;
    this.#rotation = rotation;
    this.#chance = new Chance(world.plan.seed, 'going back');
  }

  /** Goes back when it is time to; true when something was asked for. */
  tries(then: () => void): boolean {
    const { plan, schedule, switchDeclaredMs } = this.#world;
    const { rollback } = plan.turns;
    // A compromised key signs no more.
    if (rollback === null || this.#isDone || this.#world.taintAskedMs < Infinity) return false;
    if (schedule.nowMs < switchDeclaredMs + rollback.afterMs) return false;
    const verdict = this.#desk.verdict('rollback');
    if (verdict === undefined) return false;
    // The collector died after it had taken the rollback in, and before it said so.
    const isThere = verdict.checks.some(
      ({ id, status }) => id === 'signer_switched' && status === 'fail',
    );
    if (isThere) return this.#went(then);
    if (verdict.status === 'open') this.#desk.checks.open('rollback');
    else if (!rollback.insists) return false;
    this.#declare('rollback', verdict.status === 'open' ? null : 'logins fail', (result) => {
      if (result.ok) this.#went(then);
    });
    return true;
  }

  /** While the old key signs again: goes on after a while, or ends the rotation once that is safe. */
  waits(sinceMs: number, goOn: () => void, end: () => void): void {
    const { plan, schedule } = this.#world;
    const { awayMs = 0, givesUp = false } = plan.turns.rollback ?? {};
    const isTime = schedule.nowMs - sinceMs >= awayMs;
    if (isTime && !givesUp) return goOn();
    if (schedule.nowMs - this.#triedAbortMs < TRY_ABORT_MS) return;
    this.#triedAbortMs = schedule.nowMs;
    this.#declare('abort', null, (result) => {
      if (!result.ok) return;
      this.#aborted();
      end();
    });
  }

  #went(then: () => void): true {
    const { issuer, plan, schedule, story } = this.#world;
    this.#isDone = true;
    for (const at of issuer.switchAtMs.keys()) {
      const delayMs = at === 0 ? 0 : this.#chance.between(0, plan.switchSpreadMs);
      schedule.after(delayMs, () => {
        if (this.#world.switchDeclaredMs === Infinity) issuer.switchAtMs[at] = Infinity;
      });
    }
    this.#world.switchDeclaredMs = Infinity;
    this.#world.rolledBackMs = schedule.nowMs;
    story.tell('people', `switch the signer back to ${issuer.oldKey.kid}`);
    then();
    return true;
  }

  /** With the rotation nobody is told any more to keep the new key published. */
  #aborted(): void {
    const { oracle, plan, schedule, lostDisk } = this.#world;
    const aliveMs = oracle.newTokens.promisedUntilMs({
      signedUntilMs: this.#world.rolledBackMs + plan.skewMs,
      lifetimeMs: this.#world.promised().lifetimeMs,
    });
    if (aliveMs <= schedule.nowMs) return;
    if (lostDisk) return this.#world.excuse('a collector without its disk forgot a rollback');
    this.#world.violate(
      'abort',
      `taken although new tokens live for ${Math.round((aliveMs - schedule.nowMs) / 1_000)} s`,
    );
  }

  #declare(
    step: 'rollback' | 'abort',
    overrideReason: string | null,
    then: (result: ActResult) => void,
  ): void {
    this.#desk.act(
      { type: 'declare', by: 'ada', rotationId: this.#rotation, step, overrideReason },
      then,
    );
  }
}
