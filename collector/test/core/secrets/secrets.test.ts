import t from 'tap';
import { retireOldKey } from '../../../src/core/retired-key.ts';
import {
  buryDroppedSecret,
  keepSecret,
  keepSecretLifetimes,
  secretRecord,
} from '../../../src/core/secrets/secrets.ts';
import type { RotationRecord } from '../../../src/core/records.ts';
import { keyIdentity } from '../../../src/core/state.ts';
import type { Write } from '../../../src/core/writes.ts';
import { ISSUER, issuerOf, OLD, policyOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

function begin(maxTokenLifetimeMs: number | null = 600_000) {
  const issuers = new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs, sharedSecrets: true })]]);
  const world = new World(policyOf([], { issuers }));
  world.sight([OLD]);
  const issuer = world.state.issuers.get(ISSUER);
  if (issuer === undefined) throw new Error('no issuer');
  const writes: Write[] = [];
  return { world, state: world.state, issuer, writes };
}

function secret(atMs: number, declaredLifetimeMs: number | null = 600_000) {
  return {
    issuer: ISSUER,
    key: { kid: 's1', thumbprint: '', alg: 'HS256' },
    firstSeenAtMs: atMs,
    publishedAtMs: null,
    withdrawnAtMs: null,
    tombstone: null,
    declaredLifetimeMs,
    unclaimed: false,
  };
}

t.test('the id of a secret is remembered, once, and stands for no other key', (t) => {
  const { world, state, issuer, writes } = begin();
  t.equal(secretRecord(issuer, 's1'), undefined);
  keepSecret(state, issuer, 's1', 'HS256', world.now(), writes);
  const record = secret(world.atMs);
  t.same(secretRecord(issuer, 's1'), record);
  t.ok(issuer.kids.has('s1'));
  t.same(writes, [{ kind: 'key', record }]);
  world.atMs += 5;
  keepSecret(state, issuer, 's1', 'HS512', world.now(), writes);
  t.same(secretRecord(issuer, 's1'), record);
  t.equal(writes.length, 1);
  const open = begin(null);
  keepSecret(open.state, open.issuer, 's1', 'HS256', open.world.now(), []);
  t.equal(secretRecord(open.issuer, 's1')?.declaredLifetimeMs, null, 'nobody declared any');
  t.end();
});

t.test('a dropped secret is retired for ever', (t) => {
  const { world, state, issuer, writes } = begin();
  buryDroppedSecret(issuer, 's1', world.now(), writes);
  t.same(writes, [], 'one that nobody knows');
  keepSecret(state, issuer, 's1', 'HS256', world.now(), []);
  const firstSeenAtMs = world.atMs;
  world.atMs += 5;
  buryDroppedSecret(issuer, 's1', world.now(), writes);
  const record = { ...secret(firstSeenAtMs), withdrawnAtMs: world.atMs, tombstone: 'retired' };
  t.same(secretRecord(issuer, 's1'), record);
  t.same(writes, [{ kind: 'key', record }]);
  t.end();
});

t.test('a longer lifetime that is declared while a secret is in use is kept', (t) => {
  const { world, state, issuer } = begin();
  keepSecret(state, issuer, 's1', 'HS256', world.now(), []);
  const settle = (maxTokenLifetimeMs: number | null) => {
    const issuers = new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs })]]);
    const writes: Write[] = [];
    keepSecretLifetimes({ ...state, policy: { ...state.policy, issuers } }, writes);
    return writes;
  };
  t.same(settle(600_000), [], 'as it is');
  t.same(settle(60_000), [], 'never lowered');
  t.same(settle(null), []);
  const record = secret(world.atMs, 700_000);
  t.same(settle(700_000), [{ kind: 'key', record }], 'and no public key is looked at');
  t.same(secretRecord(issuer, 's1'), record);
  issuer.keys.set(keyIdentity(record.key), { ...record, declaredLifetimeMs: null });
  t.same(settle(5), [{ kind: 'key', record: { ...record, declaredLifetimeMs: 5 } }]);
  buryDroppedSecret(issuer, 's1', world.now(), []);
  t.same(settle(800_000), [], 'what is retired signs nothing');
  const nobody: Write[] = [];
  keepSecretLifetimes({ ...state, policy: { ...state.policy, issuers: new Map() } }, nobody);
  t.same(nobody, [], 'nobody configured it');
  t.end();
});

t.test('the old key of a completed rotation never comes back', (t) => {
  const rows: [string, Partial<RotationRecord>, string | null][] = [
    ['a public key', { oldKid: 'old', oldThumbprint: OLD.thumbprint }, 'old'],
    ['one that was never seen', { oldKid: 'x', oldThumbprint: OLD.thumbprint }, null],
    ['one whose thumbprint nobody knows', { oldKid: 'old', oldThumbprint: null }, null],
    ['of an issuer nobody configured', { issuer: 'x', oldThumbprint: OLD.thumbprint }, null],
    ['a secret', { keyKind: 'secret', oldKid: 's1', oldThumbprint: null }, 's1'],
    [
      'a public key under the id of a secret',
      { keyKind: 'public', oldKid: 's1', oldThumbprint: null },
      null,
    ],
  ];
  for (const [name, part, expected] of rows) {
    const { world, state, issuer } = begin();
    keepSecret(state, issuer, 's1', 'HS256', world.now(), []);
    const writes: Write[] = [];
    const rotation = { issuer: ISSUER, keyKind: 'public', oldKid: 'old', ...part };
    retireOldKey(state, rotation as RotationRecord, world.now(), writes);
    const retired = [...issuer.keys.values()].filter(({ tombstone }) => tombstone === 'retired');
    t.same(
      retired.map(({ key }) => key.kid),
      expected === null ? [] : [expected],
      name,
    );
    t.same(
      writes,
      retired.map((record) => ({ kind: 'key', record })),
      `${name}: kept`,
    );
  }
  t.end();
});
