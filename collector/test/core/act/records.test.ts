import t from 'tap';
import type { Act, ActResult } from '../../../src/core/acts.ts';
import { ATTEST, LEDGER, REMOVE, START, WAIVE } from '../../support/acts.ts';
import { ISSUER, issuerOf, keyOf, NEW, OLD } from '../../support/policies.ts';
import { CANARY } from '../../support/probing.ts';
import { rotating } from '../../support/rotating.ts';
import { secretRotating } from '../../support/secret-rotating.ts';

/** Everything a result has beside what is expected of it is empty. */
const NOTHING = {
  ok: true,
  rotation: null,
  verdict: null,
  attestation: null,
  waiver: null,
  rehearsal: null,
  removed: 0,
  alert: null,
  silence: null,
};
const FRESH = {
  declared: {},
  switchedAtMs: null,
  switchSeenAtMs: null,
  firstSwitchedAtMs: null,
  rolledBackAtMs: null,
  failuresAtSwitch: 0,
  endedAtMs: null,
  outcome: null,
  tainted: false,
  origin: 'declared',
  endedBecause: null,
  findings: [],
};

t.test('start: the rotation, of keys and of secrets', (t) => {
  const { world, id } = rotating({ until: 'published' });
  world.declare(id, 'abort');
  t.same(world.act(START), {
    ...NOTHING,
    rotation: {
      ...FRESH,
      id: 'r-2',
      issuer: ISSUER,
      alg: 'RS256',
      oldAlg: 'RS256',
      keyKind: 'public',
      oldKid: 'old',
      oldThumbprint: OLD.thumbprint,
      newKid: 'new',
      newThumbprint: NEW.thumbprint,
      startedAtMs: world.atMs,
      startedBy: 'tester',
    },
  });
  const secret = secretRotating({ until: 'started' });
  secret.world.declare(secret.id, 'abort');
  const act = { ...START, alg: 'HS256', oldKid: 's2', newKid: 's3' };
  t.same(secret.world.act(act), {
    ...NOTHING,
    rotation: {
      ...FRESH,
      id: 'r-2',
      issuer: ISSUER,
      alg: 'HS256',
      oldAlg: 'HS256',
      keyKind: 'secret',
      oldKid: 's2',
      oldThumbprint: null,
      newKid: 's3',
      newThumbprint: null,
      startedAtMs: secret.world.atMs,
      startedBy: 'tester',
    },
  });
  t.end();
});

t.test('start: which key is the old one, and which is meant by the new', (t) => {
  const started = (served: readonly (typeof OLD)[], part: Partial<typeof START> = {}) => {
    const { world, id } = rotating({ until: 'started' });
    world.declare(id, 'abort');
    for (let i = 0; i < 3; i++) world.sight(served);
    const result = world.act({ ...START, ...part });
    if (!result.ok) return result.refusal.message;
    const { oldKid, oldAlg, newThumbprint } = result.rotation ?? {};
    return [oldKid, oldAlg, newThumbprint];
  };
  const ec = { ...keyOf('ec'), alg: 'ES256' };
  const plain = { ...keyOf('plain'), alg: '' };
  t.same(started([OLD, ec]), ['old', 'RS256', null], 'the one of the algorithm');
  t.same(started([plain, ec]), ['plain', 'RS256', null], 'one that names no algorithm may be it');
  t.same(started([OLD, NEW]), ['old', 'RS256', NEW.thumbprint], 'the new one is not the old one');
  t.same(started([OLD, NEW, keyOf('new', 'x')]), ['old', 'RS256', null], 'two under the new kid');
  t.same(started([OLD, NEW], { newThumbprint: OLD.thumbprint }), ['old', 'RS256', OLD.thumbprint]);
  t.same(started([OLD, ec], { alg: 'ES256', oldKid: 'old' }), ['old', 'RS256', null]);
  t.same(started([ec], { oldKid: 'old' }), 'expected a key the issuer publishes now, got old');
  t.end();
});

t.test('start: a key that was tainted stays so', (t) => {
  const { world, id } = rotating({ until: 'known' });
  world.declare(id, 'taint');
  world.declare(id, 'abort', 'another way');
  t.match(world.act({ ...START, oldKid: 'old', newKid: 'third' }), {
    ok: true,
    rotation: { tainted: true },
  });
  t.end();
});

