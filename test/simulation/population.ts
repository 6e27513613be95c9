import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { Chance } from './chance.ts';
import type { Issuer } from './issuer.ts';
import type { Schedule } from './schedule.ts';
import type { PopulationPlan } from './turns.ts';

const MEMBERS = 50;
/** Between two tries while the endpoint fails. */
const RETRY_MS = 5_000;

interface Member {
  readonly everyMs: number;
  /** Since when it cannot verify the new key, or accepts the old one; null: not so. */
  lacksNewSinceMs: number | null;
  trustsOldSinceMs: number | null;
}

/** Verifiers nobody sees: each replaces its keys at its own pace, drawn from what was declared. */
export class Population {
  readonly #plan: PopulationPlan;
  readonly #schedule: Schedule;
  readonly #issuer: Issuer;
  readonly #chance: Chance;
  readonly #members: Member[];

  constructor(plan: PopulationPlan, seed: number, schedule: Schedule, issuer: Issuer) {
    this.#plan = plan;
    this.#schedule = schedule;
    this.#issuer = issuer;
    this.#chance = new Chance(seed, 'population');
    this.#members = Array.from({ length: MEMBERS }, (_, at) => ({
      everyMs: this.#paceOf((100 * (at + 1)) / MEMBERS),
      lacksNewSinceMs: 0,
      trustsOldSinceMs: 0,
    }));
  }

  start(): void {
    for (const member of this.#members) {
      this.#schedule.after(this.#chance.between(0, member.everyMs), () => this.#refresh(member));
    }
  }

  /** The longest any member takes to refresh. */
  get slowestMs(): number {
    return Math.max(...this.#members.map(({ everyMs }) => everyMs));
  }

  /** Members that could not verify the new key at any moment since then, per cent. */
  lackNewPercent(sinceMs: number): number {
    return this.#percent(({ lacksNewSinceMs }) => (lacksNewSinceMs ?? Infinity) <= sinceMs);
  }

  /** Members that accepted the old key at every moment since then, per cent. */
  trustOldPercent(sinceMs: number): number {
    return this.#percent(({ trustsOldSinceMs }) => (trustsOldSinceMs ?? Infinity) <= sinceMs);
  }

  /** The declaration is true: so many per cent refresh within the time said of them. */
  #paceOf(percentile: number): number {
    let fromMs = 10_000;
    for (const cohort of this.#plan.cohorts) {
      if (percentile <= cohort.percentile) return this.#chance.between(fromMs, cohort.withinMs);
      fromMs = cohort.withinMs;
    }
    return 4 * fromMs;
  }

  #refresh(member: Member): void {
    const latencyMs = this.#chance.between(10, 150);
    this.#issuer.fetch(
      this.#plan.edge,
      (fetched) => {
        if (fetched.ok) this.#take(member, fetched.document.keys);
        const nextMs = fetched.ok ? member.everyMs - latencyMs : RETRY_MS;
        this.#schedule.after(nextMs, () => this.#refresh(member));
      },
      latencyMs,
    );
  }

  #take(member: Member, keys: readonly KeyRef[]): void {
    const holds = ({ thumbprint }: KeyRef): boolean =>
      keys.some((key) => key.thumbprint === thumbprint);
    const { nowMs } = this.#schedule;
    member.lacksNewSinceMs = holds(this.#issuer.newKey) ? null : (member.lacksNewSinceMs ?? nowMs);
    member.trustsOldSinceMs = holds(this.#issuer.oldKey)
      ? (member.trustsOldSinceMs ?? nowMs)
      : null;
  }

  #percent(isSo: (member: Member) => boolean): number {
    return (100 * this.#members.filter(isSo).length) / MEMBERS;
  }
}
