import t from 'tap';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import {
  emptyIssuer,
  forgetSightings,
  KEYS_PER_ISSUER_MAX,
  restoreKey,
  servedEverywhere,
} from '../../src/core/issuers.ts';
import type { AuditEntry, KeyRecord, RotationRecord } from '../../src/core/records.ts';
import { auditOf } from '../support/observing.ts';
import { keyIdentity, usageKey } from '../../src/core/state.ts';
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

function keyRecord(key: KeyRef, part: Partial<KeyRecord> = {}): KeyRecord {
  return {
    issuer: ISSUER,
    key,
    firstSeenAtMs: 1,
    publishedAtMs: null,
    withdrawnAtMs: null,
    tombstone: null,
    declaredLifetimeMs: null,
    unclaimed: false,
    ...part,
  };
}

/** `action kid rotation` of what was told since. */
function told(world: World, after = 0): string[] {
  return world.store
    .audit({ limit: 1_000 })
    .slice(after)
    .filter(({ kind }) => kind === 'observation')
    .map(({ action, detail, rotationId }) => `${action} ${String(detail['kid'])} ${rotationId}`);
}

t.test('an issuer nobody has read yet', (t) => {
  t.match(emptyIssuer(issuerOf({ vantages: [A, B] })), {
    issuer: ISSUER,
    cacheLives: [],
    paced: false,
    unread: new Set([A, B]),
  });
  t.same([...emptyIssuer(issuerOf({ vantages: [A, B] })).vantages.keys()], [A, B]);
  t.end();
});

t.test('sightings of nobody known are no matter', (t) => {
  const world = worldOfTwo();
  world.sight([OLD], 'https://elsewhere.test');
  world.state.issuers.clear();
  world.sight([OLD], A);
  t.same(told(world), []);
  t.end();
});

t.test('a kid with other material is kept in mind with all it ever stood for', (t) => {
  const issuer = emptyIssuer(issuerOf());
  restoreKey(issuer, keyRecord(OLD));
  restoreKey(issuer, keyRecord(NEW, { unclaimed: true }));
  restoreKey(issuer, keyRecord(OLD));
  t.equal(issuer.reusedKids.size, 0, 'the same again is none');
  t.same([...issuer.kids], ['old', 'new']);
  t.same([...issuer.unclaimed], [keyIdentity(NEW)]);
  restoreKey(issuer, keyRecord(keyOf('new', 'x')));
  t.same([...issuer.reusedKids], [['new', [NEW, keyOf('new', 'x')]]]);
  restoreKey(issuer, keyRecord(keyOf('new', 'y')));
  t.equal(issuer.reusedKids.get('new')?.length, 3);
  t.end();
});

t.test('what is told of keys, and of which rotation', (t) => {
  const { world, id } = rotating({ until: 'started' });
  const start = world.store.audit({ limit: 1_000 }).length;
  const since = () => told(world, start);
  world.served = [OLD, NEW];
  world.sight();
  t.same(since(), [`key_seen new ${id}`]);
  world.sight();
  t.same(since().slice(1), [`key_published new ${id}`]);
  world.sight([OLD]);
  t.same(since().slice(2), [`key_vanished new ${id}`]);
  world.sight([OLD]);
  t.same(since().slice(3), [`key_withdrawn new ${id}`]);
  world.sight([OLD, NEW]);
  t.same(since().slice(4), [`key_back new ${id}`]);
  world.sight([OLD, NEW]);
  world.sight([NEW]);
  t.same(since().slice(5), [`key_published new ${id}`, `key_vanished old ${id}`]);
  world.sight([OLD, NEW, keyOf('third')]);
  t.same(since().slice(7), ['key_seen third null']);
  world.sight([OLD, NEW, keyOf('third', 'x')]);
  t.ok(since().includes('kid_reused third null'));
  t.match(recordOf(world, keyOf('third')), { tombstone: null, unclaimed: true });
  t.match(recordOf(world, keyOf('third', 'x')), { tombstone: 'reused', unclaimed: false });
  world.sightFailure('no answer');
  t.equal(since().at(-1), `jwks_unreadable null ${id}`);
  const messages = new Map(
    world.store.audit({ limit: 1_000 }).map(({ action, message }) => [action, message]),
  );
  const expected: readonly [string, RegExp][] = [
    ['key_seen', /^key third \(RS256\) appeared in the JWKS$/],
    ['key_published', /^key \w+ is served at every vantage$/],
    ['kid_reused', /^kid third appeared with other key material$/],
    ['key_vanished', /^key \w+ is missing at a vantage$/],
    ['key_withdrawn', /^key new is served nowhere any more$/],
    ['key_back', /^key new is served again$/],
    ['jwks_unreadable', /^JWKS at https:\/\/issuer\.test\/jwks: no answer$/],
  ];
  for (const [action, message] of expected) t.match(messages.get(action), message);
  const [entry] = auditOf(world, 'kid_reused');
  t.match(entry, {
    atMs: world.atMs,
    kind: 'observation',
    actor: 'keyturn',
    detail: { issuer: ISSUER, kid: 'third' },
  } satisfies Partial<AuditEntry>);
  t.end();
});

