import t from 'tap';
import type { Cohort, Population } from '../../../src/core/kinds.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';
import { NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';

const OF = ['population_covered'];
const COHORTS: readonly Cohort[] = [
  { percentile: 50, withinMs: 60_000 },
  { percentile: 99.9, withinMs: 600_000 },
];
const app = (name: string, part: Partial<Population> = {}) =>
  serviceOf(name, {
    kind: 'unmanaged',
    evidence: 'timed',
    instances: null,
    profile: profileOf({ newKidRefusedS: null, removedKeyAcceptedS: null }),
    population: { cohorts: COHORTS, coverPercentile: 99, dropsWithRefresh: true, ...part },
  });
const WHOLE = app('whole', {
  cohorts: [{ percentile: 100, withinMs: 30_000 }],
  coverPercentile: 100,
});
const HALF = app('half', { coverPercentile: 50 });
const FIVE = [app('a'), app('b'), app('c'), app('d'), WHOLE];

gateTable(t, 'activate', [
  {
    name: 'none is unmanaged',
    given: () => undefined,
    status: 'open',
    reads: { of: OF, lines: ['pass time population_covered: no population is unmanaged'] },
  },
  {
    name: 'three of them a moment after the publication',
    from: { services: [app('phones'), HALF, WHOLE] },
    given: ({ world }) => world.pass(1_000),
    status: 'closed',
    blocked: ['population_covered:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time population_covered: 3 unmanaged populations may lack the new key until 00:12:30Z; after that 0.1 % of phones may refuse new tokens; 50 % of half may refuse new tokens | since 00:01:30Z | clears 00:12:30Z',
        '  phones unmanaged since 00:01:30Z: 99.9 % of it have refreshed by 00:12:30Z, margins included',
        '  half unmanaged since 00:01:30Z: 50 % of it have refreshed by 00:03:30Z, margins included',
        '  whole unmanaged since 00:01:30Z: 100 % of it have refreshed by 00:03:00Z, margins included',
      ],
    },
  },
  {
    name: 'two had their time',
    from: { services: [HALF, app('phones'), WHOLE] },
    given: ({ world }) => world.pass(120_000),
    status: 'closed',
    blocked: ['population_covered:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time population_covered: 1 unmanaged population may lack the new key until 00:12:30Z; after that 50 % of half may refuse new tokens; 0.1 % of phones may refuse new tokens | since 00:01:30Z | clears 00:12:30Z',
        '  phones unmanaged since 00:01:30Z: 99.9 % of it have refreshed by 00:12:30Z, margins included',
      ],
    },
  },
  {
    name: 'a second less than the time of the last',
    from: { services: [app('phones')] },
    given: ({ world }) => world.pass(659_000),
    status: 'closed',
    blocked: ['population_covered:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time population_covered: 1 unmanaged population may lack the new key until 00:12:30Z; after that 0.1 % of phones may refuse new tokens | since 00:01:30Z | clears 00:12:30Z',
        '  phones unmanaged since 00:01:30Z: 99.9 % of it have refreshed by 00:12:30Z, margins included',
      ],
    },
  },
  {
    name: 'five, four of them with a rest',
    from: { services: FIVE },
    given: ({ world }) => world.pass(660_000),
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass time population_covered: long enough published for 5 unmanaged populations; 0.1 % of a may refuse new tokens; 0.1 % of b may refuse new tokens; 0.1 % of c may refuse new tokens; and 1 more',
        '  a uncovered: 0.1 % of it may refuse new tokens',
        '  b uncovered: 0.1 % of it may refuse new tokens',
        '  c uncovered: 0.1 % of it may refuse new tokens',
        '  d uncovered: 0.1 % of it may refuse new tokens',
      ],
    },
  },
  {
    name: 'three with a rest are all named',
    from: { services: [app('a'), app('b'), app('c')] },
    given: ({ world }) => world.pass(660_000),
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass time population_covered: long enough published for 3 unmanaged populations; 0.1 % of a may refuse new tokens; 0.1 % of b may refuse new tokens; 0.1 % of c may refuse new tokens',
        '  a uncovered: 0.1 % of it may refuse new tokens',
        '  b uncovered: 0.1 % of it may refuse new tokens',
        '  c uncovered: 0.1 % of it may refuse new tokens',
      ],
    },
  },
  {
    name: 'shares too small, and none at all',
    from: {
      services: [WHOLE, app('phones', { coverPercentile: 99.99 }), app('tablets', { cohorts: [] })],
    },
    given: ({ world }) => world.pass(660_000),
    status: 'unknown',
    blocked: ['population_covered:unknown'],
    reads: {
      of: OF,
      lines: [
        'unknown time population_covered: 2 unmanaged populations without a bound for the share that must be covered: phones must be covered to 99.99 %, and its declared cohorts end at 99.9 % | help: declare a larger percentile under services[].cohorts, or lower cover_percentile',
        '  phones uncovered: must be covered to 99.99 %, and its declared cohorts end at 99.9 %',
        '  tablets uncovered: must be covered to 99 %, and its declared cohorts end at 0 %',
      ],
    },
  },
  {
    name: 'a share as large as is asked for',
    from: { services: [app('phones', { coverPercentile: 99.9 })] },
    given: ({ world }) => world.pass(660_000),
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass time population_covered: long enough published for 1 unmanaged population; 0.1 % of phones may refuse new tokens',
        '  phones uncovered: 0.1 % of it may refuse new tokens',
      ],
    },
  },
  {
    name: 'not published: nothing to count from',
    from: { until: 'started', services: [WHOLE] },
    given: () => undefined,
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail', 'population_covered:unknown'],
    reads: {
      of: OF,
      lines: [
        'unknown time population_covered: time counts from publication, which has not been seen',
      ],
    },
  },
  {
    name: 'two report as a population',
    from: { services: [app('phones'), WHOLE] },
    given: ({ world }) => {
      for (const instance of ['x', 'y']) world.join('whole', instance).report({ keys: [OLD, NEW] });
      world.pass(660_000);
    },
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass time population_covered: long enough published for 2 unmanaged populations; 0.1 % of phones may refuse new tokens; somebody reports as whole, which is declared unmanaged: 2 verifiers in need of a service of their own',
        '  phones uncovered: 0.1 % of it may refuse new tokens',
      ],
    },
  },
  {
    name: 'the margin is another one while the old key is tainted',
    from: {
      services: [WHOLE],
      policy: { emergency: { publishSafetyMs: 5_000, retireGraceMs: 0, skip: [] } },
    },
    given: ({ world, id }) => void world.declare(id, 'taint'),
    status: 'closed',
    blocked: ['population_covered:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time population_covered: 1 unmanaged population may lack the new key until 00:02:05Z | since 00:01:30Z | clears 00:02:05Z',
        '  whole unmanaged since 00:01:30Z: 100 % of it have refreshed by 00:02:05Z, margins included',
      ],
    },
  },
] satisfies readonly Situation[]);

