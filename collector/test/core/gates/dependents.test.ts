import type { Offender } from '@keyturn/shared/model/verdict.ts';
import { OFFENDERS_SHOWN_MAX } from '@keyturn/shared/model/verdict.ts';
import t from 'tap';
import type { Group } from '../../../src/core/fleet.ts';
import {
  contradicting,
  hasFullEvidence,
  isBeyondRange,
  missingInstances,
  Offenders,
  replacedSilent,
  requiredGroups,
  unheardInstances,
  waysOf,
  weakestAccepted,
} from '../../../src/core/gates/dependents.ts';
import type { ServicePolicy } from '../../../src/core/policy.ts';
import type { RotationRecord } from '../../../src/core/records.ts';
import { LEDGER, MOBILE } from '../../support/acts.ts';
import { NEW, OLD, policyOf, serviceOf } from '../../support/policies.ts';
import { readingOf } from '../../support/reading.ts';
import { holding, secretRotating } from '../../support/secret-rotating.ts';
import type { TestVerifier } from '../../support/world.ts';
import { checkOf, World } from '../../support/world.ts';

const BOTH = { keys: [OLD, NEW] };
const MESH = serviceOf('mesh', { evidence: 'timed', instances: null });

/** One service of a world in which a rotation's new key was published half a minute ago. */
interface Stage {
  readonly world: World;
  readonly rotation: RotationRecord;
  readonly group: Group;
  readonly groups: readonly Group[];
  readonly join: (instance: string, how?: Parameters<World['join']>[2]) => TestVerifier;
  /** What a verifier says that accepted a token of the new key. */
  readonly accepted: () => Parameters<TestVerifier['report']>[0];
}

function stage(part: Partial<ServicePolicy> = {}, others: readonly ServicePolicy[] = []): Stage {
  const world = new World(policyOf([serviceOf('web', { instances: 2, ...part }), ...others]));
  world.sight();
  world.sight();
  world.pass(60_000);
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(30_000);
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  const groups = requiredGroups(world.state, rotation);
  const group = groups.find(({ service }) => service.name === 'web');
  if (group === undefined) throw new Error('no group');
  return {
    world,
    rotation,
    group,
    groups,
    join: (instance, how) => world.join('web', instance, how),
    accepted: () => ({
      ...BOTH,
      counts: [{ kid: 'new', outcomes: { ok: 1 }, iatS: world.atMs / 1_000, lifetimeS: 60 }],
    }),
  };
}

function named(instance: string, sinceMs: number | null = null): Offender {
  return { service: 'web', instance, cache: '', state: 'absent', sinceMs, detail: '' };
}

t.test('offenders: all are counted, a hundred are shown', (t) => {
  const found = new Offenders();
  t.match(found, { count: 0, oldestMs: null, shown: [] });
  found.add(named('a', 7));
  found.add(named('b', 5));
  found.add(named('c'), 3);
  t.match(found, { count: 5, oldestMs: 5, shown: [{ instance: 'a' }, {}, { instance: 'c' }] });
  const { world, group, join } = stage({ instances: null });
  for (let n = 0; n < OFFENDERS_SHOWN_MAX + 20; n += 1) join(`i${n}`);
  let described = 0;
  found.addAll(group.members, ({ record }) => {
    described += 1;
    return record.id.instance === 'i0' ? undefined : named(record.id.instance, world.atMs);
  });
  t.equal(found.shown.length, OFFENDERS_SHOWN_MAX);
  t.equal(described, OFFENDERS_SHOWN_MAX - 3 + 1, 'only what is shown is described');
  t.equal(found.count, 5 + OFFENDERS_SHOWN_MAX + 20 - 1, 'who offends not is not counted');
  found.add(named('last', 3));
  t.match(found, { count: OFFENDERS_SHOWN_MAX + 25, oldestMs: 3 });
  t.equal(found.shown.length, OFFENDERS_SHOWN_MAX);
  t.end();
});

t.test('how a service comes to be known, by the kind of key', (t) => {
  const rows: readonly [ServicePolicy, string, string][] = [
    [serviceOf('s'), 'evidence', 'evidence'],
    [serviceOf('s', { evidence: 'timed' }), 'timed', 'evidence'],
    [LEDGER, 'attested', 'attested'],
    [serviceOf('s', { kind: 'managed', evidence: 'timed' }), 'timed', 'attested'],
    [MOBILE, 'population', 'attested'],
    [{ ...MOBILE, kind: 'instrumented' }, 'population', 'attested'],
  ];
  const { group } = stage();
  for (const [service, forPublic, forSecret] of rows) {
    const of = { ...group, service };
    t.equal(waysOf(of, { keyKind: 'public' }), forPublic);
    t.equal(waysOf(of, { keyKind: 'secret' }), forSecret);
  }
  t.end();
});

