import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { NEW, OLD } from '../../support/policies.ts';
import type { World } from '../../support/world.ts';

const SITUATIONS: readonly Situation[] = [
  { name: 'everybody still holds the old key', given: () => undefined, status: 'open' },
  {
    name: 'nothing was switched',
    from: { until: 'known' },
    given: () => undefined,
    status: 'closed',
    blocked: ['signer_switched:fail'],
  },
  {
    name: 'the old key is compromised',
    given: ({ world, id }) => void world.declare(id, 'taint'),
    status: 'closed',
    blocked: ['old_key_trusted:fail'],
    check: { id: 'old_key_trusted', class: 'policy', message: /must not sign again/ },
  },
  {
    name: 'the old key left the JWKS',
    from: { until: 'retired' },
    given: () => undefined,
    status: 'closed',
    blocked: ['old_key_published:fail', 'old_key_held:fail'],
    check: {
      id: 'old_key_held',
      offenders: ['orders/a/jwks dropped_old', 'orders/b/jwks dropped_old'],
    },
  },
  {
    name: 'one holds it no more, though it is served',
    given: ({ b }) => void b.report({ keys: [NEW] }),
    status: 'unknown',
    blocked: ['old_key_held:unknown'],
  },
  {
    name: 'one is silent',
    given: ({ world }) => world.pass(60_000, { silent: ['orders/b'] }),
    status: 'unknown',
    blocked: ['old_key_held:unknown', 'fleet_heard:unknown'],
  },
  {
    name: 'one is silent, and others have taken its place',
    given: ({ world }) => {
      world.join('orders', 'c').report({ keys: [OLD, NEW] });
      world.pass(60_000, { silent: ['orders/b'] });
    },
    status: 'open',
  },
];

gateTable(
  t,
  'rollback',
  SITUATIONS.map((situation) => ({ ...situation, from: { until: 'switched', ...situation.from } })),
);

function failing(world: World, n: number, ok = 1): void {
  const [a] = world.verifiers;
  a?.report({
    keys: [OLD, NEW],
    counts: [
      { kid: 'old', outcomes: { ok: 10 } },
      { kid: 'new', outcomes: { ok, unknown_kid: n } },
    ],
  });
}

t.test('going back is advised from three failures of the new key on, since the switch', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  t.equal(world.gate(id, 'rollback').advised, false);
  failing(world, 2);
  t.equal(world.gate(id, 'rollback').advised, false);
  failing(world, 3);
  t.equal(world.gate(id, 'rollback').advised, true);
  t.end();
});

t.test('failures before the switch advise nothing, and hide nothing', (t) => {
  const { world, id } = rotating({ until: 'known' });
  failing(world, 5, 0);
  world.declare(id, 'activate');
  t.equal(world.gate(id, 'rollback').advised, false);
  failing(world, 7);
  t.equal(world.gate(id, 'rollback').advised, false);
  failing(world, 8);
  t.equal(world.gate(id, 'rollback').advised, true);
  t.end();
});

t.test('a restart of the collector changes no advice', (t) => {
  for (const [failures, advised] of [
    [2, false],
    [3, true],
  ] as const) {
    const { world, id } = rotating({ until: 'switched' });
    failing(world, failures);
    world.restart();
    world.pass(60_000);
    t.equal(world.gate(id, 'rollback').advised, advised);
  }
  t.end();
});

t.test('failures counted before anybody knew the kid count as before the switch', (t) => {
  const { world } = rotating({ until: 'started' });
  world.declare('r-1', 'abort');
  const stray = world.join('stray');
  stray.report({ keys: [OLD], counts: [{ kid: 'later', outcomes: { unknown_kid: 9 } }] });
  const started = world.act({
    type: 'start',
    id: 'r-later',
    by: 'tester',
    issuer: 'https://issuer.test',
    alg: 'RS256',
    oldKid: null,
    newKid: 'later',
    newThumbprint: null,
  });
  t.ok(started.ok);
  world.declare('r-later', 'activate', 'the table says so');
  t.equal(world.gate('r-later', 'rollback').advised, false);
  world.restart();
  t.equal(world.gate('r-later', 'rollback').advised, false, 'nor after a restart');
  stray.report({ keys: [OLD], counts: [{ kid: 'later', outcomes: { unknown_kid: 12 } }] });
  t.equal(world.gate('r-later', 'rollback').advised, true);
  t.end();
});

t.test('what a forgotten verifier had failed before the switch hides no other failure', (t) => {
  const { world, id } = rotating({ until: 'known' });
  const early = world.join('orders', 'early');
  early.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { unknown_kid: 50 } }] });
  early.goodbye();
  world.declare(id, 'activate');
  world.pass(9 * 86_400_000);
  t.notOk(world.state.fleet.verifiers.has('orders/early/jwks'), 'swept');
  failing(world, 3);
  t.equal(world.gate(id, 'rollback').advised, true);
  t.end();
});
