import t from 'tap';
import { NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { blockers, checkOf, World } from '../support/world.ts';

function readyWorld() {
  const world = new World(policyOf([serviceOf('orders', { instances: 2 })]));
  world.served = [OLD];
  world.sight();
  world.sight();
  const a = world.join('orders', 'a');
  const b = world.join('orders', 'b');
  a.report({ keys: [OLD], counts: [{ kid: 'old', outcomes: { ok: 10 } }] });
  b.report({ keys: [OLD] });
  world.pass(60_000);
  return { world, a, b };
}

t.test('a rotation from start to purge, each gate opening only when it may', (t) => {
  const { world, a, b } = readyWorld();
  const id = world.start();

  t.same(blockers(world.gate(id, 'publish')), []);
  t.equal(world.gate(id, 'publish').status, 'open');
  t.match(blockers(world.gate(id, 'activate')), ['new_key_published:fail', 'new_key_known:fail']);

  world.served = [OLD, NEW];
  world.pass(15_000);
  t.ok(blockers(world.gate(id, 'activate')).includes('new_key_published:fail'), 'one sighting');
  world.pass(15_000);
  const activate = world.gate(id, 'activate');
  t.same(blockers(activate), ['new_key_known:fail']);
  t.same(
    checkOf(activate, 'new_key_known').offenders.map(
      (o) => `${o.service}/${o.instance} ${o.state}`,
    ),
    ['orders/a absent', 'orders/b absent'],
  );

  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 20 } }] });
  t.equal(checkOf(world.gate(id, 'activate'), 'new_key_known').offenderCount, 1);
  b.report({ keys: [OLD, NEW] });
  const open = world.gate(id, 'activate');
  t.equal(open.status, 'open');
  t.equal(open.weakestGrade, 'present');

  t.ok(world.declare(id, 'activate').ok);
  const switchedAtMs = world.atMs;
  a.report({
    keys: [OLD, NEW],
    counts: [
      { kid: 'old', outcomes: { ok: 20 } },
      { kid: 'new', outcomes: { ok: 1 }, iatS: switchedAtMs / 1_000, lifetimeS: 300 },
    ],
  });
  const retire = world.gate(id, 'retire');
  t.same(blockers(retire), ['old_tokens_expired:fail']);
  t.equal(retire.clearsAtMs, switchedAtMs + 600_000 + 10_000 + 60_000);

  world.pass(669_000);
  t.equal(world.gate(id, 'retire').status, 'closed', 'one second before');
  world.pass(1_000);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.ok(world.declare(id, 'retire').ok);

  world.served = [NEW];
  world.pass(30_000);
  t.same(blockers(world.gate(id, 'purge')), ['old_key_dropped:fail']);
  for (const v of [a, b]) v.report({ ...v.said, keys: [NEW] });
  t.equal(world.gate(id, 'purge').status, 'open');
  t.ok(world.declare(id, 'complete').ok);
  t.match(world.gate(id, 'purge').checks, [{ id: 'rotation_open', status: 'fail' }]);
  t.end();
});

t.test('a verifier that falls silent turns the gate unknown, never open', (t) => {
  const { world, a, b } = readyWorld();
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(30_000);
  a.report({ keys: [OLD, NEW] });
  b.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  world.pass(60_000, { silent: ['orders/b'] });
  const verdict = world.gate(id, 'activate');
  t.equal(verdict.status, 'unknown');
  t.match(checkOf(verdict, 'fleet_heard').offenders, [{ instance: 'b', state: 'silent' }]);
  b.report();
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});

t.test('a restart of the collector opens nothing until the fleet was heard again', (t) => {
  const { world, a, b } = readyWorld();
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(30_000);
  a.report({ keys: [OLD, NEW] });
  b.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  world.restart();
  t.equal(world.gate(id, 'activate').status, 'unknown');
  world.pass(60_000, { silent: ['orders/b'] });
  t.equal(world.gate(id, 'activate').status, 'unknown', 'b has not been heard since');
  b.report();
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});