t.test('attest and waive: what is kept, and for how long', (t) => {
  const { world } = rotating({ services: [LEDGER] });
  const { atMs } = world;
  const kept = (result: ActResult, part: 'attestation' | 'waiver'): unknown =>
    result.ok && result.rotation?.id === 'r-1' ? { ...result, rotation: null }[part] : result;
  t.same(kept(world.act({ ...ATTEST, instance: 'x' }), 'attestation'), {
    id: 'att-1',
    rotationId: 'r-1',
    service: 'ledger',
    instance: 'x',
    fact: 'holds_new',
    by: 'tester',
    reason: 'deployed',
    atMs,
    expiresAtMs: atMs + 60_000,
  });
  t.same(kept(world.act(WAIVE), 'waiver'), {
    id: 'wvr-1',
    rotationId: 'r-1',
    gate: 'activate',
    checkId: 'fleet_heard',
    by: 'tester',
    reason: 'known',
    atMs,
    expiresAtMs: atMs + 60_000,
  });
  const longest = 400 * 86_400_000;
  t.ok(world.act({ ...ATTEST, id: 'att-2', validForMs: longest }).ok, 'to the millisecond');
  t.same(world.store.load().attestations.length, 2);
  t.same(world.store.load().waivers.length, 1);
  t.end();
});

t.test('declare: what each step changes of a rotation, and nothing else', (t) => {
  const { world, id } = rotating({ until: 'known' });
  const record = () => world.state.rotations.get(id);
  const changed = (step: Parameters<typeof world.declare>[1], override: string | null = null) => {
    world.pass(1_000);
    const before = record();
    const result = world.declare(id, step, override);
    if (!result.ok) throw new Error(result.refusal.message);
    const after = record();
    const fields = Object.entries(after ?? {}).filter(
      ([name, value]) => value !== before?.[name as keyof typeof before],
    );
    t.match(after?.declared[step], {
      atMs: world.atMs,
      by: 'tester',
      overrideReason: override,
      reason: step === 'taint' || step === 'destroy_old_key' ? 'a test says so' : null,
    });
    return Object.fromEntries(fields.filter(([name]) => name !== 'declared'));
  };
  t.same(changed('publish'), {});
  t.same(changed('activate'), { switchedAtMs: world.atMs, firstSwitchedAtMs: world.atMs });
  t.same(changed('activate'), { switchedAtMs: world.atMs });
  t.same(changed('retire', 'too early'), {});
  t.same(changed('destroy_old_key'), {});
  t.same(changed('rollback', 'it failed'), {
    switchedAtMs: null,
    firstSwitchedAtMs: null,
    rolledBackAtMs: world.atMs,
  });
  t.same(changed('taint'), { tainted: true });
  t.same(changed('complete', 'by hand'), { endedAtMs: world.atMs, outcome: 'completed' });
  const other = rotating({ until: 'known' });
  other.world.declare(other.id, 'abort');
  t.match(other.world.state.rotations.get(other.id), {
    endedAtMs: other.world.atMs,
    outcome: 'aborted',
  });
  t.end();
});

t.test('declare: an override that nothing needed is not kept', (t) => {
  const { world, id } = rotating({ until: 'known' });
  const result = world.declare(id, 'activate', 'to be sure');
  t.match(result, { ok: true, verdict: { gate: 'activate', status: 'open' } });
  t.equal(world.state.rotations.get(id)?.declared.activate?.overrideReason, null);
  t.match(world.declare(id, 'taint'), { ok: true, verdict: null });
  t.end();
});

t.test('declare: a taint says in the trail what it cuts off, once', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  for (let i = 0; i < 2; i++) world.declare(id, 'taint');
  const entries = world.store
    .audit({ limit: 1_000 })
    .filter(({ action }) => action === 'blast_radius');
  t.equal(entries.length, 1);
  t.match(entries[0], {
    kind: 'observation',
    rotationId: id,
    actor: 'keyturn',
    message: /^old was tainted: 2 verifiers accepted old 20 times/,
    detail: { unbounded: [] },
  });
  t.end();
});

