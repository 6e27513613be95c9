import fc from 'fast-check';
import t from 'tap';
import type { ServicePolicy } from '../../src/core/policy.ts';
import { NEW } from '../support/policies.ts';
import type { Happening, Keys } from '../support/mixed-fleet.ts';
import { anyService, happenings, MixedFleet, tiers } from '../support/mixed-fleet.ts';

// Fleets of every kind, and whatever may happen to them.

const RUNS = 60;

/** The old key leaves the JWKS. */
const GONE: Happening = { what: 'serve', keys: 'new' };

const fleet = fc
  .integer({ min: 1, max: 4 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, at) => anyService(`s${at}`))));

const story = fleet.chain((services) =>
  fc.record({ services: fc.constant(services), events: happenings(services.length), tiers }),
);

/** When the share that must be covered has had its time after a publication; never: no such share. */
function boundMs({ population }: ServicePolicy, tierMs: number, safetyMs: number): number {
  const { cohorts = [], coverPercentile = 0 } = population ?? {};
  const enough = cohorts.filter(({ percentile }) => percentile >= coverPercentile);
  return Math.min(...enough.map(({ withinMs }) => withinMs)) + tierMs + safetyMs;
}

t.test('activate is never open before every required population had its time', (t) => {
  const seen = { open: 0, populations: 0 };
  fc.assert(
    fc.property(story, ({ services, events, tiers: { policy, tierMs } }) => {
      const mixed = new MixedFleet(services, policy);
      const { world } = mixed;
      const populations = services.filter((one) => one.required && one.population !== null);
      // Not before the first of the readings in a row that had the key.
      let servedSinceMs = world.atMs - 60_000;
      for (const event of events) {
        const had = world.served.includes(NEW);
        if (event.what === 'serve' && (event.keys === 'old' || !had)) servedSinceMs = world.atMs;
        mixed.happen(event);
        if (!mixed.isOpen('activate')) continue;
        seen.open += 1;
        for (const population of populations) {
          seen.populations += 1;
          const readyAtMs =
            servedSinceMs + boundMs(population, tierMs, world.policy.publishSafetyMs);
          if (world.now().earliestMs < readyAtMs) {
            throw new Error(`open ${readyAtMs - world.atMs} ms before ${population.name}`);
          }
        }
      }
    }),
    { numRuns: RUNS },
  );
  t.comment(JSON.stringify(seen));
  t.ok(seen.populations > 0, 'not for want of open gates');
  t.end();
});

t.test('a required service more never opens a gate', (t) => {
  const extended = story.chain(({ services, events, tiers: how }) =>
    fc.record({
      services: fc.constant(services),
      tiers: fc.constant(how),
      more: anyService('more').map((one) => ({ ...one, required: true })),
      // What happens to it, each after as many of the others.
      its: fc.array(fc.tuple(fc.nat(events.length), happenings(1)), { maxLength: 3 }),
      events: fc.constant(events),
    }),
  );
  const seen = { open: 0, openWithout: 0 };
  fc.assert(
    fc.property(extended, ({ services, events, tiers: how, more, its }) => {
      // With nobody to ask, nothing is known: that is no gate a service more could have opened.
      fc.pre(services.some(({ required }) => required));
      const without = new MixedFleet(services, how.policy);
      const withMore = new MixedFleet([...services, more], how.policy);
      for (const [at, event] of events.entries()) {
        without.happen(event);
        withMore.happen(event);
        for (const [place, own] of its) {
          if (place !== at) continue;
          for (const one of own) {
            if (one.what === 'pass' || one.what === 'serve') continue;
            withMore.happen({ ...one, service: services.length });
          }
        }
        for (const gate of ['activate', 'purge'] as const) {
          const open = withMore.isOpen(gate);
          seen.open += Number(open);
          seen.openWithout += Number(without.isOpen(gate));
          if (open && !without.isOpen(gate)) throw new Error(`${gate} opened by ${more.kind}`);
        }
      }
    }),
    { numRuns: RUNS },
  );
  t.comment(JSON.stringify(seen));
  t.ok(seen.open > 0 && seen.openWithout > seen.open);
  t.end();
});

for (const gate of ['activate', 'purge'] as const) {
  t.test(`${gate}: evidence that is taken away opens nothing`, (t) => {
    const thinned = story.chain(({ services, events, tiers: how }) =>
      fc.record({
        services: fc.constant(services),
        tiers: fc.constant(how),
        events: fc.constant(events),
        taken: fc.array(fc.constantFrom<Taken>('keep', 'keep', 'lose', 'weaken'), {
          minLength: events.length,
          maxLength: events.length,
        }),
      }),
    );
    const seen = { open: 0, openWithAll: 0 };
    fc.assert(
      fc.property(thinned, ({ services, events, tiers: how, taken }) => {
        const full = new MixedFleet(services, how.policy);
        const thin = new MixedFleet(services, how.policy);
        if (gate === 'purge') for (const one of [full, thin]) one.happen(GONE);
        for (const [at, event] of events.entries()) {
          full.happen(event);
          less(thin, gate, event, taken[at] ?? 'keep');
          const open = thin.isOpen(gate);
          seen.open += Number(open);
          seen.openWithAll += Number(full.isOpen(gate));
          if (open && !full.isOpen(gate)) throw new Error('open for want of evidence');
        }
      }),
      { numRuns: RUNS },
    );
    t.comment(JSON.stringify(seen));
    t.ok(seen.openWithAll > seen.open, 'something was taken that counted');
    t.end();
  });
}

type Taken = 'keep' | 'lose' | 'weaken';

/** The same with less to go by: the process is there, and what speaks for the gate is not. */
function less(thin: MixedFleet, gate: 'activate' | 'purge', event: Happening, taken: Taken): void {
  if (taken === 'keep') {
    thin.happen(event);
    return;
  }
  if (event.what === 'attest') return;
  if (event.what !== 'report' || !speaksFor(gate, event.keys)) {
    thin.happen(event);
    return;
  }
  thin.join(event.service, event.at);
  if (taken === 'weaken') thin.happen({ ...event, keys: gate === 'activate' ? 'old' : 'both' });
}

function speaksFor(gate: 'activate' | 'purge', keys: Keys): boolean {
  return gate === 'activate' ? keys !== 'old' : keys === 'new';
}
