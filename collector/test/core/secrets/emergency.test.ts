import t from 'tap';
import { blastRadius } from '../../../src/core/blast-radius.ts';
import { containmentOf } from '../../../src/core/containment.ts';
import { profileOf, serviceOf } from '../../support/policies.ts';
import {
  afterSwitch,
  BOTH_SECRETS,
  holding,
  NEW_SECRET,
  OLD_SECRET,
  type SecretRotating,
  secretRotating,
  startSecret,
} from '../../support/secret-rotating.ts';
import { blockers, checkOf } from '../../support/world.ts';

const DAY_MS = 86_400_000;

function recordOf({ world, id }: SecretRotating) {
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
}

function containment(rotation: SecretRotating) {
  return containmentOf(rotation.world.state, recordOf(rotation), rotation.world.now());
}

t.test('a shared secret is stolen', (t) => {
  const rotation = secretRotating({ until: 'started' });
  const { world, id, a, b } = rotation;
  a.report(holding(BOTH_SECRETS));
  const reach = blastRadius(world.state, recordOf(rotation), world.now());
  t.match(
    reach.services,
    [{ dropBoundMs: null, mayAcceptUntilMs: null, holding: 2 }],
    'no time takes a secret away',
  );
  t.ok(world.declare(id, 'taint').ok);
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail'], 'one lacks the new one');
  t.equal(world.declare(id, 'activate').ok, false);
  b.report(holding(BOTH_SECRETS));
  t.ok(world.declare(id, 'activate').ok);
  t.same(blockers(world.gate(id, 'retire')), [
    'clock_agrees:unknown',
    'new_key_in_use:unknown',
    'tainted_tokens:unknown',
  ]);
  for (const verifier of [a, b]) verifier.report(afterSwitch(world));
  t.equal(
    world.gate(id, 'retire').status,
    'open',
    'the grace is none, and tokens are not waited for',
  );
  t.same(blockers(world.gate(id, 'rollback')), ['old_key_trusted:fail']);
  t.match(containment(rotation), { percent: 0, status: 'not_contained', contained: 0, total: 2 });

  t.ok(world.declare(id, 'retire').ok);
  a.report(holding([NEW_SECRET]));
  t.match(containment(rotation), {
    percent: 50,
    status: 'not_contained',
    services: [{ pending: [{ state: 'holds_old', count: 1 }] }],
  });
  world.pass(2 * DAY_MS);
  t.equal(containment(rotation).percent, 50, 'time does not do it');
  b.report(holding([NEW_SECRET]));
  t.match(containment(rotation), { percent: 100, status: 'contained' });
  t.equal(world.gate(id, 'purge').status, 'open');
  t.ok(world.declare(id, 'complete').ok);
  t.equal(containment(rotation).percent, 100);
  t.end();
});

t.test(
  'a verifier that may remember tokens counts by word, never by the bound of its profile',
  (t) => {
    const edge = serviceOf('edge', {
      profile: profileOf({ cachesVerifiedTokens: true, removedKeyAcceptedS: 60 }),
    });
    const rotation = secretRotating({ until: 'switched', services: [edge] });
    const { world, id, a, b } = rotation;
    const c = world.join('edge', 'c', { cacheKind: 'secret' });
    c.report(holding(BOTH_SECRETS));
    world.declare(id, 'taint');
    world.declare(id, 'retire', 'at once');
    for (const verifier of [a, b, c]) verifier.report(holding([NEW_SECRET]));
    world.pass(DAY_MS);
    t.match(containment(rotation).services, [
      { service: 'orders', contained: 2, pending: [] },
      { service: 'edge', contained: 0, pending: [{ state: 'unbounded', count: 1, untilMs: null }] },
    ]);
    t.same(blockers(world.gate(id, 'purge')), ['old_key_dropped:unknown']);
    t.ok(world.attest(id, 'edge', { fact: 'rejects_old', reason: 'restarted' }).ok);
    t.match(containment(rotation), { percent: 100, status: 'contained' });
    t.equal(world.gate(id, 'purge').status, 'open');
    t.end();
  },
);

t.test('dropped before the switch: contained, and not complete', (t) => {
  const rotation = secretRotating();
  const { world, id, a, b } = rotation;
  world.declare(id, 'taint');
  for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
  t.match(containment(rotation), {
    percent: 100,
    status: 'contained',
    reasons: [{ id: 'signer_switched' }, { id: 'retire_declared' }],
  });
  t.same(blockers(world.gate(id, 'purge')), ['signer_switched:fail', 'retire_declared:fail']);
  const activate = world.gate(id, 'activate');
  t.same(blockers(activate), ['old_key_held:fail'], 'tokens of the old one are refused meanwhile');
  world.restart({
    policy: {
      ...world.policy,
      emergency: { publishSafetyMs: 0, retireGraceMs: 0, skip: ['old_key_held'] },
    },
  });
  const again = [a, b].map(({ name }) =>
    world.join('orders', name.slice(-1), { cacheKind: 'secret' }),
  );
  for (const verifier of again) verifier.report(holding([NEW_SECRET]));
  world.pass(60_000);
  const skipped = checkOf(world.gate(id, 'activate'), 'old_key_held');
  t.match(skipped, { status: 'waived', message: /skipped while s1 is tainted/ });
  t.ok(world.declare(id, 'activate').ok, 'policy says that this may be');
  t.end();
});

t.test('a stolen secret never becomes the new one', (t) => {
  const { world, id } = secretRotating();
  world.declare(id, 'taint');
  world.declare(id, 'abort', 'given up');
  t.throws(() => startSecret(world, { oldKid: 's2', newKid: 's1' }), /not tainted, got s1/);
  const next = startSecret(world, { newKid: 's3' });
  t.equal(world.state.rotations.get(next)?.tainted, true, 'and stays stolen in the next rotation');
  t.same(OLD_SECRET.thumbprint, '');
  t.end();
});
