import t from 'tap';
import { LEDGER, REMOVE, START } from '../../support/acts.ts';
import { ISSUER, keyOf, NEW, OLD, policyOf, profileOf, serviceOf } from '../../support/policies.ts';
import { ORDERS, rotating } from '../../support/rotating.ts';
import { checkOf, World } from '../../support/world.ts';

t.test('start names the old key by itself, and its thumbprints', (t) => {
  const { world, id } = rotating({ until: 'started' });
  t.match(world.state.rotations.get(id), {
    oldKid: 'old',
    oldThumbprint: OLD.thumbprint,
    newThumbprint: null,
    switchedAtMs: null,
    outcome: null,
  });
  t.end();
});

t.test('another algorithm is another rotation', (t) => {
  const { world } = rotating();
  const es = (kid: string) => ({ ...keyOf(kid), alg: 'ES256' });
  world.sight([OLD, NEW, es('es-old')]);
  const started = world.act({ ...START, alg: 'ES256', newKid: 'es-new' });
  t.match(started, { ok: true, rotation: { oldKid: 'es-old', newKid: 'es-new' } });
  t.equal(checkOf(world.gate('r-1', 'activate'), 'one_rotation').status, 'pass');
  t.end();
});

t.test('the same kids at another issuer are another rotation', (t) => {
  const other = 'https://other.test';
  const policy = policyOf([ORDERS]);
  const [issuer] = policy.issuers.values();
  if (issuer === undefined) {
    t.fail('no issuer');
    t.end();
    return;
  }
  const issuers = new Map([
    [ISSUER, issuer],
    [other, { ...issuer, issuer: other, vantages: [`${other}/jwks`] }],
  ]);
  const world = new World({ ...policy, issuers });
  world.sight();
  world.take({
    type: 'sighting',
    sighting: {
      issuer: other,
      vantage: `${other}/jwks`,
      result: {
        ok: true,
        keys: [OLD],
        untrackedKeys: 0,
        bytes: 1,
        documentSha256: '00',
        maxAgeS: null,
        staleS: 0,
        ageS: null,
        originDateMs: world.atMs,
      },
    },
  });
  world.start();
  t.ok(world.act({ ...START, issuer: other }).ok);
  t.end();
});

t.test('a step against its gate needs a reason, which is kept', (t) => {
  const { world, id, b } = rotating();
  b.report({ keys: [OLD] });
  t.ok(world.declare(id, 'activate', 'the site is down anyway').ok);
  t.equal(
    world.state.rotations.get(id)?.declared.activate?.overrideReason,
    'the site is down anyway',
  );
  const open = rotating();
  open.world.declare(open.id, 'activate', 'to be sure');
  t.equal(
    open.world.state.rotations.get(open.id)?.declared.activate?.overrideReason,
    null,
    'not needed',
  );
  t.end();
});

t.test('what each step leaves behind', (t) => {
  const { world, id } = rotating();
  const now = () => world.state.rotations.get(id);
  world.declare(id, 'publish');
  world.declare(id, 'activate');
  const firstMs = world.atMs;
  t.match(now(), { switchedAtMs: firstMs, switchSeenAtMs: null });
  world.pass(10_000);
  world.declare(id, 'activate');
  t.equal(now()?.switchedAtMs, firstMs + 10_000, 'a second declaration moves the switch later');
  world.declare(id, 'taint');
  t.equal(now()?.tainted, true);
  const taintedMs = world.atMs;
  world.pass(1_000);
  world.declare(id, 'taint');
  t.equal(now()?.declared.taint?.atMs, taintedMs, 'a second time hides nothing of the first');
  world.declare(id, 'rollback', 'it failed');
  t.equal(now()?.switchedAtMs, null);
  t.equal(now()?.rolledBackAtMs, world.atMs);
  world.declare(id, 'abort', 'nobody got a token of it');
  t.match(now(), { outcome: 'aborted', endedAtMs: world.atMs });
  t.match(Object.keys(now()?.declared ?? {}).sort(), [
    'abort',
    'activate',
    'publish',
    'rollback',
    'taint',
  ]);
  t.end();
});

