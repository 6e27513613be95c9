import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { AlertRecord } from '../../src/core/alerts/alert.ts';
import { NEW, OLD, policyOf, serviceOf } from './policies.ts';
import { type TestVerifier, World } from './world.ts';

/** Tokens by outcome. */
export type Counts = Partial<Record<Outcome, number>>;

/** What one verifier has counted, by kid; null: tokens without one, undefined: other kids. */
export class Counting {
  readonly #counts = new Map<string | null | undefined, Counts>();
  verifier: TestVerifier;

  constructor(verifier: TestVerifier) {
    this.verifier = verifier;
  }

  count(kid: string | null | undefined, more: Counts): this {
    const counts = this.#counts.get(kid) ?? {};
    for (const [outcome, times] of Object.entries(more) as [Outcome, number][]) {
      counts[outcome] = (counts[outcome] ?? 0) + times;
    }
    this.#counts.set(kid, counts);
    return this;
  }

  report(): void {
    const counts = [...this.#counts].map(([kid, outcomes]) => ({ kid, outcomes: { ...outcomes } }));
    const ack = this.verifier.report({ ...this.verifier.said, counts });
    if (ack.result !== 'applied') throw new Error(ack.reason);
  }
}

/** One service, past its hold-down, whose verifiers all hold both keys. */
export function worldOf(instances = 2): { world: World; all: Counting[] } {
  const world = new World(policyOf([serviceOf('orders', { instances })]));
  world.sight();
  world.sight();
  const all = Array.from(
    { length: instances },
    (_, i) => new Counting(world.join('orders', `i${i}`)),
  );
  for (const one of all) one.verifier.report({ keys: [OLD, NEW] });
  // Past the hold-down, with a little of a usual day.
  world.pass(60_000);
  return { world, all };
}

/** Lets seconds pass in which every verifier counts and reports. */
export function seconds(world: World, n: number, each: (second: number) => void): void {
  for (let second = 0; second < n; second += 1) {
    world.atMs += 1_000;
    each(second);
    if (second % 10 === 0) world.sight();
    world.take({ type: 'tick' });
  }
}

/** All alerts of one name, over or not. */
export function alertsOf(world: World, name = 'VerificationFailures'): AlertRecord[] {
  return [...world.state.alerts.values()].filter((alert) => alert.name === name);
}

/** The labels of those that go on. */
export const firing = (world: World, name?: string): string[] =>
  alertsOf(world, name)
    .filter(({ status }) => status === 'firing' || status === 'no_data')
    .map(({ labels }) => Object.values(labels).join(' '));