const RETIRED = { until: 'retired' as const };

gateTable(t, 'purge', [
  {
    name: 'they drop the old key as they refresh',
    from: { ...RETIRED, services: [app('phones'), WHOLE] },
    given: ({ world }) => world.pass(1_000),
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      lines: [
        'fail time drop_time_elapsed: 2 unmanaged populations may accept old until 00:12:00Z | since 00:02:00Z | clears 00:12:00Z',
        '  phones unmanaged: judged by its declared refresh',
        '  whole unmanaged: judged by its declared refresh',
      ],
    },
  },
  {
    name: 'the rest of those that had their time',
    from: {
      ...RETIRED,
      services: [
        app('phones'),
        HALF,
        WHOLE,
        serviceOf('mesh', { evidence: 'timed', instances: null }),
      ],
    },
    given: ({ world }) => world.pass(600_000),
    status: 'open',
    reads: {
      of: ['drop_time_elapsed'],
      lines: [
        'pass time drop_time_elapsed: every cache that shows nothing has outlived its bound; 0.1 % of phones may still accept old; 50 % of half may still accept old',
      ],
    },
  },
  {
    name: 'no share is large enough',
    from: { ...RETIRED, services: [app('phones', { coverPercentile: 100 })] },
    given: ({ world }) => world.pass(600_000),
    status: 'unknown',
    blocked: ['drop_time_elapsed:unknown'],
    reads: {
      lines: [
        'unknown time drop_time_elapsed: 1 unmanaged population may accept old without any time limit, until it is restarted | since 00:02:00Z | help: keyturn attest phones --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  phones unmanaged: judged by its declared refresh',
      ],
    },
  },
  {
    name: 'one reports as a population, and says nothing of the old key',
    from: { ...RETIRED, services: [WHOLE] },
    given: ({ world }) => {
      world.join('whole').report({ keys: [], dataAgeMs: null });
      world.pass(1_000);
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      lines: [
        'fail time drop_time_elapsed: 1 verifier and 1 unmanaged population may accept old until 00:02:30Z | since 00:02:00Z | clears 00:02:30Z',
        '  whole unmanaged: judged by its declared refresh',
        '  whole/i1/jwks undecided since 00:02:00Z: nothing shows that it dropped old',
      ],
    },
  },
] satisfies readonly Situation[]);