t.test('which rotation a kid is of: an open one, else the last that retired it', (t) => {
  const rows: [string, readonly Partial<RotationRecord>[], string | null][] = [
    ['none', [], null],
    ['an open one to it', [{ newKid: 'x' }], 'r0'],
    ['an open one from it', [{ oldKid: 'x' }], 'r0'],
    ['an open one of others', [{}], null],
    ['another issuer', [{ newKid: 'x', issuer: 'y' }], null],
    ['one that was aborted', [{ oldKid: 'x', endedAtMs: 5, outcome: 'aborted' }], null],
    ['the one that retired it', [{ oldKid: 'x', endedAtMs: 5, outcome: 'completed' }], 'r0'],
    ['one that brought it', [{ newKid: 'x', endedAtMs: 5, outcome: 'completed' }], null],
    [
      'the last of two, in any order',
      [
        { oldKid: 'x', endedAtMs: 9, outcome: 'completed' },
        { oldKid: 'x', endedAtMs: 5, outcome: 'completed' },
      ],
      'r0',
    ],
    [
      'the last of two',
      [
        { oldKid: 'x', endedAtMs: 5, outcome: 'completed' },
        { oldKid: 'x', endedAtMs: 9, outcome: 'completed' },
      ],
      'r1',
    ],
    [
      'an open one before all',
      [{ oldKid: 'x', endedAtMs: 5, outcome: 'completed' }, { newKid: 'x' }],
      'r1',
    ],
  ];
  for (const [name, rotations, expected] of rows) {
    const world = new World(policyOf([serviceOf('orders')]));
    for (const [at, part] of rotations.entries()) {
      const base = { issuer: ISSUER, oldKid: 'a', newKid: 'b', endedAtMs: null, keyKind: 'public' };
      world.state.rotations.set(`r${at}`, { id: `r${at}`, ...base, ...part } as RotationRecord);
    }
    world.sight([keyOf('x')]);
    t.same(told(world), [`key_seen x ${expected}`], name);
  }
  t.end();
});

t.test('gates are looked at again when it matters, and only those of the issuer', (t) => {
  const { world, id } = rotating();
  const { state } = world;
  const other = state.rotations.get(id);
  if (other === undefined) throw new Error('no rotation');
  state.rotations.set('away', { ...other, id: 'away', issuer: 'x' });
  const touched = (change: () => void): string[] => {
    state.unevaluated.clear();
    change();
    return [...state.unevaluated];
  };
  t.same(
    touched(() => world.sight()),
    [],
    'as before',
  );
  t.same(
    touched(() => world.sightFailure()),
    [id],
    'it fails',
  );
  t.same(
    touched(() => world.sightFailure()),
    [],
    'it still does',
  );
  t.same(
    touched(() => world.sight()),
    [id],
    'it is back',
  );
  t.same(
    touched(() => world.sight([OLD, NEW, keyOf('x')])),
    [],
    'another key',
  );
  t.same(
    touched(() => world.sight([OLD, NEW, keyOf('x', 'y')])),
    [id],
    'a kid is reused',
  );
  world.sight();
  t.same(
    touched(() => world.sight([OLD])),
    [id],
    'a key of it is gone',
  );
  t.same(
    touched(() => world.sight([OLD, NEW])),
    [],
    'seen once',
  );
  t.same(
    touched(() => world.sight([OLD, NEW])),
    [id],
    'published',
  );
  forgetSightings(state);
  t.same(
    touched(() => world.sight()),
    [id],
    'the first since',
  );
  t.end();
});

t.test('standings follow what is published', (t) => {
  const { world, id } = rotating();
  const grade = () => world.state.fleet.verifiers.get('orders/a/jwks')?.standings.get(id)?.holdsNew;
  t.equal(grade(), 'present');
  world.sight([OLD]);
  t.equal(grade(), 'stale');
  world.sight([OLD, NEW]);
  world.sight([OLD, NEW]);
  t.equal(grade(), 'present', 'a report of that moment');
  const old = () => world.state.fleet.verifiers.get('orders/a/jwks')?.standings.get(id)?.holdsOld;
  world.verifiers[0]?.report({ keys: [NEW] });
  t.equal(old(), 'unknown');
  world.sight([NEW]);
  world.sight([NEW]);
  t.equal(old(), 'dropped', 'a report of the moment of its withdrawal');
  t.end();
});

