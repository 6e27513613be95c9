import t from 'tap';
import { DECLARE } from '../support/acts.ts';
import { NEW, OLD, serviceOf } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';
import { blockers } from '../support/world.ts';

t.test('failures, back to the old key, and forward again only on new evidence', (t) => {
  const { world, id, a, b } = rotating({ until: 'known' });
  t.equal(world.gate(id, 'activate').status, 'open');
  t.ok(world.declare(id, 'activate').ok);
  const iatS = Math.floor(world.atMs / 1_000);
  // Enough to advise going back, and too few for an alert, which would shut the gate for a while.
  for (const [verifier, failed] of [
    [a, 3],
    [b, 0],
  ] as const) {
    verifier.report({
      keys: [OLD, NEW],
      counts: [{ kid: 'new', outcomes: { ok: 4, bad_signature: failed }, iatS, lifetimeS: 300 }],
    });
  }
  t.match(world.gate(id, 'rollback'), { status: 'open', advised: true });

  world.pass(14_000);
  t.ok(world.declare(id, 'rollback').ok, 'no override is needed');
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail'], 'what was known is history');
  t.equal(world.declare(id, 'activate').ok, false);

  const held = a.make({ keys: [OLD, NEW], observedAgeMs: 60_000 });
  world.pass(1);
  a.send(held);
  t.match(
    world.gate(id, 'activate').checks.find((check) => check.id === 'new_key_known'),
    { offenderCount: 2 },
    'a report that waited on the way is from before',
  );
  for (const verifier of [a, b]) verifier.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  t.match(world.gate(id, 'rollback'), { advised: false }, 'nothing is switched');

  t.ok(world.declare(id, 'activate').ok);
  t.match(world.gate(id, 'rollback'), { advised: false }, 'old failures are not held against it');
  t.end();
});

t.test('an acceptance of the first attempt is no evidence for the second', (t) => {
  const strict = serviceOf('orders', { instances: 2, evidence: 'verified' });
  const { world, id, a, b } = rotating({ services: [strict], until: 'known' });
  const accepts = (ok: number, ageMs = 0): void => {
    for (const verifier of [a, b]) {
      verifier.report({
        keys: [OLD, NEW],
        counts: [{ kid: 'new', outcomes: { ok }, lastAcceptedAgeMs: ageMs }],
      });
    }
  };
  accepts(1);
  t.equal(world.gate(id, 'activate').status, 'open');
  world.declare(id, 'activate');
  accepts(2);
  world.pass(20_000);
  world.declare(id, 'rollback', 'it failed');
  world.pass(20_000);
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail']);
  accepts(3);
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});

t.test('words and waivers of the first attempt do not carry over', (t) => {
  const ledger = serviceOf('ledger', { evidence: 'attested', instances: null });
  const { world, id, a, b } = rotating({ services: [ledger], until: 'known' });
  t.ok(world.attest(id, 'ledger').ok);
  t.ok(world.waive(id, 'activate', 'new_key_known').ok);
  b.report({ keys: [OLD] });
  t.equal(world.gate(id, 'activate').status, 'open');
  world.declare(id, 'activate');
  world.pass(15_000);
  world.declare(id, 'rollback', 'it failed');
  world.pass(15_000);
  a.report({ keys: [OLD, NEW] });
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail', 'attested:fail']);
  t.ok(world.attest(id, 'ledger').ok);
  t.ok(world.waive(id, 'activate', 'new_key_known').ok);
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});

t.test('a rollback survives a restart: evidence from before stays history', (t) => {
  const { world, id, a, b } = rotating({ until: 'switched' });
  world.pass(15_000);
  world.declare(id, 'rollback');
  world.restart();
  world.sight();
  world.sight();
  world.pass(60_000, { silent: ['orders/a', 'orders/b'] });
  t.ok(blockers(world.gate(id, 'activate')).includes('fleet_heard:unknown'));
  for (const verifier of [a, b]) verifier.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});

t.test('an act that names no reason is the act it always was', (t) => {
  const { world, id } = rotating();
  t.ok(world.act({ ...DECLARE, rotationId: id }).ok);
  t.equal(world.state.rotations.get(id)?.declared.activate?.reason, null);
  t.end();
});