t.test('the weakest grade that is relied on', (t) => {
  const rows: readonly [
    string,
    Partial<ServicePolicy>,
    readonly ServicePolicy[],
    (on: Stage) => void,
    string | null,
  ][] = [
    ['nobody reports', {}, [], () => undefined, null],
    ['one of two holds it', {}, [], ({ join }) => void join('a').report(BOTH), 'present'],
    [
      'the other lacks it',
      {},
      [],
      ({ join }) => (join('a').report(BOTH), join('b').report()),
      'present',
    ],
    [
      'one accepted a token',
      {},
      [],
      ({ join, accepted }) => (join('a').report(accepted()), join('b').report(BOTH)),
      'present',
    ],
    [
      'so did the other',
      {},
      [],
      ({ join, accepted }) => (join('a').report(accepted()), join('b').report(accepted())),
      'verified',
    ],
    [
      'what is too weak is relied on by nobody',
      { evidence: 'verified' },
      [],
      ({ join, accepted }) => (join('a').report(accepted()), join('b').report(BOTH)),
      'verified',
    ],
    ['a word', {}, [LEDGER], ({ join }) => void join('a').report(BOTH), 'attested'],
    ['a word and time', {}, [LEDGER, MESH], ({ join }) => void join('a').report(BOTH), 'timed'],
    ['time and a word', {}, [MESH, LEDGER], ({ join }) => void join('a').report(BOTH), 'timed'],
    ['a population', {}, [MOBILE], () => undefined, 'timed'],
  ];
  for (const [name, part, others, given, expected] of rows) {
    const on = stage(part, others);
    given(on);
    t.equal(weakestAccepted(on.groups, on.rotation), expected, name);
  }
  t.end();
});

t.test('full evidence is of everybody, and of the live', (t) => {
  const one = (on: Stage) => void on.join('a').report(BOTH);
  const both = (on: Stage) => (one(on), on.join('b').report(on.accepted()));
  const rows: readonly [string, Partial<ServicePolicy>, (on: Stage) => void, boolean][] = [
    ['both show it', {}, both, true],
    ['one of two', {}, one, false],
    ['one lacks it', {}, (on) => (one(on), on.join('b').report()), false],
    ['of an unknown number', { instances: null }, both, false],
    ['of none', { instances: 0 }, () => undefined, false],
    ['the fewest of a range', { instancesMax: 3 }, both, false],
    ['the most of a range', { instances: 1, instancesMax: 2 }, both, true],
    ['two under one name', {}, (on) => (both(on), on.join('b').report(BOTH)), false],
    [
      'what the proxy served',
      {},
      (on) => {
        for (const name of ['a', 'b']) on.join(name, { source: 'proxy' }).report(BOTH);
      },
      true,
    ],
    [
      'a silent one beside them',
      {},
      (on) => {
        both(on);
        on.join('c').report(BOTH);
        on.world.pass(60_000, { silent: ['web/c'] });
      },
      false,
    ],
  ];
  for (const [name, part, given, expected] of rows) {
    const on = stage(part);
    given(on);
    if (name === 'two under one name') on.world.verifiers[0]?.report(BOTH);
    t.equal(hasFullEvidence(on.group, on.rotation), expected, name);
  }
  t.end();
});

t.test(
  'instances that are missing, those nobody ever heard of, and those that are replaced',
  (t) => {
    const rows: readonly [string, Partial<ServicePolicy>, (on: Stage) => void, number[]][] = [
      ['nobody came', {}, () => undefined, [2, 2, 0]],
      ['one reports', {}, ({ join }) => void join('a').report(), [1, 1, 0]],
      ['one said hello', {}, ({ join }) => (join('a').report(), join('b')), [1, 0, 0]],
      ['nobody of an unknown number', { instances: null }, () => undefined, [1, 1, 0]],
      [
        'one of an unknown number',
        { instances: null },
        ({ join }) => void join('a').report(),
        [0, 0, 0],
      ],
      [
        'one fell silent',
        {},
        ({ world, join }) => {
          for (const name of ['a', 'b']) join(name).report();
          world.pass(60_000, { silent: ['web/b'] });
        },
        [1, 0, 0],
      ],
      [
        'three fell silent, of two',
        {},
        ({ world, join }) => {
          for (const name of ['a', 'b', 'c']) join(name).report();
          world.pass(60_000, { silent: ['web/a', 'web/b', 'web/c'] });
        },
        [2, 0, 0],
      ],
      [
        'a silent cache of a live instance stands for nobody',
        {},
        ({ world, join }) => {
          join('a').report();
          join('a', { cache: 'second' }).report();
          world.pass(60_000, { silent: ['web/a/second'] });
        },
        [1, 1, 0],
      ],
      [
        'another took its place',
        {},
        ({ world, join }) => {
          for (const name of ['a', 'b', 'c']) join(name).report();
          world.pass(60_000, { silent: ['web/c'] });
        },
        [0, 0, 1],
      ],
    ];
    for (const [name, part, given, expected] of rows) {
      const on = stage(part);
      given(on);
      const { group, rotation } = on;
      t.same(
        [missingInstances(group), unheardInstances(group), replacedSilent(group, rotation)],
        expected,
        name,
      );
    }
    t.end();
  },
);

