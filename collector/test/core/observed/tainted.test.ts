import t from 'tap';
import { containmentOf } from '../../../src/core/containment.ts';
import { rotationView } from '../../../src/api/views/rotation.ts';
import { auditOf, observedNow, theOpen } from '../../support/observing.ts';
import { keyOf, NEW, OLD } from '../../support/policies.ts';
import { rotating } from '../../support/rotating.ts';
import { blockers, checkOf } from '../../support/world.ts';

const THIRD = keyOf('third');

/** `old` was tainted in a rotation that was given up, and the issuer goes to `third` unannounced. */
function leaving() {
  const { world, id, a, b } = rotating();
  world.declare(id, 'taint');
  world.declare(id, 'abort', 'another key is made');
  world.served = [OLD, NEW, THIRD];
  world.pass(60_000);
  return { world, a, b, rotation: theOpen(world) };
}

t.test('an observed rotation from a tainted key says so, and its gates hurry', (t) => {
  const { world, a, b, rotation } = leaving();
  t.same(observedNow(world), ['old>third']);
  t.equal(rotation.tainted, true);
  t.equal(rotationView(world.state, rotation).tainted, true);
  t.match(auditOf(world, 'rotation_observed'), [{ message: /; old is tainted$/ }]);
  t.match(checkOf(world.gate(rotation.id, 'rollback'), 'old_key_trusted'), {
    status: 'fail',
    message: 'old is tainted and must not sign again',
  });
  const retire = world.gate(rotation.id, 'retire');
  t.equal(retire.advisory, true);
  t.equal(checkOf(retire, 'tainted_tokens').status, 'unknown', 'not in use yet');
  t.notOk(
    retire.checks.some((check) => check.id === 'old_tokens_expired'),
    'its tokens are not waited for',
  );
  for (const verifier of [a, b]) {
    verifier.report({
      keys: [OLD, NEW, THIRD],
      counts: [{ kid: 'third', outcomes: { ok: 1 }, iatS: Math.floor(world.atMs / 1_000) }],
    });
  }
  world.pass(1_000);
  t.equal(checkOf(world.gate(rotation.id, 'retire'), 'tainted_tokens').status, 'pass');
  world.restart();
  t.equal(theOpen(world).tainted, true, 'after a restart too');
  t.end();
});

t.test('how far it is contained is told, and opens nothing', (t) => {
  const { world, a, b, rotation } = leaving();
  world.served = [NEW, THIRD];
  world.pass(30_000);
  a.report({ keys: [NEW, THIRD] });
  const found = containmentOf(world.state, rotation, world.now());
  t.match(found, { percent: 50, status: 'not_contained', total: 2, contained: 1 });
  b.report({ keys: [NEW, THIRD] });
  world.pass(1_000);
  const ended = world.state.rotations.get(rotation.id);
  t.match(ended, { outcome: 'completed', tainted: true }, 'seen, without anybody declaring it');
  t.match(ended && containmentOf(world.state, ended, world.now()), { percent: 100 });
  t.end();
});

t.test('another key at the same issuer is not tainted with it', (t) => {
  const { world, id } = rotating();
  world.declare(id, 'activate', 'now');
  world.declare(id, 'taint');
  world.declare(id, 'abort', 'given up');
  world.served = [NEW];
  world.pass(60_000);
  world.served = [NEW, THIRD];
  world.pass(60_000);
  t.same(observedNow(world), ['new>third']);
  t.equal(theOpen(world).tainted, false);
  t.end();
});

t.test('a tainted key that comes as the new one is named', (t) => {
  const { world, id } = rotating();
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  // As the record of an issuer that went on to `new` and taints it there.
  world.state.rotations.set('r-later', {
    ...rotation,
    id: 'r-later',
    oldKid: NEW.kid,
    oldThumbprint: NEW.thumbprint,
    newKid: 'third',
    newThumbprint: null,
    tainted: true,
    endedAtMs: world.atMs,
    outcome: 'aborted',
  });
  const verdict = world.gate(id, 'activate');
  t.same(blockers(verdict), ['key_identity:fail']);
  t.match(checkOf(verdict, 'key_identity').message, /^new is tainted/);
  t.end();
});
