import { MOBILE } from '../../support/acts.ts';
import { issuerOf, ISSUER, NEW, OLD, serviceOf, VANTAGE } from '../../support/policies.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { checkOf } from '../../support/world.ts';
import t from 'tap';

const planned = (plannedLeadMs: number, sharedCachesMs = 0) => ({
  until: 'started' as const,
  policy: { issuers: new Map([[ISSUER, issuerOf({ plannedLeadMs, sharedCachesMs })]]) },
});

const SITUATIONS: readonly Situation[] = [
  {
    name: 'the header outlives the plan',
    from: planned(600_000),
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 500, staleS: 101 }),
    status: 'closed',
    blocked: ['cache_lead:fail'],
    check: {
      id: 'cache_lead',
      class: 'policy',
      message:
        /keep the JWKS of https:\/\/issuer\.test\/jwks for 601 s, longer than the 600 s planned/,
      help: /issuers\[\]\.planned_lead/,
      clears: false,
    },
  },
  {
    name: 'to the second',
    from: planned(600_000),
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 500, staleS: 100 }),
    status: 'open',
    check: {
      id: 'cache_lead',
      message: /at most 600 s, within the planned 600 s; the issuer lets/,
    },
  },
  {
    name: 'shared caches were declared for as long',
    from: planned(600_000, 600_000),
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 600 }),
    status: 'open',
    check: { id: 'cache_lead', message: /at most 600 s, within the planned 600 s$/ },
  },
  {
    name: 'the header was lowered a moment ago: copies live on, and it says until when',
    from: planned(600_000),
    given: ({ world }) => {
      world.sight(world.served, undefined, { maxAgeS: 3_600 });
      const untilMs = world.atMs + 3_600_000;
      world.pass(60_000);
      return untilMs;
    },
    status: 'closed',
    blocked: ['cache_lead:fail'],
    check: { id: 'cache_lead', message: /as it was served before for 3600 s/, clears: true },
  },
  {
    name: 'no plan, nothing to contradict',
    from: { until: 'started' },
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 86_400 }),
    status: 'open',
    check: { id: 'cache_lead', message: /no time .* is planned; the issuer lets .* 86400 s/ },
  },
];

gateTable(t, 'publish', SITUATIONS);

t.test('after a restart it is not known until every address was read', async (t) => {
  const { world, id } = rotating(planned(600_000));
  world.restart();
  t.match(checkOf(world.gate(id, 'publish'), 'cache_lead'), { status: 'unknown' });
  world.sight();
  t.match(checkOf(world.gate(id, 'publish'), 'cache_lead'), { status: 'pass' });
});

const LEAD = { of: ['cache_lead'] };
const declaring = (sharedCachesMs: number) => new Map([[ISSUER, issuerOf({ sharedCachesMs })]]);
const MESH = serviceOf('mesh', { evidence: 'timed', instances: null });

gateTable(t, 'publish', [
  {
    name: 'reads: no plan, and caches may keep it longer than was declared',
    from: { until: 'started' },
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 300 }),
    status: 'open',
    reads: {
      ...LEAD,
      lines: [
        'pass policy cache_lead: no time between publication and switch is planned; the issuer lets caches keep its JWKS for 300 s, more than the 0 s of shared_caches',
      ],
    },
  },
  {
    name: 'reads: no plan, no cache',
    from: { until: 'started' },
    given: () => undefined,
    status: 'open',
    reads: {
      ...LEAD,
      lines: ['pass policy cache_lead: no time between publication and switch is planned'],
    },
  },
  {
    name: 'reads: within the plan',
    from: planned(600_000, 300_000),
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 300 }),
    status: 'open',
    reads: {
      ...LEAD,
      lines: [
        'pass policy cache_lead: caches keep the JWKS for at most 300 s, within the planned 600 s',
      ],
    },
  },
  {
    name: 'reads: beyond the plan',
    from: planned(600_000),
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 601 }),
    status: 'closed',
    blocked: ['cache_lead:fail'],
    reads: {
      ...LEAD,
      lines: [
        'fail policy cache_lead: caches may keep the JWKS of https://issuer.test/jwks for 601 s, longer than the 600 s planned between publication and switch; the issuer lets caches keep its JWKS for 601 s, more than the 0 s of shared_caches | help: lower max-age and stale-* of the JWKS, or raise issuers[].planned_lead in the collector settings',
      ],
    },
  },
  {
    name: 'reads: beyond the plan until lately',
    from: planned(600_000),
    given: ({ world }) => {
      world.sight(world.served, undefined, { maxAgeS: 3_600 });
      world.pass(60_000);
    },
    status: 'closed',
    blocked: ['cache_lead:fail'],
    reads: {
      ...LEAD,
      lines: [
        'fail policy cache_lead: caches may keep the JWKS as it was served before for 3600 s, longer than the 600 s planned between publication and switch; the issuer lets caches keep its JWKS for 3600 s, more than the 0 s of shared_caches | clears 01:01:00Z | help: lower max-age and stale-* of the JWKS, or raise issuers[].planned_lead in the collector settings',
      ],
    },
  },
  {
    name: 'reads: a plan, and the JWKS cannot be read',
    from: planned(600_000),
    given: ({ world }) => world.sightFailure(),
    status: 'closed',
    blocked: ['jwks_healthy:fail', 'clock_agrees:unknown', 'cache_lead:unknown'],
    reads: {
      ...LEAD,
      lines: [
        'unknown policy cache_lead: how long caches may keep the JWKS has not been seen | help: keyturn doctor',
      ],
    },
  },
] satisfies readonly Situation[]);

