import fc from 'fast-check';
import type { ServiceKind } from '../../src/core/kinds.ts';
import type { Policy, ServicePolicy } from '../../src/core/policy.ts';
import { ISSUER, issuerOf, NEW, OLD, policyOf, profileOf, serviceOf } from './policies.ts';
import type { TestVerifier } from './world.ts';
import { World } from './world.ts';

const MINUTE_MS = 60_000;

/** What the random part of a population was made of, for whoever judges by a way of their own. */
export interface CohortPlan {
  readonly percentile: number;
  readonly withinMs: number;
}

/** Shares of a population that rise, with times that never fall. */
export const cohorts: fc.Arbitrary<readonly CohortPlan[]> = fc
  .array(
    fc.record({
      percentile: fc.integer({ min: 1, max: 1_000 }),
      withinMs: fc.integer({ min: 1, max: 20 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((steps) => {
    const percentiles = [...new Set(steps.map(({ percentile }) => percentile / 10))];
    const rising = percentiles.sort((a, b) => a - b);
    let withinMs = 0;
    return rising.map((percentile, at) => {
      withinMs += (steps[at]?.withinMs ?? 1) * MINUTE_MS;
      return { percentile, withinMs };
    });
  });

const INSTANCES = { instances: 1, instancesMax: null } as const;
const RANGE = { instances: 1, instancesMax: 3 } as const;
const UNCOUNTED = { instances: null, instancesMax: null } as const;

/** A service of any kind, with whatever its settings may ask of it. */
export const anyService = (name: string): fc.Arbitrary<ServicePolicy> =>
  fc
    .record({
      kind: fc.constantFrom<ServiceKind>(
        'instrumented',
        'proxied',
        'attested',
        'static',
        'managed',
        'unmanaged',
        'unmanaged',
      ),
      required: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
      count: fc.constantFrom(INSTANCES, RANGE, UNCOUNTED),
      cohorts,
      coverPercentile: fc.integer({ min: 1, max: 1_000 }).map((n) => n / 10),
      dropsWithRefresh: fc.boolean(),
      bounded: fc.boolean(),
    })
    .map(({ kind, required, count, bounded, ...population }) => {
      const boundS = bounded ? 60 : null;
      const profile = profileOf({
        newKidRefusedS: boundS,
        removedKeyAcceptedS: boundS,
        staticKeys: kind === 'static',
      });
      const part = { kind, required, profile };
      switch (kind) {
        case 'unmanaged':
          return serviceOf(name, { ...part, ...UNCOUNTED, evidence: 'timed', population });
        case 'managed':
          return serviceOf(name, {
            ...part,
            ...UNCOUNTED,
            evidence: bounded ? 'timed' : 'attested',
          });
        case 'attested':
        case 'static':
          return serviceOf(name, { ...part, ...UNCOUNTED, evidence: 'attested' });
        case 'proxied':
          return serviceOf(name, { ...part, ...count, evidence: 'served' });
        case 'instrumented':
        case 'pushed':
          return serviceOf(name, { ...part, ...count, evidence: 'present' });
      }
    });

/** One thing that happens to a service, by the place of the service in the settings. */
export type Happening =
  | { readonly what: 'report'; readonly service: number; readonly at: number; readonly keys: Keys }
  | { readonly what: 'crash' | 'goodbye'; readonly service: number; readonly at: number }
  | {
      readonly what: 'attest';
      readonly service: number;
      readonly fact: 'holds_new' | 'rejects_old';
      readonly validForMs: number;
    }
  | { readonly what: 'pass'; readonly ms: number }
  | { readonly what: 'serve'; readonly keys: Keys };

export type Keys = 'old' | 'both' | 'new';

const HELD = { old: [OLD], both: [OLD, NEW], new: [NEW] } as const;

const keys = fc.constantFrom<Keys>('old', 'both', 'both', 'both', 'new', 'new');

/** Leans towards what brings a rotation on, so that gates do open. */
export const happenings = (services: number): fc.Arbitrary<Happening[]> => {
  const service = fc.nat(services - 1);
  const at = fc.nat(2);
  const one: fc.Arbitrary<Happening> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ what: fc.constant('report' as const), service, at, keys }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constantFrom('crash' as const, 'goodbye' as const),
        service,
        at,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        what: fc.constant('attest' as const),
        service,
        fact: fc.constantFrom('holds_new' as const, 'rejects_old' as const),
        validForMs: fc.constantFrom(2 * MINUTE_MS, 1_000 * MINUTE_MS),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        what: fc.constant('pass' as const),
        ms: fc.constantFrom(20_000, MINUTE_MS, 5 * MINUTE_MS, 40 * MINUTE_MS),
      }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('serve' as const), keys }) },
  );
  const settled = keys.map((held) =>
    Array.from({ length: services }, (_, place) => settling(place, held)).flat(),
  );
  const some = fc.oneof(
    { weight: 8, arbitrary: one.map((only) => [only]) },
    { weight: 2, arbitrary: settled },
  );
  return fc.array(some, { minLength: 4, maxLength: 25, size: 'max' }).map((parts) => parts.flat());
};

