import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, ORDERS, rotating } from '../../support/rotating.ts';
import { NEW, OLD, policyOf, profileOf, serviceOf } from '../../support/policies.ts';
import { secretRotating, holding, OLD_SECRET } from '../../support/secret-rotating.ts';
import { reading } from '../../support/reading.ts';
import { checkOf } from '../../support/world.ts';

const BOTH = { keys: [OLD, NEW] };
const LAZY = profileOf({ refetchesOnUnknownKid: true, cooldownS: 30 });
const KNOWN = ['new_key_known'];
const HEARD = ['fleet_heard'];
const range = (instances: number, instancesMax: number) => ({
  services: [
    serviceOf('web', { instances, instancesMax }),
    serviceOf('api', { instances: 0, instancesMax: 0 }),
  ],
});

const twins = (service: string, second: 'reports' | 'says hello'): Situation => ({
  name: `two processes under one name at ${service}, of which the second ${second}`,
  from: {
    services: [
      serviceOf(service, {
        evidence: service === 'vouched' ? 'attested' : 'timed',
        instances: null,
      }),
    ],
  },
  given: ({ world, id, a, b }) => {
    world.pass(3_600_000);
    for (const verifier of [a, b]) verifier.report(BOTH);
    world.attest(id, service);
    world.join(service, 'x').report(BOTH);
    const twin = world.join(service, 'x');
    if (second === 'reports') twin.report(BOTH);
  },
  status: 'unknown',
  blocked: ['fleet_heard:unknown'],
  check: { id: 'fleet_heard', offenders: [`${service}/x/jwks duplicate`], offenderCount: 1 },
});