t.test('completion retires the old kid for ever and lets go of the counters', (t) => {
  const { world, id } = rotating({ until: 'retired' });
  t.ok(world.declare(id, 'complete').ok);
  t.equal(world.state.rotations.get(id)?.outcome, 'completed');
  for (const ofIssuer of world.state.fleet.groups.values()) {
    for (const group of ofIssuer.values()) t.notOk(group.tallies.has(id));
  }
  for (const verifier of world.state.fleet.verifiers.values()) t.equal(verifier.standings.size, 0);
  t.end();
});

t.test('a person removes what is silent, all caches or one', (t) => {
  const { world, id } = rotating();
  const two = world.join('orders', 'c', { cache: 'two' });
  const one = world.join('orders', 'c');
  for (const verifier of [one, two]) {
    verifier.report({ keys: [OLD] });
    verifier.crash();
  }
  world.pass(60_000);
  t.equal(world.gate(id, 'activate').status, 'open', 'replaced');
  t.match(world.act({ ...REMOVE, instance: 'c', cache: 'two' }), { ok: true, removed: 1 });
  t.match(world.act({ ...REMOVE, instance: 'c' }), { ok: true, removed: 1 });
  t.notOk([...world.state.fleet.verifiers.keys()].some((key) => key.startsWith('orders/c')));
  t.end();
});

t.test('every act is on record with who did it', (t) => {
  const { world, id } = rotating({ services: [LEDGER] });
  world.attest(id, 'ledger');
  world.waive(id, 'activate', 'fleet_heard');
  world.declare(id, 'activate');
  const acts = world.store.audit({ limit: 10_000 }).filter((entry) => entry.kind === 'act');
  t.same(
    acts.map((entry) => `${entry.actor} ${entry.action} ${entry.rotationId ?? ''}`),
    ['tester start r-1', 'tester attest r-1', 'tester waive r-1', 'tester declare_activate r-1'],
  );
  t.end();
});

t.test('what nothing undoes happened when it was first said', (t) => {
  for (const step of ['taint', 'destroy_old_key'] as const) {
    const { world, id } = rotating();
    const saidAtMs = world.atMs;
    t.ok(world.declare(id, step, 'the HSM is dead').ok);
    world.pass(5_000);
    world.declare(id, step, 'said again');
    t.equal(world.state.rotations.get(id)?.declared[step]?.atMs, saidAtMs, step);
  }
  t.end();
});

t.test('a second declaration of the switch hides no failure since the first', (t) => {
  const { world, id, a } = rotating({ until: 'switched' });
  const iatS = world.atMs / 1_000;
  const counts = [{ kid: 'new', outcomes: { ok: 1, unknown_kid: 7 }, iatS, lifetimeS: 300 }];
  a.report({ keys: [OLD, NEW], counts });
  t.equal(world.gate(id, 'rollback').advised, true);
  world.pass(5_000);
  t.ok(world.declare(id, 'activate', 'once more').ok);
  t.equal(world.gate(id, 'rollback').advised, true);
  t.match(checkOf(world.gate(id, 'rollback'), 'new_key_failures').message, /^7 failures/);
  t.end();
});

t.test('what a stolen key can do is on record as it is tainted, and once', (t) => {
  const edge = serviceOf('edge', { profile: profileOf({ removedKeyAcceptedS: null }) });
  const { world, id } = rotating({ services: [edge] });
  const taken = () =>
    world.store.audit({ limit: 1_000 }).filter(({ action }) => action === 'blast_radius');
  t.same(taken(), []);
  world.declare(id, 'taint');
  world.pass(5_000);
  world.declare(id, 'taint');
  t.match(taken(), [
    {
      atMs: world.atMs - 5_000,
      actor: 'keyturn',
      rotationId: id,
      message: /^old was tainted: /,
      detail: { unbounded: ['edge'] },
    },
  ]);
  t.equal(taken().length, 1);
  t.end();
});
