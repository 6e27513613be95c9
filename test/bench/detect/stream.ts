import { Chance } from '../../simulation/chance.ts';
import { type Scene, USUAL_ATTRIBUTABLE, USUAL_RATE } from './scenes.ts';

/** What one second brings, in tokens. */
export interface Second {
  /** Of the old key (or the only one), and of the new key: all, and those refused. */
  old: Arm;
  new: Arm;
  /** Refused tokens of kids nobody published. */
  foreign: number;
  /** Refused, expired tokens of a key that was withdrawn, told as unknown kids. */
  spent: number;
}

export interface Arm {
  tokens: number;
  /** Refused for what a key can cause. */
  attributable: number;
  /** Refused for anything else. */
  other: number;
}

const DAY_S = 86_400;
const WANDER_S = 1_800;
const TAIL_S = 21_600;

/** One scene, second by second; the same for the same seed. */
export class Stream {
  readonly #scene: Scene;
  readonly #chance: Chance;
  readonly #second: Second = {
    old: { tokens: 0, attributable: 0, other: 0 },
    new: { tokens: 0, attributable: 0, other: 0 },
    foreign: 0,
    spent: 0,
  };
  #at = 0;
  #wander = 0;
  #factor = 1;

  constructor(scene: Scene, seed: number) {
    this.#scene = scene;
    this.#chance = new Chance(seed, `${scene.name} ${scene.rate}`);
  }

  /** The next second; `broken`: the share of all tokens that the new key's refusals are. */
  next(broken = 0): Second {
    const { rate, newShare } = this.#scene;
    const share = newShare ?? 0;
    const inDeploy = this.#scene.deploys && this.#at % (DAY_S / 8) < 120;
    const otherRate = Math.min(0.5, USUAL_RATE * this.#wandered() + (inDeploy ? 0.05 : 0));
    this.#fill(this.#second.old, rate * (1 - share), otherRate, USUAL_ATTRIBUTABLE);
    const ofNew = share === 0 ? 0 : broken / share;
    this.#fill(this.#second.new, rate * share, otherRate, USUAL_ATTRIBUTABLE + ofNew);
    // The first token of a process that starts with an empty cache.
    if (this.#scene.deploys && this.#at % (DAY_S / 8) === 1) {
      this.#second.old.tokens += 1;
      this.#second.old.attributable += 1;
    }
    const isAttack = this.#scene.attackers && this.#at % (DAY_S / 2) < 1_800;
    this.#second.foreign = isAttack ? this.#poisson(5 * rate) : 0;
    const tail = this.#scene.expiredTail ? 0.2 * Math.exp(-(this.#at % DAY_S) / TAIL_S) : 0;
    this.#second.spent = this.#poisson(rate * tail);
    this.#at += 1;
    return this.#second;
  }

  #fill(arm: Arm, rate: number, otherRate: number, attributableRate: number): void {
    const ok = this.#poisson(rate * Math.max(0, 1 - otherRate - attributableRate));
    arm.other = this.#poisson(rate * otherRate);
    arm.attributable = this.#poisson(rate * Math.min(1, attributableRate));
    arm.tokens = ok + arm.other + arm.attributable;
  }

  // An AR(1) process of the logarithm, stepped every ten seconds, of mean factor 1.
  #wandered(): number {
    const { wander } = this.#scene;
    if (wander === 0) return 1;
    if (this.#at % 10 !== 0) return this.#factor;
    const keep = Math.exp(-10 / WANDER_S);
    this.#wander = keep * this.#wander + wander * Math.sqrt(1 - keep * keep) * this.#normal();
    this.#factor = Math.exp(this.#wander - (wander * wander) / 2);
    return this.#factor;
  }

  #normal(): number {
    const { next } = this.#chance;
    return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  }

  #poisson(mean: number): number {
    if (mean === 0) return 0;
    if (mean > 12) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.#normal()));
    const limit = Math.exp(-mean);
    let product = this.#chance.next();
    let count = 0;
    while (product > limit) {
      product *= this.#chance.next();
      count += 1;
    }
    return count;
  }
}
