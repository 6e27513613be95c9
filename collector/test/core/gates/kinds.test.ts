import type { Verdict } from '@keyturn/shared/model/verdict.ts';
import t from 'tap';
import type { Cohort, Population } from '../../../src/core/kinds.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import {
  ISSUER,
  issuerOf,
  NEW,
  OLD,
  policyOf,
  profileOf,
  serviceOf,
} from '../../support/policies.ts';
import { blockers, checkOf, World } from '../../support/world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const BOTH = { keys: [OLD, NEW] };
const ENDLESS = profileOf({ id: 'alb', newKidRefusedS: null, removedKeyAcceptedS: null });

function unmanaged(name: string, part: Partial<Population> = {}, required = true) {
  const cohorts: readonly Cohort[] = [
    { percentile: 50, withinMs: MINUTE_MS },
    { percentile: 99.9, withinMs: 10 * MINUTE_MS },
  ];
  return serviceOf(name, {
    kind: 'unmanaged',
    evidence: 'timed',
    instances: null,
    required,
    profile: ENDLESS,
    population: { cohorts, coverPercentile: 99, dropsWithRefresh: true, ...part },
  });
}

const APP = unmanaged('mobile-app');
const STATIC = serviceOf('appliance', {
  kind: 'static',
  evidence: 'attested',
  instances: null,
  profile: profileOf({ staticKeys: true }),
  shippingIntervalMs: 30 * DAY_MS,
});
const GATEWAY = serviceOf('gateway', { kind: 'managed', evidence: 'timed', instances: null });
const ALB = serviceOf('alb', {
  kind: 'managed',
  evidence: 'attested',
  instances: null,
  profile: ENDLESS,
});

const publishedAtMs = (verdict: Verdict): number =>
  checkOf(verdict, 'new_key_published').sinceMs ?? 0;

