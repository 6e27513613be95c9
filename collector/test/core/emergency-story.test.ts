import t from 'tap';
import { blastRadius } from '../../src/core/blast-radius.ts';
import { containmentOf } from '../../src/core/containment.ts';
import { findingsOf } from '../../src/core/evaluate.ts';
import { START } from '../support/acts.ts';
import { keyOf, NEW, OLD, profileOf, serviceOf } from '../support/policies.ts';
import type { Rotating } from '../support/rotating.ts';
import { rotating } from '../support/rotating.ts';
import { blockers, checkOf } from '../support/world.ts';

function containment({ world, id }: Rotating) {
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  return containmentOf(world.state, rotation, world.now());
}

function radius({ world, id }: Rotating) {
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  return blastRadius(world.state, rotation, world.now());
}

t.test('a key is stolen at three in the morning', (t) => {
  const forever = serviceOf('forever', {
    profile: profileOf({
      removedKeyAcceptedS: null,
      cachesVerifiedTokens: true,
      dropNow: 'Restart it.',
    }),
  });
  const rotation = rotating({ services: [forever], until: 'known' });
  const { world, id, a, b } = rotation;
  const c = world.join('forever', 'c');
  c.report({ keys: [OLD, NEW] });
  const expS = Math.floor(world.atMs / 1_000) + 500;
  world.pass(60_000);
  for (const verifier of [a, b]) {
    verifier.report({
      keys: [OLD, NEW],
      counts: [{ kid: 'old', outcomes: { ok: 600 }, expS, lifetimeS: 600 }],
    });
  }
  t.match(radius(rotation).keys[0], { kid: 'old', role: 'old', accepted: 1_200, verifiers: 2 });
  t.match(
    radius(rotation).summary,
    /2 verifiers accepted old 1200 times since .* requests? a minute/,
  );
  t.match(
    radius(rotation).services.map(({ service, dropBoundMs }) => [service, dropBoundMs]),
    [
      ['orders', 60_000],
      ['forever', null],
    ],
  );

  t.ok(world.declare(id, 'taint').ok);
  const taken = world.store.audit({ limit: 1_000 }).find(({ action }) => action === 'blast_radius');
  t.match(taken, { kind: 'observation', message: /old was tainted: .*1200 times/ });
  t.same(blockers(world.gate(id, 'rollback')), ['signer_switched:fail', 'old_key_trusted:fail']);
  t.same(blockers(world.gate(id, 'retire')), [
    'signer_switched:fail',
    'new_key_in_use:unknown',
    'tainted_tokens:unknown',
  ]);
  t.ok(world.declare(id, 'activate').ok, 'everybody knows the new key');
  t.not(world.gate(id, 'retire').status, 'open', 'nobody has seen it in use');
  a.report({
    keys: [OLD, NEW],
    counts: [
      { kid: 'old', outcomes: { ok: 601 }, expS, lifetimeS: 600 },
      { kid: 'new', outcomes: { ok: 1 }, iatS: Math.floor(world.atMs / 1_000) },
    ],
  });
  const retire = world.gate(id, 'retire');
  t.equal(retire.status, 'open', 'tokens of a stolen key are not waited for');
  t.match(checkOf(retire, 'tainted_tokens').message, /valid tokens will be refused: .*old/);
  t.match(containment(rotation), { percent: 0, status: 'not_contained', withdrawnAtMs: null });

  t.ok(world.declare(id, 'retire').ok);
  world.served = [NEW];
  world.pass(30_000);
  a.report({ ...a.said, keys: [NEW] });
  const half = containment(rotation);
  t.match(half, { total: 3, contained: 1, percent: 33, status: 'not_contained' });
  t.match(half.services.find(({ service }) => service === 'orders')?.pending, [
    { state: 'holds_old', count: 1 },
  ]);
  b.report({ ...b.said, keys: [NEW] });
  c.report({ keys: [NEW] });
  const late = containment(rotation);
  t.match(late, { percent: 66, status: 'unknown' });
  t.match(
    late.services.find(({ service }) => service === 'forever'),
    {
      pending: [{ state: 'unbounded', count: 1 }],
      dropNow: 'Restart it.',
    },
  );
  world.pass(86_400_000);
  t.equal(containment(rotation).percent, 66, 'time does not do it');
  t.ok(world.attest(id, 'forever', { fact: 'rejects_old', reason: 'restarted' }).ok);
  t.match(containment(rotation), { percent: 100, status: 'contained' });
  t.equal(world.gate(id, 'purge').status, 'open');
  t.ok(world.declare(id, 'complete').ok);
  t.equal(containment(rotation).percent, 100);
  t.end();
});