t.test('a kid that becomes known is counted from what was reported of it before', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  world.sight([OLD]);
  const counts = ['old', 'new'].map((kid) => ({ kid, outcomes: { ok: 2 } }));
  world.join('orders', 'a').report({ counts });
  const totals = (kid: string) => world.state.totals.get(usageKey(ISSUER, kid));
  t.equal(totals('new'), undefined);
  world.state.totals.set(usageKey(ISSUER, 'old'), { ok: 70 });
  world.sight([OLD, NEW]);
  t.same(totals('new'), { ok: 2 });
  t.same(totals('old'), { ok: 70 }, 'known before');
  t.end();
});

t.test('what is declared while a key is served is kept, when it is longer', (t) => {
  const { world } = rotating({ until: 'started' });
  const declared = () => recordOf(world, OLD)?.declaredLifetimeMs;
  const settle = (maxTokenLifetimeMs: number | null) => {
    const issuers = new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs })]]);
    world.state = { ...world.state, policy: { ...world.policy, issuers } };
    const before = recordOf(world, OLD);
    world.sight();
    return [declared(), recordOf(world, OLD) === before];
  };
  t.equal(declared(), 600_000);
  t.same(settle(600_000), [600_000, true]);
  t.same(settle(60_000), [600_000, true]);
  t.same(settle(null), [600_000, true]);
  t.same(settle(700_000), [700_000, false]);
  t.equal(
    world.store.load().keys.find(({ key }) => key.kid === 'old')?.declaredLifetimeMs,
    700_000,
  );
  world.sight([OLD, NEW]);
  t.equal(recordOf(world, NEW)?.declaredLifetimeMs, 700_000);
  t.end();
});

t.test('a rotation takes the thumbprint of a key that was there already', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  const id = (world.sight([OLD, NEW]), world.start({ oldKid: 'old' }));
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  const rows: [string, Partial<RotationRecord>, string | null][] = [
    ['by kid alone', {}, NEW.thumbprint],
    ['of another kid', { newKid: 'x' }, null],
    ['of another issuer', { issuer: 'x' }, null],
    ['known', { newThumbprint: 'known' }, 'known'],
    ['a secret has none', { keyKind: 'secret' }, null],
    ['ended', { endedAtMs: 5 }, null],
  ];
  for (const [name, part, expected] of rows) {
    world.state.rotations.set(id, { ...rotation, newThumbprint: null, ...part });
    world.sight([OLD, NEW]);
    t.equal(world.state.rotations.get(id)?.newThumbprint, expected, name);
  }
  t.end();
});

t.test('a secret is neither published nor gone, whatever documents show', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  const issuer = world.state.issuers.get(ISSUER);
  if (issuer === undefined) throw new Error('no issuer');
  const secret = { kid: 's', thumbprint: '', alg: 'HS256' };
  restoreKey(issuer, keyRecord(secret));
  for (let n = 0; n < 3; n += 1) world.sight([OLD]);
  t.same(recordOf(world, secret), keyRecord(secret));
  t.same([...issuer.vantages.values()][0]?.missedRuns.size, 0);
  t.end();
});

t.test('served everywhere: at each address, by what was read last', (t) => {
  const world = worldOfTwo();
  const issuer = world.state.issuers.get(ISSUER);
  if (issuer === undefined) throw new Error('no issuer');
  const after = (...readings: string[]) => {
    read(world, readings);
    return servedEverywhere(issuer, NEW);
  };
  t.equal(after('a: new'), false);
  t.equal(after('b: new'), true);
  t.equal(after('a: !'), true, 'what cannot be read is as it was');
  t.equal(after('a: old'), false);
  forgetSightings(world.state);
  t.equal(servedEverywhere(issuer, NEW), false);
  t.end();
});

const SECRET = keyRecord({ kid: 's', thumbprint: '', alg: 'HS256' });

t.test('keys beyond the bound are told of by when one was dropped', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  const issuer = world.state.issuers.get(ISSUER);
  if (issuer === undefined) throw new Error('no issuer');
  for (let n = 1; n < KEYS_PER_ISSUER_MAX; n += 1) issuer.keys.set(`k${n}`, SECRET);
  world.sight([OLD]);
  t.equal(issuer.keys.size, KEYS_PER_ISSUER_MAX, 'it just fits');
  t.match(world.state.health, { droppedKeys: 0, droppedKeyAtMs: null });
  world.atMs += 5;
  world.sight([OLD, NEW]);
  t.match(world.state.health, { droppedKeys: 1, droppedKeyAtMs: world.atMs });
  t.equal(recordOf(world, NEW), undefined);
  t.end();
});

t.test('a retired key that never left is not back', (t) => {
  const { world } = rotating();
  const keys = world.state.issuers.get(ISSUER)?.keys;
  keys?.set(keyIdentity(OLD), keyRecord(OLD, { tombstone: 'retired' }));
  world.sight();
  t.same(auditOf(world, 'retired_key_back'), []);
  keys?.set(keyIdentity(OLD), keyRecord(OLD, { tombstone: 'retired', withdrawnAtMs: 5 }));
  world.sight();
  t.match(auditOf(world, 'retired_key_back'), [{ message: 'retired key old is published again' }]);
  t.end();
});