gateTable(t, 'activate', [
  {
    name: 'a population: not before its covering share had its time',
    from: { services: [APP] },
    given: ({ world, id }) => publishedAtMs(world.gate(id, 'activate')) + 11 * MINUTE_MS,
    status: 'closed',
    blocked: ['population_covered:fail'],
    check: {
      id: 'population_covered',
      class: 'time',
      message:
        /^1 unmanaged population may lack .*; after that 0\.1 % of mobile-app may refuse new/,
      offenders: ['mobile-app unmanaged'],
      clears: true,
    },
  },
  {
    name: 'a population: its covering share had its time, the rest is named',
    from: { services: [APP] },
    given: ({ world }) => world.pass(11 * MINUTE_MS),
    status: 'open',
    check: {
      id: 'population_covered',
      message: /; 0\.1 % of mobile-app may refuse new tokens$/,
      offenders: ['mobile-app uncovered'],
    },
  },
  {
    name: 'a population: the smallest share that is large enough counts',
    from: { services: [unmanaged('mobile-app', { coverPercentile: 50 })] },
    given: ({ world }) => world.pass(2 * MINUTE_MS),
    status: 'open',
    check: { id: 'population_covered', message: /; 50 % of mobile-app may refuse new tokens$/ },
  },
  {
    name: 'a population: no declared share is large enough, however long one waits',
    from: { services: [unmanaged('mobile-app', { coverPercentile: 99.99 })] },
    given: ({ world }) => world.pass(180 * MINUTE_MS),
    status: 'unknown',
    blocked: ['population_covered:unknown'],
    check: {
      id: 'population_covered',
      message: /must be covered to 99\.99 %, and its declared cohorts end at 99\.9 %/,
      offenders: ['mobile-app uncovered'],
      help: /cover_percentile/,
      clears: false,
    },
  },
  {
    name: 'a population without any cohort proves nothing',
    from: { services: [unmanaged('mobile-app', { cohorts: [] })] },
    given: ({ world }) => world.pass(180 * MINUTE_MS),
    status: 'unknown',
    blocked: ['population_covered:unknown'],
  },
  {
    name: 'a population: a bound for all of it leaves nobody out',
    from: {
      services: [unmanaged('mobile-app', { cohorts: [{ percentile: 100, withinMs: MINUTE_MS }] })],
    },
    given: ({ world }) => world.pass(2 * MINUTE_MS),
    status: 'open',
    check: {
      id: 'population_covered',
      message: /^long enough published for 1 unmanaged population$/,
    },
  },
  {
    name: 'a population: long enough by a clock that was set back',
    from: { services: [APP] },
    given: ({ world }) => {
      world.pass(11 * MINUTE_MS);
      world.stepWall(-MINUTE_MS);
    },
    status: 'closed',
    blocked: ['population_covered:fail'],
  },
  {
    name: 'a population: a replica that loses the new key starts the wait anew',
    from: { services: [APP] },
    given: ({ world }) => {
      world.pass(11 * MINUTE_MS);
      world.sight([OLD]);
      world.pass(MINUTE_MS);
    },
    status: 'closed',
    blocked: ['population_covered:fail'],
  },
  {
    name: 'a population: one that reports holds the key, which says nothing of the others',
    from: { services: [APP] },
    given: ({ world }) => void world.join('mobile-app').report(BOTH),
    status: 'closed',
    blocked: ['population_covered:fail'],
  },
  {
    name: 'a population: one that reports and falls silent is not missed, and is told',
    from: { services: [APP] },
    given: ({ world }) => {
      world.join('mobile-app').report(BOTH);
      world.pass(11 * MINUTE_MS, { silent: ['mobile-app/i1'] });
    },
    status: 'open',
    check: {
      id: 'population_covered',
      message: /; somebody reports as mobile-app, which is declared unmanaged: 1 verifier /,
    },
  },
  {
    name: 'a population: long enough, and one reports a fresh set without the new key',
    from: { services: [APP] },
    given: ({ world }) => {
      world.join('mobile-app').report({ keys: [OLD] });
      world.pass(11 * MINUTE_MS);
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    check: { id: 'new_key_known', offenders: ['mobile-app/i1/jwks absent'] },
  },
  {
    name: 'a population that is optional blocks nothing',
    from: { services: [unmanaged('partners', {}, false)] },
    given: () => undefined,
    status: 'open',
  },
  {
    name: 'static: nobody has vouched, and the next shipment is known',
    from: { services: [STATIC] },
    given: ({ world }) => world.pass(180 * MINUTE_MS),
    status: 'closed',
    blocked: ['attested:fail'],
    check: { id: 'attested', offenders: ['appliance unattested'], clears: false },
  },
  {
    name: 'static: time proves nothing, a word does',
    from: { services: [STATIC] },
    given: ({ world, id }) => void world.attest(id, 'appliance'),
    status: 'open',
    check: {
      id: 'attested',
      message: /^1 service vouched for: tester for appliance, expires at 2026-\S+Z$/,
      offenders: ['appliance attested'],
      help: /^$/,
    },
  },
  {
    name: 'managed with a bound: too early',
    from: { services: [GATEWAY] },
    given: ({ world, id }) => publishedAtMs(world.gate(id, 'activate')) + 2 * MINUTE_MS,
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    check: { id: 'time_elapsed', offenders: ['gateway timed'], clears: true },
  },
  {
    name: 'managed with a bound: long enough',
    from: { services: [GATEWAY] },
    given: ({ world }) => world.pass(2 * MINUTE_MS),
    status: 'open',
  },
  {
    name: 'managed with a bound: too early, and a person has looked',
    from: { services: [GATEWAY] },
    given: ({ world, id }) => void world.attest(id, 'gateway'),
    status: 'open',
    check: { id: 'attested', message: /tester for gateway, expires at/ },
  },
  {
    name: 'managed without a bound: however long one waits',
    from: { services: [ALB] },
    given: ({ world }) => world.pass(180 * MINUTE_MS),
    status: 'closed',
    blocked: ['attested:fail'],
  },
  {
    name: 'managed without a bound: a person has looked',
    from: { services: [ALB] },
    given: ({ world, id }) => void world.attest(id, 'alb'),
    status: 'open',
  },
  {
    name: 'attested, not static: a verifier joins with keys baked into its image',
    from: { services: [serviceOf('ledger', { kind: 'attested', evidence: 'attested' })] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      world.join('ledger', 'late').report({ keys: [OLD], dataAgeMs: null });
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    check: { id: 'new_key_known', offenders: ['ledger/late/jwks stale'] },
  },
  {
    name: 'attested: what a proxy has not served for long says nothing of what is behind it',
    from: { services: [serviceOf('ledger', { kind: 'attested', evidence: 'attested' })] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      world
        .join('ledger', 'late', { source: 'proxy' })
        .report({ keys: [OLD], servedAgeMs: DAY_MS });
    },
    status: 'open',
  },
] satisfies readonly Situation[]);

const RETIRED = { until: 'retired' as const };

gateTable(t, 'purge', [
  {
    name: 'a population drops the old key as it refreshes: too early',
    from: { ...RETIRED, services: [APP] },
    given: ({ world, id }) => {
      const verdict = world.gate(id, 'purge');
      return (checkOf(verdict, 'drop_time_elapsed').sinceMs ?? 0) + 10 * MINUTE_MS;
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    check: {
      id: 'drop_time_elapsed',
      message: /^1 unmanaged population may accept old until/,
      offenders: ['mobile-app unmanaged'],
      clears: true,
    },
  },
  {
    name: 'a population: long enough, the rest is named',
    from: { ...RETIRED, services: [APP] },
    given: ({ world }) => world.pass(10 * MINUTE_MS),
    status: 'open',
    check: { id: 'drop_time_elapsed', message: /; 0\.1 % of mobile-app may still accept old$/ },
  },
  {
    name: 'a population whose kind of cache keeps removed keys for ever',
    from: { ...RETIRED, services: [unmanaged('mobile-app', { dropsWithRefresh: false })] },
    given: ({ world }) => world.pass(180 * MINUTE_MS),
    status: 'unknown',
    blocked: ['drop_time_elapsed:unknown'],
    check: {
      id: 'drop_time_elapsed',
      message: /^1 unmanaged population may accept old without any time limit/,
      help: /^keyturn attest mobile-app --rotation r-1 --fact rejects_old/,
    },
  },
  {
    name: 'a population whose removed keys end after a bound of their own',
    from: {
      ...RETIRED,
      services: [
        {
          ...unmanaged('mobile-app', { dropsWithRefresh: false }),
          profile: profileOf({ removedKeyAcceptedS: 3_600 }),
        },
      ],
    },
    given: ({ world }) => world.pass(59 * MINUTE_MS),
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
  },
  {
    name: 'a population without a covering share',
    from: { ...RETIRED, services: [unmanaged('mobile-app', { coverPercentile: 100 })] },
    given: ({ world }) => world.pass(180 * MINUTE_MS),
    status: 'unknown',
    blocked: ['drop_time_elapsed:unknown'],
  },
  {
    name: 'no bound, and somebody vouches that it rejects the old key',
    from: { ...RETIRED, services: [unmanaged('mobile-app', { dropsWithRefresh: false })] },
    given: ({ world, id }) => void world.attest(id, 'mobile-app', { fact: 'rejects_old' }),
    status: 'open',
    check: { id: 'attested', message: /tester for mobile-app/ },
  },
  {
    name: 'an instrumented cache without a bound, and somebody vouches for it',
    from: { ...RETIRED, services: [serviceOf('edge', { profile: ENDLESS })] },
    given: ({ world, id }) => {
      world.join('edge').report({ keys: [], dataAgeMs: null });
      t.equal(checkOf(world.gate(id, 'purge'), 'drop_time_elapsed').status, 'unknown');
      world.attest(id, 'edge', { fact: 'rejects_old' });
    },
    status: 'open',
  },
  {
    name: 'somebody vouches for a cache that holds the old key before everybody’s eyes',
    from: { ...RETIRED, services: [serviceOf('edge', { profile: ENDLESS })] },
    given: ({ world, id }) => {
      world.join('edge').report(BOTH);
      world.attest(id, 'edge', { fact: 'rejects_old' });
    },
    status: 'closed',
    blocked: ['old_key_dropped:fail'],
  },
  {
    name: 'static: nobody vouches that the old key was taken out',
    from: { ...RETIRED, services: [STATIC] },
    given: ({ world, id }) => void world.attest(id, 'appliance'),
    status: 'closed',
    blocked: ['attested:fail'],
  },
] satisfies readonly Situation[]);

t.test('retire asks that a population knows the new key, and no more of it', (t) => {
  const { world, id } = rotating({ until: 'switched', services: [APP] });
  t.equal(checkOf(world.gate(id, 'retire'), 'population_covered').status, 'fail');
  world.pass(12 * MINUTE_MS);
  t.equal(checkOf(world.gate(id, 'retire'), 'population_covered').status, 'pass');
  t.end();
});

t.test('origin spread and every shared cache come before the refresh of a population', (t) => {
  const policy = policyOf([APP], {
    issuers: new Map([[ISSUER, issuerOf({ originSpreadMs: 30_000, sharedCachesMs: 90_000 })]]),
  });
  const world = new World(policy);
  world.pass(MINUTE_MS);
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(30_000);
  const check = checkOf(world.gate(id, 'activate'), 'population_covered');
  t.equal(check.clearsAtMs, (check.sinceMs ?? 0) + 120_000 + 10 * MINUTE_MS + MINUTE_MS);
  world.pass(13 * MINUTE_MS - 31_000);
  t.same(blockers(world.gate(id, 'activate')), ['population_covered:fail']);
  world.pass(31_000);
  t.equal(world.gate(id, 'activate').status, 'open', 'a population is all there is');
  t.end();
});

t.test(
  'an attestation in use says when it ends, warns before, and closes the gate at once',
  (t) => {
    const { world, id } = rotating({ services: [STATIC] });
    world.attest(id, 'appliance', { validForMs: 4_000_000, by: 'ana' });
    const endMs = world.atMs + 4_000_000;
    const attested = () => checkOf(world.gate(id, 'activate'), 'attested');
    t.match(attested(), {
      status: 'pass',
      message: /ana for appliance, expires at 2026-/,
      help: '',
    });
    world.pass(3_000_000 - 1_000);
    t.equal(attested().help, '');
    const before = world.state.revision;
    world.pass(1_000);
    t.match(attested(), {
      status: 'pass',
      message: /; the gate closes then unless somebody vouches again$/,
      help: /^keyturn attest appliance --rotation r-1 --fact holds_new/,
    });
    t.ok(world.state.revision > before, 'whoever watches is told');
    world.pass(endMs - world.atMs - 1_000);
    t.equal(world.gate(id, 'activate').status, 'open');
    world.pass(1_000);
    t.match(world.gate(id, 'activate'), { status: 'closed' });
    t.match(world.store.audit({ limit: 10_000 }).at(-1), { action: 'gate_activate_closed' });
    world.attest(id, 'appliance');
    t.equal(world.gate(id, 'activate').status, 'open');
    t.end();
  },
);

t.test('the longest of several attestations is the one in use', (t) => {
  const { world, id } = rotating({ services: [STATIC] });
  world.attest(id, 'appliance', { by: 'ana', validForMs: DAY_MS });
  world.attest(id, 'appliance', { by: 'ben', validForMs: MINUTE_MS });
  t.match(checkOf(world.gate(id, 'activate'), 'attested').offenders, [{ detail: /^by ana until/ }]);
  world.pass(2 * MINUTE_MS);
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});

t.test('a word about fetched keys is outdated by what happens to the JWKS', (t) => {
  const ledger = serviceOf('ledger', { kind: 'attested', evidence: 'attested', instances: null });
  const { world, id } = rotating({ until: 'switched', services: [ledger, STATIC] });
  const attested = (gate: 'activate' | 'purge') => checkOf(world.gate(id, gate), 'attested');
  for (const fact of ['holds_new', 'rejects_old'] as const) {
    for (const service of ['ledger', 'appliance']) world.attest(id, service, { fact, by: 'ana' });
  }
  t.equal(attested('activate').status, 'pass');
  world.sight([OLD]);
  world.pass(MINUTE_MS);
  t.match(attested('activate'), {
    status: 'fail',
    offenderCount: 1,
    offenders: [{ service: 'ledger', detail: /; the word of ana is older than the publication/ }],
  });
  world.attest(id, 'ledger');
  t.equal(attested('activate').status, 'pass');
  world.served = [NEW];
  world.pass(MINUTE_MS);
  t.match(attested('purge'), {
    offenderCount: 1,
    offenders: [{ service: 'ledger', detail: /; the word of ana is older than the withdrawal/ }],
  });
  world.attest(id, 'ledger', { fact: 'rejects_old' });
  t.equal(attested('purge').status, 'pass');
  t.end();
});

t.test('when the next shipment is due', (t) => {
  const { world, id } = rotating({ until: 'started', services: [STATIC] });
  const detail = () => checkOf(world.gate(id, 'activate'), 'attested').offenders[0]?.detail;
  t.equal(detail(), 'its keys are configured, not fetched');
  world.served = [OLD, NEW];
  world.pass(30_000);
  t.match(detail(), /configured, not fetched; the next shipment is due by 2026-01-31T/);
  t.end();
});
