import { issuerOf, ISSUER } from '../../support/policies.ts';
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