gateTable(t, 'activate', [
  twins('vouched', 'reports'),
  twins('vouched', 'says hello'),
  twins('timed', 'reports'),
  twins('timed', 'says hello'),
  {
    name: 'everybody holds it',
    given: () => undefined,
    status: 'open',
    reads: {
      of: [...KNOWN, ...HEARD],
      lines: [
        'pass evidence new_key_known: 2 verifiers with evidence of new',
        'pass coverage fleet_heard: 1 service report in full',
      ],
    },
  },
  {
    name: 'one lacks it since a while',
    given: ({ world, b }) => {
      world.pass(10_000);
      b.report({ keys: [OLD] });
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    reads: {
      lines: [
        'fail evidence new_key_known: 1 verifier without evidence of key new | since 00:01:40Z | help: keyturn verifiers --rotation r-1 --state lagging',
        '  orders/b/jwks absent since 00:01:40Z: fetched after publication and did not get the new key',
      ],
    },
  },
  {
    name: 'one has fetched nothing since the publication',
    from: { until: 'published' },
    given: ({ world, a, b }) => {
      a.report(BOTH);
      b.report({ keys: [OLD], dataAgeMs: 900_000 });
      world.pass(1_000);
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    reads: {
      of: KNOWN,
      lines: [
        'fail evidence new_key_known: 1 verifier without evidence of key new | since 00:01:30Z | help: keyturn verifiers --rotation r-1 --state lagging',
        '  orders/b/jwks stale since 00:01:30Z: holds keys fetched before the new key was published',
      ],
    },
  },
  {
    name: 'a grade below what the policy asks for, and above',
    from: {
      services: [
        serviceOf('edge', { profile: LAZY }),
        serviceOf('lazy', { profile: LAZY, evidence: 'fetchable' }),
      ],
    },
    given: ({ world }) => {
      for (const service of ['edge', 'lazy']) {
        world.join(service).report({ keys: [OLD], dataAgeMs: 90_000 });
      }
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    reads: {
      of: ['new_key_known', 'fetch_surge'],
      lines: [
        'fail evidence new_key_known: 1 verifier without evidence of key new | since 00:01:30Z | help: keyturn verifiers --rotation r-1 --state lagging',
        '  edge/i1/jwks fetchable since 00:01:30Z: does not hold the new key; it would fetch when it meets an unknown kid; the policy asks for present',
        'pass health fetch_surge: 2 verifiers will fetch the JWKS at the switch, when they first meet new',
      ],
    },
  },
  {
    name: 'those judged by time or word count for nobody’s evidence',
    from: {
      services: [
        serviceOf('mesh', { evidence: 'timed', instances: null }),
        serviceOf('ledger', { evidence: 'attested', instances: null }),
      ],
    },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      world.join('mesh').report(BOTH);
      world.join('ledger').report(BOTH);
      world.pass(120_000);
    },
    status: 'open',
    reads: {
      of: [...KNOWN, ...HEARD],
      lines: [
        'pass evidence new_key_known: 2 verifiers with evidence of new',
        'pass coverage fleet_heard: 1 service report in full',
      ],
    },
  },
  {
    name: 'silent, joined, doubled and missing at once',
    from: { services: [serviceOf('web', { instances: 5 })] },
    given: ({ world }) => {
      world.join('web', 'silent').report(BOTH);
      world.join('web', 'twin').report(BOTH);
      world.pass(46_000, { silent: ['web/silent'] });
      world.join('web', 'joined');
      const [twin] = world.verifiers.filter(({ name }) => name === 'web/twin');
      world.join('web', 'twin').report(BOTH);
      twin?.report(BOTH);
      world.pass(2_000);
    },
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    reads: {
      lines: [
        'unknown coverage fleet_heard: nothing is known of 5 verifiers that should report | since 00:02:16Z | help: keyturn remove web silent --reason "gone for good"',
        '  web/silent/jwks silent since 00:02:16Z: stopped reporting without a goodbye',
        '  web/joined/jwks never_seen since 00:02:16Z: said hello and has not reported yet',
        '  web/twin/jwks duplicate since 00:02:16Z: two processes report under this name, and only one of them is heard',
        '  web never_seen: 1 of 5 declared instances report',
        '  and 1 more',
      ],
    },
  },
  {
    name: 'nobody of a service was ever heard, and none is said to be many',
    from: {
      services: [
        serviceOf('web', { instances: null }),
        serviceOf('api', { instances: 3, instancesMax: 9 }),
      ],
    },
    given: () => undefined,
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    reads: {
      lines: [
        'unknown coverage fleet_heard: nothing is known of 4 verifiers that should report | help: keyturn doctor',
        '  web never_seen: no instance has ever reported',
        '  api never_seen: 0 of at least 3 declared instances report',
        '  and 2 more',
      ],
    },
  },
  {
    name: 'a silent instance with a name for a shell',
    given: ({ world }) => {
      world.join('orders', 'pod:c@x').report(BOTH);
      world.join('orders', 'd').goodbye();
      world.pass(60_000, { silent: ['orders/a', 'orders/b', 'orders/pod:c@x'] });
    },
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    reads: {
      lines: [
        'unknown coverage fleet_heard: nothing is known of 3 verifiers that should report | since 00:02:16Z | help: keyturn remove orders a --reason "gone for good"',
        '  orders/a/jwks silent since 00:02:16Z: stopped reporting without a goodbye',
        '  orders/b/jwks silent since 00:02:16Z: stopped reporting without a goodbye',
        '  orders/pod:c@x/jwks silent since 00:02:16Z: stopped reporting without a goodbye',
      ],
    },
  },
  {
    name: 'as many as the range allows',
    from: range(1, 2),
    given: ({ world }) => {
      for (const instance of ['x', 'y']) world.join('web', instance).report(BOTH);
    },
    status: 'open',
    reads: { of: HEARD, lines: ['pass coverage fleet_heard: 3 services report in full'] },
  },
  {
    name: 'one more than the range allows',
    from: range(1, 2),
    given: ({ world }) => {
      for (const instance of ['x', 'y', 'z']) world.join('web', instance).report(BOTH);
    },
    status: 'open',
    reads: {
      of: HEARD,
      lines: [
        'pass coverage fleet_heard: 3 services report in full; web shows 3 instances where at most 2 are declared',
      ],
    },
  },
  {
    name: 'more than the range allows, in two services',
    from: range(1, 2),
    given: ({ world }) => {
      for (const instance of ['x', 'y', 'z']) world.join('web', instance).report(BOTH);
      world.join('api').report(BOTH);
    },
    status: 'open',
    reads: {
      of: HEARD,
      lines: [
        'pass coverage fleet_heard: 3 services report in full; web shows 3 instances where at most 2 are declared, and 1 more service',
      ],
    },
  },
] satisfies readonly Situation[]);

gateTable(t, 'activate', [
  {
    name: 'time alone',
    from: { services: [serviceOf('mesh', { evidence: 'timed', instances: null })] },
    given: ({ world, a, b }) => {
      a.goodbye();
      b.goodbye();
      const policy = policyOf([serviceOf('mesh', { evidence: 'timed', instances: null })]);
      world.restart({ policy });
      world.pass(300_000);
    },
    status: 'open',
    reads: { of: HEARD, lines: ['pass coverage fleet_heard: 0 services report in full'] },
  },
  {
    name: 'no dependent at all',
    given: ({ world, a, b }) => {
      a.goodbye();
      b.goodbye();
      world.restart({ policy: policyOf([]) });
      world.pass(300_000);
    },
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    reads: {
      of: HEARD,
      lines: [
        'unknown coverage fleet_heard: no verifier of this issuer is declared and none has reported, so nothing is known | help: declare the services that verify this issuer in the collector settings',
      ],
    },
  },
  {
    name: 'an optional one alone',
    given: ({ world, a, b }) => {
      a.goodbye();
      b.goodbye();
      world.restart({ policy: policyOf([{ ...ORDERS, required: false }]) });
      world.pass(300_000);
    },
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    reads: {
      of: HEARD,
      lines: [
        'unknown coverage fleet_heard: no verifier of this issuer is declared and none has reported, so nothing is known | help: declare the services that verify this issuer in the collector settings',
      ],
    },
  },
]);

t.test('of a secret it is said that it is one', (t) => {
  const { world, id, b } = secretRotating();
  b.report(holding([OLD_SECRET]));
  t.same(reading(world.gate(id, 'activate'), KNOWN), [
    'fail evidence new_key_known: 1 verifier without evidence of secret s2 | since 00:01:00Z | help: keyturn verifiers --rotation r-1 --state lagging',
    '  orders/b/jwks absent since 00:01:00Z: does not hold the new secret',
  ]);
  t.end();
});

t.test('what one judged by time said last, within its bound and after it', (t) => {
  for (const [afterMs, known] of [
    [30_000, 'pass'],
    [45_000, 'pass'],
    [75_000, 'fail'],
  ] as const) {
    const mesh = serviceOf('mesh', { evidence: 'timed', instances: null });
    const { world, id } = rotating({ services: [mesh] });
    const verifier = world.join('mesh', 'i1');
    world.pass(afterMs, { silent: ['mesh/i1'] });
    verifier.report({ keys: [OLD] });
    world.pass(600_000, { silent: ['mesh/i1'] });
    t.equal(checkOf(world.gate(id, 'activate'), 'new_key_known').status, known, `${afterMs} ms`);
  }
  t.end();
});
