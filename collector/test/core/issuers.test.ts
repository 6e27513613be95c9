import t from 'tap';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { KEYS_PER_ISSUER_MAX } from '../../src/core/issuers.ts';
import { keyIdentity } from '../../src/core/state.ts';
import { rotating } from '../support/rotating.ts';
import { issuerOf, ISSUER, keyOf, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { blockers, World } from '../support/world.ts';

const A = 'https://issuer.test/a';
const B = 'https://issuer.test/b';

/** `a: old new` is a reading at vantage a that shows these keys; `a: !` one that fails. */
function read(world: World, readings: readonly string[]): void {
  const keys: Record<string, KeyRef> = { old: OLD, new: NEW, other: keyOf('new', 'other') };
  for (const reading of readings) {
    world.atMs += 1_000;
    const [vantage = '', shown = ''] = reading.split(':');
    const url = vantage === 'a' ? A : B;
    if (shown.trim() === '!') world.sightFailure('no answer', url);
    else
      world.sight(
        shown
          .trim()
          .split(' ')
          .flatMap((name) => keys[name] ?? []),
        url,
      );
  }
}

function worldOfTwo(): World {
  const issuers = new Map([[ISSUER, issuerOf({ vantages: [A, B] })]]);
  return new World(policyOf([serviceOf('orders')], { issuers }));
}

function recordOf(world: World, key: KeyRef) {
  return world.state.issuers.get(ISSUER)?.keys.get(keyIdentity(key));
}

t.test('when a key counts as published, and as withdrawn', (t) => {
  const rows: [string, string[], 'nothing' | 'published' | 'withdrawn'][] = [
    ['seen once everywhere', ['a: new', 'b: new'], 'nothing'],
    ['twice at one vantage', ['a: new', 'a: new', 'b: old'], 'nothing'],
    ['twice at one, the other never read', ['a: new', 'a: new', 'a: new'], 'nothing'],
    ['twice at both', ['a: new', 'a: new', 'b: new', 'b: new'], 'published'],
    ['with a failure between', ['a: new', 'a: !', 'a: new', 'b: new', 'b: new'], 'published'],
    ['interrupted at one', ['a: new', 'a: old', 'a: new', 'b: new', 'b: new'], 'nothing'],
    ['lost at one', ['a: new', 'a: new', 'b: new', 'b: new', 'b: old'], 'nothing'],
    [
      'lost at one and back once',
      ['a: new', 'a: new', 'b: new', 'b: new', 'b: old', 'b: new'],
      'nothing',
    ],
    [
      'lost at one and back twice',
      ['a: new', 'a: new', 'b: new', 'b: new', 'b: old', 'b: new', 'b: new'],
      'published',
    ],
    ['a vantage fails', ['a: new', 'a: new', 'b: new', 'b: new', 'b: !', 'b: !'], 'published'],
    ['gone once everywhere', ['a: new', 'b: new', 'a: old', 'b: old'], 'nothing'],
    [
      'gone twice everywhere',
      ['a: new', 'b: new', 'a: old', 'a: old', 'b: old', 'b: old'],
      'withdrawn',
    ],
    ['gone twice at one', ['a: new', 'b: new', 'a: old', 'a: old', 'b: old'], 'nothing'],
    [
      'gone, and back at one',
      ['a: new', 'b: new', 'a: old', 'a: old', 'b: old', 'b: old', 'b: new'],
      'nothing',
    ],
  ];
  for (const [name, readings, expected] of rows) {
    const world = worldOfTwo();
    read(world, readings);
    const record = recordOf(world, NEW);
    t.equal(record?.publishedAtMs != null, expected === 'published', `${name}: published`);
    t.equal(record?.withdrawnAtMs != null, expected === 'withdrawn', `${name}: withdrawn`);
  }
  t.end();
});

t.test('Tpub is the moment of the last vantage, and starts anew when the key comes back', (t) => {
  const world = worldOfTwo();
  read(world, ['a: new', 'a: new', 'b: new', 'b: new']);
  const first = recordOf(world, NEW)?.publishedAtMs;
  t.equal(first, world.atMs);
  read(world, ['a: new', 'b: new']);
  t.equal(recordOf(world, NEW)?.publishedAtMs, first);
  read(world, ['a: old', 'a: new', 'a: new']);
  t.equal(recordOf(world, NEW)?.publishedAtMs, world.atMs);
  t.end();
});

t.test('a restart keeps what is known of keys, and believes it once it is seen again', (t) => {
  const { world, id } = rotating();
  world.restart();
  t.ok(blockers(world.gate(id, 'activate')).includes('new_key_published:unknown'));
  world.sight();
  t.notOk(blockers(world.gate(id, 'activate')).includes('new_key_published:unknown'));
  world.sight([OLD]);
  t.ok(blockers(world.gate(id, 'activate')).includes('new_key_published:fail'));
  t.end();
});

t.test('a kid with two thumbprints is an alarm for ever, also after a restart', (t) => {
  const { world, id } = rotating();
  world.sight([OLD, keyOf('new', 'forged')]);
  world.pass(60_000);
  t.ok(blockers(world.gate(id, 'activate')).includes('key_identity:fail'));
  world.restart();
  world.pass(60_000);
  t.ok(blockers(world.gate(id, 'activate')).includes('key_identity:fail'));
  const reused = world.store.audit({ limit: 1_000 }).filter((e) => e.action === 'kid_reused');
  t.equal(reused.length, 1);
  t.end();
});

t.test('a retired key that is published again is told, and cannot be rotated to', (t) => {
  const { world, id } = rotating({ until: 'retired' });
  t.ok(world.declare(id, 'complete').ok);
  t.equal(recordOf(world, OLD)?.tombstone, 'retired');
  world.served = [OLD, NEW];
  world.pass(60_000);
  const back = world.store.audit({ limit: 1_000 }).filter((e) => e.action === 'retired_key_back');
  t.equal(back.length, 1, 'told once');
  const again = world.act({
    type: 'start',
    id: 'r-back',
    by: 'tester',
    issuer: ISSUER,
    alg: 'RS256',
    oldKid: 'new',
    newKid: 'old',
    newThumbprint: null,
  });
  t.ok(again.ok);
  t.ok(blockers(world.gate('r-back', 'publish')).includes('key_identity:fail'));
  t.end();
});

t.test('a rotation that named a kid takes the first key published under it', (t) => {
  const { world, id } = rotating({ until: 'started' });
  t.equal(world.state.rotations.get(id)?.newThumbprint, null);
  world.sight([OLD, NEW]);
  t.equal(world.state.rotations.get(id)?.newThumbprint, NEW.thumbprint);
  world.sight([OLD, keyOf('new', 'later')]);
  t.equal(world.state.rotations.get(id)?.newThumbprint, NEW.thumbprint, 'and keeps it');
  t.end();
});

t.test('failing and recovering vantages are told once each', (t) => {
  const { world, id } = rotating();
  for (let i = 0; i < 5; i++) world.sightFailure();
  t.equal(
    world.state.issuers.get(ISSUER)?.vantages.get('https://issuer.test/jwks')?.consecutiveFailures,
    5,
  );
  t.ok(blockers(world.gate(id, 'activate')).includes('jwks_healthy:fail'));
  world.sight();
  t.same(blockers(world.gate(id, 'activate')), []);
  const told = world.store.audit({ limit: 1_000 }).filter((e) => e.action === 'jwks_unreadable');
  t.equal(told.length, 1);
  t.end();
});

t.test('an issuer that publishes keys without end fills no memory, and is not trusted', (t) => {
  const { world, id } = rotating();
  for (let batch = 0; batch * 500 <= KEYS_PER_ISSUER_MAX; batch++) {
    const junk = Array.from({ length: 500 }, (_, i) => ({
      kid: `k${batch}-${i}`,
      thumbprint: `${batch}-${i}`.padEnd(43, 'x'),
      alg: 'RS256',
    }));
    world.sight([OLD, NEW, ...junk]);
  }
  t.equal(world.state.issuers.get(ISSUER)?.keys.size, KEYS_PER_ISSUER_MAX);
  t.ok(world.state.health.droppedKeys > 0);
  t.ok(blockers(world.gate(id, 'activate')).includes('jwks_healthy:unknown'));
  t.end();
});