t.test('more than the most of a range', (t) => {
  const on = stage({ instances: 1, instancesMax: 2 });
  for (const name of ['a', 'b']) on.join(name).report();
  t.notOk(isBeyondRange(on.group));
  on.join('c').report();
  t.ok(isBeyondRange(on.group));
  const free = stage({ instances: 1 });
  for (const name of ['a', 'b']) free.join(name).report();
  t.notOk(isBeyondRange(free.group), 'no range was declared');
  t.end();
});

t.test('who contradicts a word or time', (t) => {
  const names = ({ group, rotation }: Stage) =>
    contradicting(group, rotation).flatMap(([grade, all]) =>
      [...all].map(({ record }) => `${record.id.instance} ${grade}`),
    );
  const tell = ({ join }: Stage) => {
    join('absent').report();
    join('holds').report(BOTH);
    join('stale').report({ keys: [OLD], dataAgeMs: 120_000 });
    join('failing').report({ keys: [OLD], dataAgeMs: 120_000, failures: 2 });
    const behind = { keys: [OLD], dataAgeMs: null, servedAgeMs: 120_000, failures: 2 };
    join('proxied', { source: 'proxy' }).report(behind);
  };
  const timed = stage({ evidence: 'timed', instances: null });
  tell(timed);
  t.same(names(timed), ['absent absent', 'failing stale'], 'others may fetch it in time');
  const attested = stage({ evidence: 'attested', instances: null });
  tell(attested);
  t.same(names(attested), ['absent absent', 'stale stale', 'failing stale']);
  t.end();
});

t.test('who is not heard, each once', (t) => {
  const on = stage({ instances: 6 });
  const { world, join } = on;
  for (const name of ['live', 'silent']) join(name).report(BOTH);
  const twice = join('twice');
  twice.report(BOTH);
  const gone = join('gone');
  gone.report(BOTH);
  world.pass(60_000, { silent: ['web/silent', 'web/gone'] });
  join('twice').report(BOTH);
  twice.report(BOTH);
  join('hello');
  join('secrets', { cacheKind: 'secret' }).report(holding([]));
  t.same(readingOf(checkOf(world.gate(on.rotation.id, 'activate'), 'fleet_heard')), [
    'unknown coverage fleet_heard: nothing is known of 5 verifiers that should report | since 00:02:16Z | help: keyturn remove web silent --reason "gone for good"',
    '  web/secrets never_seen: says which shared secrets it holds and nothing of public keys',
    '  web/silent/jwks silent since 00:02:16Z: stopped reporting without a goodbye',
    '  web/gone/jwks silent since 00:02:16Z: stopped reporting without a goodbye',
    '  web/hello/jwks never_seen since 00:02:30Z: said hello and has not reported yet',
    '  web/twice/jwks duplicate since 00:02:30Z: two processes report under this name, and only one of them is heard',
  ]);
  t.end();
});

t.test('who tells nothing of secrets', (t) => {
  const { world, id } = secretRotating();
  const only = world.join('orders', 'c', { cacheKind: 'public' });
  only.report({ keys: [OLD] });
  t.same(readingOf(checkOf(world.gate(id, 'activate'), 'fleet_heard')), [
    'unknown coverage fleet_heard: nothing is known of 1 verifier that should report | help: keyturn doctor',
    '  orders/c never_seen: reports its public keys and says nothing of shared secrets',
  ]);
  t.end();
});

t.test('a range and an unknown number, in words', (t) => {
  const said = (part: Partial<ServicePolicy>) => {
    const { world, rotation } = stage(part);
    return readingOf(checkOf(world.gate(rotation.id, 'activate'), 'fleet_heard'))[1];
  };
  t.equal(
    said({ instances: 2, instancesMax: 4 }),
    '  web never_seen: 0 of at least 2 declared instances report',
  );
  t.equal(said({ instances: null }), '  web never_seen: no instance has ever reported');
  t.end();
});