t.test('nobody knows what verifiers that cannot count would refuse', (t) => {
  const rotation = rotating({ until: 'known' });
  const { world, a } = rotation;
  t.match(radius(rotation), { uncounted: 0, summary: /removing the key refuses whatever is held/ });
  world.join('gateway', 'g', { source: 'proxy' }).report({ keys: [OLD, NEW] });
  t.match(radius(rotation), {
    uncounted: 1,
    summary:
      /no token of old was seen accepted .*; but 1 verifier that cannot count may have accepted some, so nobody/,
  });
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 6 }, lifetimeS: 60 }] });
  t.match(radius(rotation).summary, /; 1 verifier that cannot count may have accepted more$/);
  t.end();
});

t.test('taint opens nothing without evidence', (t) => {
  const { world, id, b } = rotating();
  b.report({ keys: [OLD] });
  world.declare(id, 'taint');
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail']);
  t.equal(world.declare(id, 'activate').ok, false);
  t.end();
});

t.test('policy says what an emergency skips, and only then', (t) => {
  const emergency = { publishSafetyMs: 0, retireGraceMs: 120_000, skip: ['fleet_heard'] };
  const { world, id } = rotating({ policy: { emergency } });
  world.pass(60_000, { silent: ['orders/b'] });
  t.ok(blockers(world.gate(id, 'activate')).includes('fleet_heard:unknown'), 'no emergency yet');
  world.declare(id, 'taint');
  const verdict = world.gate(id, 'activate');
  t.equal(verdict.status, 'open');
  t.match(checkOf(verdict, 'fleet_heard'), { status: 'waived', message: /policy.emergency.skip/ });
  t.ok(blockers(world.gate(id, 'rollback')).includes('fleet_heard:unknown'), 'not for rollback');
  t.ok(blockers(world.gate(id, 'purge')).includes('fleet_heard:unknown'), 'nor for purge');
  t.end();
});

t.test('the grace that policy gives is waited for, and a clock set back prolongs it', (t) => {
  const emergency = { publishSafetyMs: 0, retireGraceMs: 120_000, skip: [] };
  const { world, id } = rotating({ policy: { emergency }, until: 'switched' });
  world.declare(id, 'taint');
  t.same(blockers(world.gate(id, 'retire')), ['tainted_tokens:fail']);
  t.type(world.gate(id, 'retire').clearsAtMs, 'number');
  world.pass(60_000);
  world.stepWall(-60_000);
  world.pass(60_000);
  t.same(blockers(world.gate(id, 'retire')), ['tainted_tokens:fail']);
  world.pass(60_000);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('ending the rotation does not untaint the key', (t) => {
  const { world, id } = rotating();
  world.declare(id, 'taint');
  world.declare(id, 'abort');
  t.ok(world.act({ ...START, id: 'r-again', oldKid: 'old', newKid: 'other' }).ok);
  t.equal(world.state.rotations.get('r-again')?.tainted, true);
  world.declare('r-again', 'abort');
  world.sight([OLD, NEW, keyOf('third')]);
  t.match(world.act({ ...START, id: 'r-back', oldKid: 'third', newKid: 'old' }), {
    ok: false,
    refusal: { field: 'new_kid', message: /not tainted/ },
  });
  t.end();
});

t.test('use is counted from reports, spread over the time they cover, and says since when', (t) => {
  const rotation = rotating();
  const { world, a } = rotation;
  const counts = (ok: number) => [{ kid: 'old', outcomes: { ok } }];
  a.report({ keys: [OLD, NEW], counts: counts(10) });
  a.report({ keys: [OLD, NEW], counts: counts(10) });
  t.equal(radius(rotation).keys[0]?.accepted, 10, 'a repeat counts nothing');
  world.pass(3_600_000);
  t.equal(radius(rotation).keys[0]?.accepted, 0, 'an hour later it is history');
  world.pass(600_000, { silent: ['orders/a'] });
  a.report({ keys: [OLD, NEW], counts: counts(1_010) });
  const spread = radius(rotation).keys[0];
  t.ok(spread !== undefined && spread.busiestMinute < 200, 'not all in one minute');
  world.restart();
  t.match(radius(rotation), { countedSinceMs: world.atMs, keys: [{ accepted: 0 }] });
  t.end();
});

t.test('containment says 100 exactly when the evidence of purge does', (t) => {
  const rotation = rotating({ until: 'retired' });
  const { world, id, a, b } = rotation;
  const agree = (what: string): void => {
    const record = world.state.rotations.get(id);
    const all =
      record !== undefined &&
      findingsOf(world.state, record, 'purge', world.now()).checks.every(
        ({ status }) => status === 'pass',
      );
    t.equal(containment(rotation).percent === 100, all, what);
  };
  agree('all dropped');
  b.report({ ...b.said, keys: [OLD, NEW] });
  agree('one holds it again');
  b.report({ ...b.said, keys: [NEW] });
  world.pass(60_000, { silent: ['orders/a'] });
  agree('one is silent');
  a.report({ ...a.said });
  agree('it is back');
  world.sight([OLD, NEW]);
  agree('the key is served again');
  world.sightFailure();
  agree('the JWKS cannot be read');
  world.restart();
  agree('after a restart');
  t.end();
});