/** One service does what can be asked of it. */
function settling(service: number, held: Keys): Happening[] {
  const validForMs = 1_000 * MINUTE_MS;
  return [
    { what: 'report', service, at: 0, keys: held },
    { what: 'attest', service, fact: 'holds_new', validForMs },
    { what: 'attest', service, fact: 'rejects_old', validForMs },
  ];
}

/** A world of these services with one rotation; happenings are told to the real core. */
export class MixedFleet {
  readonly world: World;
  readonly id: string;
  readonly services: readonly ServicePolicy[];
  readonly #verifiers = new Map<string, TestVerifier>();

  constructor(services: readonly ServicePolicy[], tiers: Partial<Policy> = {}) {
    this.services = services;
    this.world = new World(policyOf(services, tiers));
    this.world.pass(MINUTE_MS);
    this.id = this.world.start();
    this.world.served = HELD.both;
    this.world.pass(MINUTE_MS);
    this.world.declare(this.id, 'activate', 'gate purge asks for it');
  }

  happen(happening: Happening): void {
    const { world } = this;
    switch (happening.what) {
      case 'report':
        this.#verifier(happening.service, happening.at).report({ keys: HELD[happening.keys] });
        return;
      case 'crash':
      case 'goodbye': {
        const key = `${happening.service}/${happening.at}`;
        const verifier = this.#verifiers.get(key);
        if (happening.what === 'crash') verifier?.crash();
        else verifier?.goodbye();
        this.#verifiers.delete(key);
        return;
      }
      case 'attest': {
        const { fact, validForMs } = happening;
        world.attest(this.id, this.services[happening.service]?.name ?? '', { fact, validForMs });
        return;
      }
      case 'pass':
        world.pass(happening.ms);
        return;
      case 'serve':
        world.served = HELD[happening.keys];
        world.pass(MINUTE_MS);
    }
  }

  /** It says hello and holds nothing new; a process that runs is left as it is. */
  join(service: number, at: number): void {
    void this.#verifier(service, at);
  }

  isOpen(gate: 'activate' | 'purge'): boolean {
    return this.world.gate(this.id, gate).status === 'open';
  }

  #verifier(service: number, at: number): TestVerifier {
    const key = `${service}/${at}`;
    let verifier = this.#verifiers.get(key);
    if (verifier === undefined) {
      const { name = '', kind } = this.services[service] ?? {};
      const source = kind === 'proxied' ? 'proxy' : 'in_process';
      verifier = this.world.join(name, `i${at}`, { source });
      this.#verifiers.set(key, verifier);
    }
    return verifier;
  }
}

/** Tiers before every cache, and what they add up to, milliseconds. */
export const tiers = fc
  .record({ spread: fc.nat(3), shared: fc.nat(5) })
  .map(({ spread, shared }) => ({
    tierMs: (spread + shared) * MINUTE_MS,
    policy: {
      issuers: new Map([
        [
          ISSUER,
          issuerOf({ originSpreadMs: spread * MINUTE_MS, sharedCachesMs: shared * MINUTE_MS }),
        ],
      ]),
    },
  }));
