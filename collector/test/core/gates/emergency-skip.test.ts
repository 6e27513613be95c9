import t from 'tap';
import { MOBILE } from '../../support/acts.ts';
import { serviceOf } from '../../support/policies.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';

const SAFETY = { publishSafetyMs: 3_600_000 };
const HURRY = { publishSafetyMs: 60_000, retireGraceMs: 0, skip: [] };
const SKIP = { ...HURRY, publishSafetyMs: 3_600_000, skip: ['population_covered'] };
const MESH = serviceOf('mesh', { evidence: 'timed', instances: null });
/** No declared share is large enough. */
const APPS = serviceOf('apps', {
  ...MOBILE,
  name: 'apps',
  population: {
    cohorts: [{ percentile: 90, withinMs: 60_000 }],
    coverPercentile: 99,
    dropsWithRefresh: true,
  },
});

const TAINT = ({
  world,
  id,
}: {
  world: { declare(id: string, step: 'taint'): unknown };
  id: string;
}) => void world.declare(id, 'taint');

const SITUATIONS: readonly Situation[] = [
  {
    name: 'a population waits for publish_safety',
    from: { services: [MOBILE], policy: { ...SAFETY, emergency: HURRY } },
    given: ({ world }) => world.pass(120_000),
    status: 'closed',
    blocked: ['population_covered:fail'],
  },
  {
    name: 'tainted, and for that of the emergency',
    from: { services: [MOBILE], policy: { ...SAFETY, emergency: HURRY } },
    given: (rotation) => {
      TAINT(rotation);
      rotation.world.pass(120_000);
    },
    status: 'open',
  },
  {
    name: 'which is still waited for, and so are its caches',
    from: { services: [MOBILE], policy: { ...SAFETY, emergency: HURRY } },
    given: (rotation) => {
      TAINT(rotation);
      rotation.world.pass(60_000);
    },
    status: 'closed',
    blocked: ['population_covered:fail'],
    check: { id: 'population_covered', clears: true },
  },
  {
    name: 'a service judged by time: the same',
    from: { services: [MESH], policy: { ...SAFETY, emergency: HURRY } },
    given: (rotation) => {
      TAINT(rotation);
      rotation.world.pass(120_000);
    },
    status: 'open',
  },
  {
    name: 'a service judged by time, not tainted',
    from: { services: [MESH], policy: { ...SAFETY, emergency: HURRY } },
    given: ({ world }) => world.pass(120_000),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
  },
  {
    name: 'what policy skips does not block, and is said',
    from: { services: [MOBILE], policy: { ...SAFETY, emergency: SKIP } },
    given: TAINT,
    status: 'open',
    check: { id: 'population_covered', message: /skipped while old is tainted/, clears: false },
  },
  {
    name: 'a population without a bound is skipped as well',
    from: { services: [APPS], policy: { ...SAFETY, emergency: SKIP } },
    given: TAINT,
    status: 'open',
    check: { id: 'population_covered', message: /skipped while old is tainted/, help: /^$/ },
  },
  {
    name: 'without a bound and not skipped',
    from: { services: [APPS], policy: { ...SAFETY, emergency: HURRY } },
    given: (rotation) => {
      TAINT(rotation);
      rotation.world.pass(86_400_000);
    },
    status: 'unknown',
    blocked: ['population_covered:unknown'],
  },
  {
    name: 'to skip populations skips nothing of services judged by time',
    from: { services: [MOBILE, MESH], policy: { ...SAFETY, emergency: SKIP } },
    given: TAINT,
    status: 'closed',
    blocked: ['time_elapsed:fail'],
  },
  {
    name: 'no taint, nothing is skipped',
    from: { services: [MOBILE], policy: { ...SAFETY, emergency: SKIP } },
    given: () => undefined,
    status: 'closed',
    blocked: ['population_covered:fail'],
  },
];

gateTable(t, 'activate', SITUATIONS);

gateTable(t, 'purge', [
  {
    name: 'an emergency skips nothing of what containment is',
    from: {
      until: 'retired',
      services: [APPS],
      policy: { emergency: { ...SKIP, skip: ['population_covered', 'time_elapsed', 'attested'] } },
    },
    given: TAINT,
    status: 'unknown',
    blocked: ['drop_time_elapsed:unknown'],
  },
]);
