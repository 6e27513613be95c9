import t from 'tap';
import { rollbackUntilMs } from '../../../src/core/gates/rollback-window.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { NEW, OLD, serviceOf } from '../../support/policies.ts';
import type { World } from '../../support/world.ts';
import { blockers, checkOf } from '../../support/world.ts';

const DAY_MS = 86_400_000;

const VOUCHED = serviceOf('ledger', { evidence: 'attested', instances: null });

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
    blocked: ['old_key_published:fail', 'old_key_held:fail', 'rollback_window:fail'],
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
    check: {
      id: 'old_key_held',
      message: /nothing shows that 1 verifier still holds old/,
      offenders: ['orders/b/jwks undecided'],
    },
  },
  {
    name: 'a word decides about a service, and one of it tells keys without the old one',
    from: { services: [serviceOf('orders', { instances: 2 }), VOUCHED] },
    given: ({ world }) => {
      world.join('ledger', 'x').report({ keys: [NEW] });
      world.pass(1_000);
    },
    status: 'unknown',
    blocked: ['old_key_held:unknown'],
    check: { id: 'old_key_held', offenders: ['ledger/x/jwks undecided'] },
  },
  {
    name: 'a word decides about a service, and those of it that tell keys hold the old one',
    from: { services: [serviceOf('orders', { instances: 2 }), VOUCHED] },
    given: ({ world }) => {
      world.join('ledger', 'x').report({ keys: [OLD, NEW] });
      world.join('ledger', 'y').report({ keys: [] });
      world.pass(1_000);
    },
    status: 'open',
  },
  {
    name: 'one is silent',
    given: ({ world }) => world.pass(60_000, { silent: ['orders/b'] }),
    status: 'unknown',
    blocked: ['old_key_held:unknown', 'fleet_heard:unknown'],
  },
  {
    name: 'the window is as good as over',
    given: ({ world }) => world.pass(DAY_MS - 60_000),
    status: 'open',
  },
  {
    name: 'the window has passed, and time does not open it again',
    given: ({ world }) => world.pass(DAY_MS),
    status: 'closed',
    blocked: ['rollback_window:fail'],
    check: { id: 'rollback_window', class: 'policy', message: /rollback_window/, clears: false },
  },
  {
    name: 'a second declaration of the switch does not lengthen the window',
    given: ({ world, id }) => {
      world.pass(DAY_MS - 3_600_000);
      world.declare(id, 'activate', 'once more');
      world.pass(3_600_000);
    },
    status: 'closed',
    blocked: ['rollback_window:fail'],
  },
  {
    name: 'a wall clock that went back does not lengthen the window',
    given: ({ world }) => {
      world.stepWall(-7_200_000);
      world.issuerOffMs = -7_200_000;
      world.pass(DAY_MS);
      world.issuerOffMs = 0;
      world.sight();
    },
    status: 'closed',
    blocked: ['rollback_window:fail'],
  },
  {
    name: 'the old private key was destroyed',
    given: ({ world, id }) => void world.declare(id, 'destroy_old_key'),
    status: 'closed',
    blocked: ['rollback_window:fail'],
    check: { id: 'rollback_window', message: /tester says .* destroyed/, clears: false },
  },
  {
    name: 'the issuer keeps no private key at all',
    from: {
      policy: {
        rollback: { windowMs: 0, requireRehearsal: false, rehearsalValidForMs: DAY_MS },
      },
    },
    given: () => undefined,
    status: 'closed',
    blocked: ['rollback_window:fail'],
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

const READS: readonly Situation[] = [
  {
    name: 'reads: everybody still holds the old key',
    given: ({ world }) => world.pass(5_000),
    status: 'open',
    reads: {
      of: 'all',
      lines: [
        'pass health collector_ready: the collector has heard the fleet since it started',
        'pass health store_writable: the store takes writes',
        'pass health fleet_within_bounds: no verifier was turned away',
        'pass health jwks_healthy: the JWKS is readable at 1 vantage',
        'pass health clock_agrees: the clocks of collector and issuer agree',
        'pass policy signer_switched: the signer was switched',
        'pass policy old_key_trusted: old is not tainted',
        'pass evidence old_key_published: key old is still served',
        'pass evidence old_key_held: every verifier still holds old',
        'pass coverage fleet_heard: 1 service report in full',
        'pass policy rollback_window: the issuer keeps the private key of old until 2026-01-02T00:01:30Z | since 00:01:30Z',
        'pass health new_key_failures: no failure of a token of new that a key could cause',
      ],
    },
  },
  {
    name: 'reads: nothing was switched, and there is a window all the same',
    from: { until: 'known' },
    given: () => undefined,
    status: 'closed',
    blocked: ['signer_switched:fail'],
    reads: {
      of: ['signer_switched', 'rollback_window', 'new_key_failures'],
      lines: [
        'fail policy signer_switched: the signer has not been switched, so there is nothing to undo',
        'pass policy rollback_window: the issuer keeps the private key of old for a time after the switch',
        'pass health new_key_failures: no failure of a token of new that a key could cause',
      ],
    },
  },
  {
    name: 'reads: nothing was switched, and no window is kept',
    from: {
      until: 'known',
      policy: { rollback: { windowMs: 0, requireRehearsal: false, rehearsalValidForMs: DAY_MS } },
    },
    given: () => undefined,
    status: 'closed',
    blocked: ['signer_switched:fail', 'rollback_window:fail'],
    reads: {
      of: ['rollback_window'],
      lines: [
        'fail policy rollback_window: the issuer keeps no private key after a switch (policy.rollback_window: 0)',
      ],
    },
  },
  {
    name: 'reads: no window is kept',
    from: {
      policy: { rollback: { windowMs: 0, requireRehearsal: false, rehearsalValidForMs: DAY_MS } },
    },
    given: () => undefined,
    status: 'closed',
    blocked: ['rollback_window:fail'],
    reads: {
      lines: [
        'fail policy rollback_window: the issuer keeps no private key after a switch (policy.rollback_window: 0) | since 00:01:30Z',
      ],
    },
  },
  {
    name: 'reads: the old key is tainted',
    given: ({ world, id }) => void world.declare(id, 'taint'),
    status: 'closed',
    blocked: ['old_key_trusted:fail'],
    reads: {
      of: ['old_key_trusted'],
      lines: ['fail policy old_key_trusted: old is tainted and must not sign again'],
    },
  },
  {
    name: 'reads: the old key left the JWKS',
    from: { until: 'retired' },
    given: () => undefined,
    status: 'closed',
    blocked: ['old_key_published:fail', 'old_key_held:fail', 'rollback_window:fail'],
    reads: {
      lines: [
        'fail evidence old_key_published: key old is not served at every vantage, and tokens signed by it may be live | help: publish old again at every origin',
        'fail evidence old_key_held: 2 verifiers without old',
        '  orders/a/jwks dropped_old: no longer holds old',
        '  orders/b/jwks dropped_old: no longer holds old',
        'fail policy rollback_window: old was withdrawn at 00:02:00Z, which ends the time for going back | since 00:02:00Z',
      ],
    },
  },
  {
    name: 'reads: one may have dropped it',
    given: ({ b }) => void b.report({ keys: [], dataAgeMs: null }),
    status: 'unknown',
    blocked: ['old_key_held:unknown'],
    reads: {
      lines: [
        'unknown evidence old_key_held: nothing shows that 1 verifier still holds old | since 00:01:30Z',
        '  orders/b/jwks undecided since 00:01:30Z: nothing shows that it still holds old',
      ],
    },
  },
  {
    name: 'reads: two may have dropped it, one of them silent',
    given: ({ world, a }) => {
      a.report({ keys: [], dataAgeMs: null });
      world.pass(60_000, { silent: ['orders/b'] });
    },
    status: 'unknown',
    blocked: ['old_key_held:unknown', 'fleet_heard:unknown'],
    reads: {
      lines: [
        'unknown evidence old_key_held: nothing shows that 2 verifiers still hold old | since 00:01:30Z',
        '  orders/a/jwks undecided since 00:01:30Z: nothing shows that it still holds old',
        '  orders/b/jwks undecided since 00:02:16Z: nothing shows that it still holds old',
        'unknown coverage fleet_heard: nothing is known of 1 verifier that should report | since 00:02:16Z | help: keyturn remove orders b --reason "gone for good"',
        '  orders/b/jwks silent since 00:02:16Z: stopped reporting without a goodbye',
      ],
    },
  },
  {
    name: 'reads: the old private key was destroyed',
    given: ({ world, id }) => {
      world.pass(5_000);
      world.declare(id, 'destroy_old_key');
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['rollback_window:fail'],
    reads: {
      lines: [
        'fail policy rollback_window: tester says that the private key of old was destroyed at 00:01:35Z, so nothing can sign with it | since 00:01:35Z',
      ],
    },
  },
  {
    name: 'reads: the window has passed',
    from: {
      policy: { rollback: { windowMs: 60_000, requireRehearsal: false, rehearsalValidForMs: 1 } },
    },
    given: ({ world }) => world.pass(60_000),
    status: 'closed',
    blocked: ['rollback_window:fail'],
    reads: {
      lines: [
        'fail policy rollback_window: the issuer kept the private key of old until 00:02:30Z (policy.rollback_window) | since 00:02:30Z',
      ],
    },
  },
  {
    name: 'reads: a second less',
    from: {
      policy: { rollback: { windowMs: 60_000, requireRehearsal: false, rehearsalValidForMs: 1 } },
    },
    given: ({ world }) => world.pass(59_000),
    status: 'open',
    reads: {
      of: ['rollback_window'],
      lines: [
        'pass policy rollback_window: the issuer keeps the private key of old until 00:02:30Z | since 00:01:30Z',
      ],
    },
  },
  {
    name: 'reads: failures of the new key',
    given: ({ world }) => {
      failing(world, 2);
    },
    status: 'open',
    reads: {
      of: ['new_key_failures'],
      lines: [
        'pass health new_key_failures: 2 failures of tokens of new that a key could cause, since the switch',
      ],
    },
  },
  {
    name: 'reads: whoever is vouched for is not asked what it holds',
    from: { services: [serviceOf('ledger', { evidence: 'attested', instances: null })] },
    given: ({ world }) => void world.join('ledger').report({ keys: [], dataAgeMs: null }),
    status: 'open',
    reads: {
      of: ['old_key_held', 'fleet_heard'],
      lines: [
        'pass evidence old_key_held: every verifier still holds old',
        'pass coverage fleet_heard: 1 service report in full',
      ],
    },
  },
];

gateTable(
  t,
  'rollback',
  [...SITUATIONS, ...READS].map((situation) => ({
    ...situation,
    from: { until: 'switched', ...situation.from },
  })),
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

t.test('why the window is closed, and since when', (t) => {
  const destroyed = rotating({ until: 'switched' });
  destroyed.world.pass(60_000);
  destroyed.world.declare(destroyed.id, 'destroy_old_key');
  const destroyedAtMs = destroyed.world.atMs;
  destroyed.world.pass(60_000);
  const window = (of: typeof destroyed) =>
    checkOf(of.world.gate(of.id, 'rollback'), 'rollback_window');
  t.equal(window(destroyed).sinceMs, destroyedAtMs);

  const over = rotating({ until: 'switched' });
  over.world.pass(DAY_MS + 60_000);
  t.equal(window(over).sinceMs, over.switchedAtMs + DAY_MS);

  const withdrawn = rotating({ until: 'retired' });
  const { world } = withdrawn;
  const goneAtMs = world.state.issuers.get('https://issuer.test')?.keys;
  const record = [...(goneAtMs?.values() ?? [])].find(({ key }) => key.kid === 'old');
  t.ok(record?.withdrawnAtMs);
  t.equal(window(withdrawn).sinceMs, record?.withdrawnAtMs);
  t.end();
});

t.test('failures advise going back though it is not safe: the two are told apart', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  world.declare(id, 'destroy_old_key');
  failing(world, 9);
  t.match(world.gate(id, 'rollback'), { status: 'closed', advised: true });
  t.end();
});

t.test(
  'a destroyed key stays destroyed over a restart, a rollback by force and a new switch',
  (t) => {
    const { world, id, a, b } = rotating({ until: 'switched' });
    world.declare(id, 'destroy_old_key');
    world.restart();
    for (const verifier of [a, b]) verifier.report();
    t.ok(blockers(world.gate(id, 'rollback')).includes('rollback_window:fail'));
    world.declare(id, 'rollback', 'there is a backup after all');
    world.declare(id, 'activate', 'and on again');
    t.ok(blockers(world.gate(id, 'rollback')).includes('rollback_window:fail'));
    t.end();
  },
);

t.test('until when the issuer keeps the old private key', (t) => {
  const { world, id } = rotating({ until: 'known' });
  const until = () => {
    const rotation = world.state.rotations.get(id);
    return rotation === undefined ? undefined : rollbackUntilMs(world.state, rotation);
  };
  t.equal(until(), null, 'not switched');
  world.declare(id, 'activate');
  const switchedAtMs = world.atMs;
  world.pass(60_000);
  t.equal(until(), switchedAtMs + DAY_MS);
  const { rollback } = world.policy;
  const none = { ...world.policy, rollback: { ...rollback, windowMs: 0 } };
  world.state = { ...world.state, policy: none };
  t.equal(until(), null, 'none is kept');
  world.state = { ...world.state, policy: world.policy };
  world.declare(id, 'destroy_old_key');
  t.equal(until(), null, 'destroyed');
  t.end();
});

t.test('an ended rotation and one that was not switched advise nothing', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  failing(world, 3);
  t.equal(world.gate(id, 'rollback').advised, true);
  world.declare(id, 'rollback', 'it failed');
  t.equal(world.gate(id, 'rollback').advised, false);
  const ended = rotating({ until: 'switched' });
  failing(ended.world, 3);
  ended.world.declare(ended.id, 'abort', 'nobody needs it');
  t.equal(ended.world.gate(ended.id, 'rollback').advised, false);
  t.end();
});