gateTable(t, 'publish', [
  {
    name: 'reads: what was declared of shared caches is less',
    from: { until: 'started', policy: { issuers: declaring(60_000) } },
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 300 }),
    status: 'open',
    reads: {
      ...LEAD,
      lines: [
        'pass policy cache_lead: no time between publication and switch is planned; the issuer lets caches keep its JWKS for 300 s, more than the 60 s of shared_caches',
      ],
    },
  },
  {
    name: 'reads: copies within the plan are waited for by nobody, however late they end',
    from: planned(600_000),
    given: ({ world }) => {
      world.sight(world.served, undefined, { maxAgeS: 601 });
      const untilMs = world.atMs + 601_000;
      world.answered = { maxAgeS: 600 };
      world.pass(120_000);
      return untilMs;
    },
    status: 'closed',
    blocked: ['cache_lead:fail'],
  },
] satisfies readonly Situation[]);

gateTable(t, 'purge', [
  {
    name: 'reads: the wait for caches to drop the key says why it is longer',
    from: { until: 'switched', services: [MESH] },
    given: ({ world, a, b }) => {
      world.answered = { maxAgeS: 300 };
      world.pass(15_000);
      world.served = [NEW];
      world.pass(30_000);
      for (const verifier of [a, b]) verifier.report({ ...verifier.said, keys: [NEW] });
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    check: { id: 'drop_time_elapsed', message: /; the issuer lets caches keep its JWKS for 300 s/ },
  },
] satisfies readonly Situation[]);

gateTable(t, 'activate', [
  {
    name: 'reads: so does the wait of a population',
    from: { services: [MOBILE] },
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 300 }),
    status: 'closed',
    blocked: ['population_covered:fail'],
    check: {
      id: 'population_covered',
      message: /; the issuer lets caches keep its JWKS for 300 s/,
    },
  },
  {
    name: 'reads: time rules say why they wait for longer',
    from: { services: [MESH] },
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 300 }),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    reads: {
      of: ['time_elapsed', 'population_covered'],
      lines: [
        'fail time time_elapsed: 1 service judged by time may lack the new key until 00:08:30Z; the issuer lets caches keep its JWKS for 300 s, more than the 0 s of shared_caches | since 00:01:30Z | clears 00:08:30Z',
        '  mesh timed since 00:01:30Z: instrumented, profile test-profile: may lack the new key until 00:08:30Z',
        'pass time population_covered: no population is unmanaged',
      ],
    },
  },
  {
    name: 'reads: and not where what was declared is more',
    from: {
      services: [MESH],
      policy: { issuers: new Map([[ISSUER, issuerOf({ sharedCachesMs: 300_000 })]]) },
    },
    given: ({ world }) => world.sight(world.served, undefined, { maxAgeS: 300 }),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    reads: {
      of: ['time_elapsed'],
      lines: [
        'fail time time_elapsed: 1 service judged by time may lack the new key until 00:08:30Z | since 00:01:30Z | clears 00:08:30Z',
        '  mesh timed since 00:01:30Z: instrumented, profile test-profile: may lack the new key until 00:08:30Z',
      ],
    },
  },
] satisfies readonly Situation[]);

const REPLICA = 'https://replica.test/jwks';

t.test('of several addresses the one is named whose answer may be kept too long', (t) => {
  const issuer = issuerOf({ plannedLeadMs: 600_000, vantages: [VANTAGE, REPLICA] });
  const { world, id } = rotating({
    until: 'started',
    policy: { issuers: new Map([[ISSUER, issuer]]) },
  });
  const lead = () => checkOf(world.gate(id, 'publish'), 'cache_lead');
  t.match(lead(), { status: 'unknown' }, 'the replica was not read');
  world.sight([OLD], REPLICA, { maxAgeS: 3_600 });
  const untilMs = world.atMs + 3_600_000;
  t.match(lead(), { status: 'fail', message: /of https:\/\/replica\.test\/jwks for/ });
  t.equal(lead().clearsAtMs, null, 'such copies are still made');
  world.atMs += 1_000;
  world.sight([OLD], REPLICA, { maxAgeS: 700 });
  t.equal(lead().clearsAtMs, null);
  world.sight([OLD], REPLICA, { maxAgeS: 600 });
  t.match(lead(), { status: 'fail', message: /as it was served before for 3600 s/ });
  t.equal(lead().clearsAtMs, untilMs, 'the copy that lives longest, not the one made last');
  world.sightFailure('expected status 200, got 500', REPLICA);
  t.match(lead(), { status: 'unknown' });
  t.end();
});
