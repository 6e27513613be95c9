import type { Check, Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Test } from 'tap';
import type { Policy, ServicePolicy } from '../../src/core/policy.ts';
import type { TestVerifier } from './world.ts';
import { NEW, OLD, policyOf, serviceOf } from './policies.ts';
import { reading } from './reading.ts';
import { blockers, World } from './world.ts';

/** A world with one rotation, at the point that a table of situations starts from. */
export interface Rotating {
  readonly world: World;
  readonly id: string;
  /** The instances of service `orders`, if it is there. */
  readonly a: TestVerifier;
  readonly b: TestVerifier;
  readonly switchedAtMs: number;
}

export interface RotatingOptions {
  readonly services?: readonly ServicePolicy[];
  readonly policy?: Partial<Policy>;
  /** How far the rotation has come. */
  readonly until?: 'started' | 'published' | 'known' | 'switched' | 'retired';
}

export const ORDERS = serviceOf('orders', { instances: 2 });

/** Two instances of `orders`, heard for longer than the hold-down, and a rotation old → new. */
export function rotating(options: RotatingOptions = {}): Rotating {
  const { services = [], until = 'known' } = options;
  const world = new World(policyOf([ORDERS, ...services], options.policy));
  world.sight();
  world.sight();
  const a = world.join('orders', 'a');
  const b = world.join('orders', 'b');
  for (const verifier of [a, b]) verifier.report({ keys: [OLD] });
  world.pass(60_000);
  const id = world.start();
  const rotation: Rotating = { world, id, a, b, switchedAtMs: 0 };
  if (until === 'started') return rotation;
  world.served = [OLD, NEW];
  world.pass(30_000);
  if (until === 'published') return rotation;
  for (const verifier of [a, b]) verifier.report({ keys: [OLD, NEW] });
  if (until === 'known') return rotation;
  world.declare(id, 'activate', 'the table says so');
  const switchedAtMs = world.atMs;
  const iatS = switchedAtMs / 1_000;
  for (const verifier of [a, b]) {
    verifier.report({
      keys: [OLD, NEW],
      counts: [
        { kid: 'old', outcomes: { ok: 10 }, iatS: iatS - 60, lifetimeS: 300 },
        { kid: 'new', outcomes: { ok: 1 }, iatS, lifetimeS: 300 },
      ],
    });
  }
  if (until === 'retired') {
    world.served = [NEW];
    world.pass(30_000);
    for (const verifier of [a, b]) verifier.report({ ...verifier.said, keys: [NEW] });
  }
  return { ...rotation, switchedAtMs };
}

/** One situation of a gate. */
export interface Situation {
  readonly name: string;
  readonly from?: RotatingOptions;
  /** What happens; a number is a moment that a check should clear at. */
  readonly given: (rotating: Rotating) => number | void;
  /** Another rotation than the first. */
  readonly asks?: string;
  readonly status: Verdict['status'];
  /** `check:status`, of everything that does not pass. */
  readonly blocked?: readonly string[];
  /** What one check says. */
  readonly check?: {
    readonly id: string;
    readonly class?: Check['class'];
    readonly message?: RegExp;
    readonly offenders?: readonly string[];
    readonly offenderCount?: number;
    readonly help?: RegExp;
    readonly clears?: boolean;
  };
  /** Every word of some checks, in the order of the verdict; by default of those that do not pass. */
  readonly reads?: {
    readonly of?: readonly string[] | 'all';
    readonly lines: readonly string[];
  };
}

/** Runs a table: one test per situation, with what a reader of the verdict sees. */
export function gateTable(t: Test, gate: Gate, situations: readonly Situation[]): void {
  for (const situation of situations) {
    void t.test(`${gate}: ${situation.name}`, (t) => {
      const rotation = rotating(situation.from);
      const clearsAtMs = situation.given(rotation);
      const verdict = rotation.world.gate(situation.asks ?? rotation.id, gate);
      t.equal(verdict.status, situation.status);
      t.same(blockers(verdict), situation.blocked ?? []);
      if (situation.check !== undefined) see(t, verdict, situation.check);
      const { reads } = situation;
      if (reads !== undefined) t.same(reading(verdict, reads.of), reads.lines);
      if (typeof clearsAtMs === 'number') t.equal(verdict.clearsAtMs, clearsAtMs);
      t.end();
    });
  }
}

function see(t: Test, verdict: Verdict, expected: NonNullable<Situation['check']>): void {
  const check = verdict.checks.find((found) => found.id === expected.id);
  if (check === undefined) {
    t.fail(`no check ${expected.id}`);
    return;
  }
  if (expected.class !== undefined) t.equal(check.class, expected.class);
  if (expected.message !== undefined) t.match(check.message, expected.message);
  if (expected.help !== undefined) t.match(check.help, expected.help);
  if (expected.clears !== undefined) t.equal(check.clearsAtMs !== null, expected.clears);
  if (expected.offenders !== undefined) {
    const shown = check.offenders.map(
      ({ service, instance, cache, state }) =>
        `${[service, instance, cache].filter((part) => part !== '').join('/')} ${state}`,
    );
    t.same(shown, expected.offenders);
    t.equal(check.offenderCount, expected.offenderCount ?? shown.length);
  }
}
