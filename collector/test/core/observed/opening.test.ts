import t from 'tap';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { issuerOf, ISSUER, keyOf, NEW, OLD, policyOf, serviceOf } from '../../support/policies.ts';
import { openRotations } from '../../../src/core/rotation.ts';
import { auditOf, observedNow, observing } from '../../support/observing.ts';
import { World } from '../../support/world.ts';

const ES = { ...keyOf('es'), alg: 'ES256' };
const UNSAID = { ...keyOf('unsaid'), alg: '' };
const OTHER_MATERIAL = keyOf('old', 'forged');

t.test('what opens a rotation by itself, and what does not', (t) => {
  const rows: [string, readonly (readonly KeyRef[])[], string[]][] = [
    ['nothing new', [[OLD], [OLD], [OLD]], []],
    ['a new key, seen once', [[OLD], [OLD, NEW]], []],
    ['a new key, seen twice', [[OLD], [OLD, NEW], [OLD, NEW]], ['old>new']],
    ['a new key that blinks', [[OLD], [OLD, NEW], [OLD], [OLD, NEW], [OLD]], []],
    [
      'two keys at first sight',
      [
        [OLD, NEW],
        [OLD, NEW],
        [OLD, NEW],
      ],
      [],
    ],
    ['a swap', [[OLD], [NEW], [NEW]], ['old>new']],
    ['a swap after a gap', [[OLD], [], [], [], [NEW], [NEW]], ['old>new']],
    ['two keys at once', [[OLD], [OLD, NEW, keyOf('x')], [OLD, NEW, keyOf('x')]], ['old>new']],
    ['other material under a kid', [[OLD], [OTHER_MATERIAL], [OTHER_MATERIAL]], []],
    [
      'a kid that is reused before it is settled',
      [[OLD], [OLD, NEW], [OLD, keyOf('new', 'x')]],
      [],
    ],
    ['the first key of an algorithm', [[OLD], [OLD, ES], [OLD, ES]], ['old>es']],
    [
      'a key that does not say its algorithm',
      [[OLD], [OLD, UNSAID], [OLD, UNSAID]],
      ['old>unsaid'],
    ],
    ['the first key of all', [[], [], [NEW], [NEW]], []],
    [
      'one key each for two algorithms',
      [[OLD, ES], ...twice([OLD, ES, NEW, { ...keyOf('es2'), alg: 'ES256' }])],
      ['old>new', 'es>es2'],
    ],
  ];
  for (const [name, documents, expected] of rows) {
    const world = thirdParty();
    for (const keys of documents) {
      world.atMs += 15_000;
      world.sight(keys);
    }
    t.same(observedNow(world), expected, name);
  }
  t.end();
});

t.test(
  'the baseline is what was known before, whatever happened while the collector was down',
  (t) => {
    const { world } = observing();
    world.restart({ downMs: 3_600_000 });
    world.sight([OLD, NEW]);
    t.same(observedNow(world), []);
    world.sight([OLD, NEW]);
    t.same(observedNow(world), ['old>new'], 'it appeared while the collector was down');
    world.restart();
    world.sight([OLD, NEW]);
    world.sight([OLD, NEW]);
    t.same(observedNow(world), ['old>new'], 'and opened nothing twice');
    t.equal(auditOf(world, 'rotation_observed').length, 1);
    t.end();
  },
);

t.test('at first sight of an issuer every vantage adds to the baseline', (t) => {
  const [A, B] = ['https://issuer.test/a', 'https://issuer.test/b'];
  const world = thirdParty([A, B]);
  for (const [vantage, keys] of [
    [A, [OLD]],
    [A, [OLD]],
    [B, [OLD, NEW]],
    [B, [OLD, NEW]],
  ] as const) {
    world.sight(keys, vantage);
  }
  t.same(observedNow(world), []);
  world.sight([OLD, keyOf('x')], A);
  world.sight([OLD, keyOf('x')], A);
  t.same(observedNow(world), ['old>x'], 'what comes later is new, at one vantage as well');
  t.end();
});

t.test('the key that signed last is the old one, else the longest served', (t) => {
  const older = keyOf('older');
  const world = thirdParty();
  world.sight([older, OLD]);
  const a = world.join('orders', 'a');
  const iatS = world.atMs / 1_000;
  const counts = [
    { kid: 'older', outcomes: { ok: 5 }, iatS: iatS - 500 },
    { kid: 'old', outcomes: { ok: 1 }, iatS: iatS - 5 },
  ];
  a.report({ keys: [older, OLD], counts });
  for (const _ of [1, 2]) world.sight([older, OLD, NEW]);
  t.same(observedNow(world), ['old>new'], 'by the tokens');

  const unused = thirdParty();
  unused.sight([older]);
  for (const _ of [1, 2]) unused.sight([older, OLD, NEW]);
  t.same(observedNow(unused), ['older>old'], 'what nobody used yet is no old key');
  t.end();
});

t.test('a third party whose keys flap a thousand times stays within bounds', (t) => {
  const { world } = observing();
  const [before, entriesBefore] = [world.state.rotations.size, entries(world)];
  for (let turn = 0; turn < 1_000; turn += 1) {
    const keys = turn % 3 === 0 ? [OLD, keyOf(`flap ${turn}`)] : [OLD, NEW];
    for (const served of [keys, keys, [OLD], [OLD]]) {
      world.atMs += 15_000;
      world.sight(served);
    }
    world.take({ type: 'tick' });
    t.ok(observedNow(world).length <= 1);
  }
  t.equal(before, 0);
  const { rotations, health } = world.state;
  t.ok(rotations.size <= 51, `${rotations.size} kept`);
  t.equal(world.store.load().rotations.length, rotations.size, 'in the store as well');
  t.ok(health.droppedRotations > 0 || rotations.size <= 50, 'and what made room is counted');
  const days = (1_000 * 60_000) / 86_400_000 + 1;
  t.ok(auditOf(world, 'rotation_observed').length <= 24 * days);
  t.ok(auditOf(world, 'observed_paced').length > 0, 'waiting is told');
  t.ok(entries(world) - entriesBefore < 12_000);
  world.pass(90_000_000);
  world.served = [OLD, NEW];
  world.pass(300_000);
  t.same(observedNow(world), ['old>new'], 'and a day later the next key opens one again');
  t.end();
});

function entries(world: World): number {
  return world.store.audit({ limit: 1_000_000 }).length;
}

function twice<T>(value: T): [T, T] {
  return [value, value];
}

function thirdParty(vantages = issuerOf().vantages): World {
  const issuers = new Map([[ISSUER, issuerOf({ control: 'third_party', vantages })]]);
  return new World(policyOf([serviceOf('orders')], { issuers }));
}

t.test('a key in use overtakes what was observed, and never what somebody here declared', (t) => {
  const third = keyOf('third');
  const used = { kid: 'third', outcomes: { ok: 5 }, lifetimeS: 300 };
  for (const control of ['ours', 'third_party'] as const) {
    const { world, a } = observing({ control });
    if (control === 'ours') world.start();
    world.served = [OLD, NEW];
    world.pass(30_000);
    const before = openRotations(world.state).map(({ id }) => id);
    t.equal(before.length, 1);
    world.served = [OLD, NEW, third];
    a.report({ keys: world.served, counts: [{ ...used, iatS: world.atMs / 1_000 }] });
    world.pass(60_000);
    const open = openRotations(world.state).map(({ id, newKid }) => [before.includes(id), newKid]);
    t.same(open, control === 'ours' ? [[true, 'new']] : [[false, 'third']], control);
  }
  t.end();
});