t.test('remove: one cache, all of an instance, and nobody else', (t) => {
  const { world } = rotating();
  for (const [instance, cache] of [
    ['c', 'one'],
    ['c', 'two'],
    ['d', 'one'],
  ] as const) {
    world.join('orders', instance, { cache }).report({ keys: [OLD, NEW] });
  }
  world.pass(60_000, { silent: ['orders/c/one', 'orders/c/two', 'orders/d/one'] });
  const remove = (part: Partial<typeof REMOVE>) => world.act({ ...REMOVE, ...part });
  t.same(remove({ instance: 'c', cache: 'two' }), { ...NOTHING, removed: 1 });
  t.same([...world.state.fleet.verifiers.keys()].sort(), [
    'orders/a/jwks',
    'orders/b/jwks',
    'orders/c/one',
    'orders/d/one',
  ]);
  t.same(remove({ instance: 'c' }), { ...NOTHING, removed: 1 });
  t.match(remove({ instance: 'a', cache: 'jwks' }), { ok: false });
  t.end();
});

t.test('canaries that are taken change nothing', (t) => {
  const { world, id } = rotating();
  const issuers = new Map([[ISSUER, issuerOf({ canary: CANARY })]]);
  world.restart({ policy: { ...world.policy, issuers } });
  const act: Act = {
    type: 'hand_over_canaries',
    by: 'tester',
    rotationId: id,
    expiresAtMs: world.atMs + 60_000,
    problem: null,
  };
  const rotation = world.state.rotations.get(id);
  t.same(world.act(act), { ...NOTHING, rotation });
  t.match(world.store.audit({ limit: 1_000 }).at(-1), {
    kind: 'act',
    message: 'hands over canary tokens that are good until 2026-01-01T00:02:35Z',
  });
  t.end();
});

t.test('rehearse: not where nobody here switches, and unknown without its issuer', (t) => {
  const { world, id } = rotating();
  const record = world.state.rotations.get(id);
  if (record === undefined) throw new Error('no rotation');
  world.state.rotations.set('r-9', { ...record, id: 'r-9', origin: 'observed' });
  t.match(world.rehearse('r-9'), {
    ok: false,
    refusal: {
      code: 'conflict',
      field: 'rotation_id',
      message:
        'rotation r-9 was observed, so nobody here switches its signer or could switch it back',
    },
  });
  world.restart({ policy: { ...world.policy, issuers: new Map() } });
  world.pass(60_000);
  const result = world.rehearse(id);
  t.match(result, {
    ok: true,
    rehearsal: { status: 'unknown', checks: [{ id: 'issuer_configured', status: 'unknown' }] },
  });
  t.end();
});

t.test('a look is good for a quarter of an hour, and a second of the future is forgiven', (t) => {
  const { world, id } = rotating();
  const taint = (ageMs: number) =>
    world.act({
      type: 'declare',
      by: 'tester',
      rotationId: id,
      step: 'taint',
      overrideReason: null,
      reason: 'stolen',
      confirm: { oldKid: 'old', seenAtMs: world.atMs - ageMs },
    }).ok;
  t.same([-1_001, -1_000, 900_000, 900_001].map(taint), [false, true, true, false]);
  t.end();
});

t.test('the old private key of a key that was withdrawn may go, switched or not', (t) => {
  const { world, id } = rotating({ until: 'known' });
  t.equal(world.declare(id, 'destroy_old_key').ok, false);
  world.served = [NEW];
  world.pass(30_000);
  t.equal(world.declare(id, 'destroy_old_key').ok, true);
  t.end();
});

t.test('start of a secret: a tainted one stays so, and what was counted before counts', (t) => {
  const { world, id, a } = secretRotating({ until: 'started' });
  world.declare(id, 'taint');
  world.declare(id, 'abort', 'another way');
  const keys = [
    { kid: 's1', thumbprint: '', alg: 'HS256' },
    { kid: 's3', thumbprint: '', alg: 'HS256' },
  ];
  a.report({
    keys,
    dataAgeMs: null,
    secretsAgeMs: 0,
    counts: [{ kid: 's3', outcomes: { unknown_kid: 9 } }],
  });
  const act = { ...START, alg: 'HS256', oldKid: 's1', newKid: 's3' };
  const started = world.act(act);
  t.match(started, { ok: true, rotation: { tainted: true } });
  world.declare('r-2', 'activate', 'now');
  t.equal(world.state.rotations.get('r-2')?.failuresAtSwitch, 9);
  t.equal(world.gate('r-2', 'rollback').advised, false);
  t.end();
});
