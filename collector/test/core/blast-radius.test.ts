import t from 'tap';
import { blastRadius, RECENT_MS, refusedSentence } from '../../src/core/blast-radius.ts';
import { containmentOf } from '../../src/core/containment.ts';
import { lifetimeOfKidMs } from '../../src/core/lifetime.ts';
import type { RotationRecord } from '../../src/core/records.ts';
import { keyIdentity, usageKey } from '../../src/core/state.ts';
import { LEDGER } from '../support/acts.ts';
import { ISSUER, issuerOf, NEW, OLD, profileOf, serviceOf } from '../support/policies.ts';
import { rotating, type Rotating } from '../support/rotating.ts';
import { secretRotating } from '../support/secret-rotating.ts';

function rotationOf({ world, id }: Rotating): RotationRecord {
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
}

t.test('who uses the keys now, and how long each service may go on', (t) => {
  const forever = serviceOf('forever', {
    required: false,
    profile: profileOf({ removedKeyAcceptedS: null, dropNow: 'Restart it.' }),
  });
  const rotation = rotating({ services: [forever] });
  const { world, a, b } = rotation;
  world.state.health.startedAtMs = 0;
  world.join('orders', 'p', { source: 'proxy' }).report({ keys: [OLD] });
  world.atMs += 5_000;
  const S = Math.floor(world.atMs / 1_000);
  const old = { kid: 'old', outcomes: { ok: 4 }, expS: S + 60, lastAcceptedAgeMs: 1_000 };
  a.report({ keys: [NEW], counts: [old, { kid: null, outcomes: { ok: 2 } }] });
  b.report({ keys: [OLD, NEW], counts: [old, { kid: 'new', outcomes: { ok: 1 } }] });
  const at = (now = world.now()) => blastRadius(world.state, rotationOf(rotation), now);
  const acceptedAtMs = world.atMs - 1_000;
  const found = at();
  t.equal(found.asOfMs, world.atMs);
  t.equal(found.countedSinceMs, world.atMs - RECENT_MS);
  t.equal(found.uncounted, 1);
  t.same(
    found.keys.map((key) => ({ ...key, busiestMinute: undefined })),
    [
      {
        kid: 'old',
        role: 'old',
        busiestMinute: undefined,
        accepted: 8,
        verifiers: 2,
        lastAcceptedAtMs: acceptedAtMs,
        latestExpMs: (S + 60) * 1_000,
      },
      {
        kid: 'new',
        role: 'new',
        busiestMinute: undefined,
        accepted: 1,
        verifiers: 1,
        lastAcceptedAtMs: world.atMs,
        latestExpMs: null,
      },
      {
        kid: null,
        role: 'none',
        busiestMinute: undefined,
        accepted: 2,
        verifiers: 1,
        lastAcceptedAtMs: world.atMs,
        latestExpMs: null,
      },
    ],
  );
  const orders = {
    service: 'orders',
    required: true,
    profile: 'test-profile',
    verifiers: 3,
    holding: 2,
    dropped: 0,
    dropBoundMs: 60_000,
    mayAcceptUntilMs: null,
    dropNow: 'Restart it.',
  };
  const unbounded = {
    ...orders,
    service: 'forever',
    required: false,
    verifiers: 0,
    holding: 0,
    dropBoundMs: null,
  };
  t.same(found.services, [orders, unbounded]);
  const { keys } = world.state.issuers.get(ISSUER) ?? { keys: new Map() };
  const record = keys.get(keyIdentity(OLD));
  if (record === undefined) throw new Error('no key');
  keys.set(keyIdentity(OLD), { ...record, withdrawnAtMs: 5 });
  a.report({ ...a.said, keys: [NEW] });
  t.match(at().services, [{ mayAcceptUntilMs: 60_005, dropped: 1 }, { mayAcceptUntilMs: null }]);
  const bare = { ...world.state, policy: { ...world.policy, issuers: new Map() } };
  t.equal(blastRadius(bare, rotationOf(rotation), world.now()).services[0]?.dropBoundMs, null);
  const later = { atMs: acceptedAtMs + RECENT_MS, earliestMs: 0 };
  t.equal(at(later).keys[0]?.verifiers, 2);
  t.equal(at({ ...later, atMs: later.atMs + 1 }).keys[0]?.verifiers, 0);
  world.state.health.startedAtMs = world.atMs;
  t.equal(at().countedSinceMs, world.atMs, 'what was before a start is not counted');
  t.end();
});

t.test('what removing the key refuses, in a sentence', (t) => {
  const rotation = rotating();
  const { world, a } = rotation;
  world.state.health.startedAtMs = 0;
  const say = (verifiers?: number) =>
    refusedSentence(world.state, rotationOf(rotation), world.now(), verifiers);
  const since = () => new Date(world.atMs - RECENT_MS).toISOString().slice(0, 16);
  t.match(
    say(),
    /^no token of old was seen accepted since \S+, nor before; removing the key refuses whatever is held$/,
  );
  t.ok(say().includes(since()));
  const S = Math.floor(world.atMs / 1_000);
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 1 } }] });
  t.match(
    say(),
    /^verifiers accepted old 1 time since \S+; removing the key now refuses up to about 1 request a minute, with no end known$/,
  );
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 3 }, expS: S + 60 }] });
  t.match(say(1), /^1 verifier accepted old 3 times .* requests a minute, until \d{4}-/);
  world.atMs += RECENT_MS + 60_000;
  t.match(say(), /^no token of old was seen accepted since \S+, and last at \d{4}-/);
  world.join('orders', 'p', { source: 'proxy' });
  t.match(
    say(),
    /; but 1 verifier that cannot count may have accepted some, so nobody knows what removing the key refuses$/,
  );
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 9 } }] });
  t.match(
    say(),
    /when the last token seen ends; 1 verifier that cannot count may have accepted more$/,
  );
  t.end();
});

t.test('what nobody hears may use the key unseen', (t) => {
  const app = serviceOf('app', {
    population: { cohorts: [], coverPercentile: 100, dropsWithRefresh: false },
    profile: profileOf({ id: '' }),
  });
  const rotation = rotating({ services: [app, LEDGER] });
  const { world } = rotation;
  const found = blastRadius(world.state, rotationOf(rotation), world.now());
  t.match(found.services, [{}, { dropNow: /^Nothing from here/ }, {}]);
  t.match(
    found.summary,
    /; but 2 services that nobody hears may have accepted some, so nobody knows/,
  );
  t.end();
});

t.test('time takes a shared secret from nobody', (t) => {
  const { world, id } = secretRotating();
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  const { services } = blastRadius(world.state, rotation, world.now());
  t.ok(services.length > 0);
  for (const reach of services) {
    t.match(reach, { dropBoundMs: null, mayAcceptUntilMs: null, dropNow: /out of its settings/ });
  }
  t.end();
});

t.test('how far the old key is out of use, service by service', (t) => {
  const edge = serviceOf('edge', {
    instances: null,
    profile: profileOf({ removedKeyAcceptedS: 600, dropNow: 'Reload it.' }),
    evidence: 'timed',
  });
  const rotation = rotating({ services: [edge, LEDGER], until: 'retired' });
  const { world, id, a, b } = rotation;
  const at = () => containmentOf(world.state, rotationOf(rotation), world.now());
  const pendingOf = (service: string) =>
    at().services.find((found) => found.service === service)?.pending;
  const withdrawnAtMs = world.state.issuers.get(ISSUER)?.keys.get(keyIdentity(OLD))?.withdrawnAtMs;
  t.match(at(), {
    asOfMs: world.atMs,
    withdrawnAtMs,
    percent: 50,
    status: 'not_contained',
    total: 4,
    contained: 2,
  });
  t.match(at().services, [
    { service: 'orders', profile: 'test-profile', total: 2, contained: 2, pending: [] },
    { service: 'edge', total: 1, contained: 0, dropNow: 'Reload it.' },
    { service: 'ledger', total: 1, contained: 0, pending: [{ state: 'unvouched', count: 1 }] },
  ]);
  t.same(pendingOf('edge'), [
    { state: 'waiting', count: 1, untilMs: (withdrawnAtMs ?? 0) + 600_000 },
  ]);
  t.ok(at().reasons.every(({ status }) => status !== 'pass'));
  t.ok(world.attest(id, 'ledger', { fact: 'rejects_old', validForMs: 7_200_000 }).ok);
  t.same(pendingOf('ledger'), []);
  b.report({ ...b.said, keys: [OLD, NEW] });
  t.same(pendingOf('orders'), [{ state: 'holds_old', count: 1, untilMs: null }]);
  b.report({ ...b.said, keys: [NEW] });
  world.pass(60_000, { silent: ['orders/a'] });
  t.same(pendingOf('orders'), [{ state: 'unheard', count: 1, untilMs: null }]);
  a.report({ ...a.said });
  world.pass(600_000);
  t.match(at(), { percent: 100, status: 'contained', total: 4, contained: 4, reasons: [] });
  world.sightFailure();
  t.match(at().status, /not_contained|unknown/);
  t.match(at(), { percent: 99, total: 4, contained: 4 }, 'never 100 in doubt');
  world.sight();
  const done = { ...rotationOf(rotation), outcome: 'completed' as const, endedAtMs: 5 };
  t.match(containmentOf(world.state, done, world.now()), {
    percent: 100,
    status: 'contained',
    total: 0,
    services: [],
  });
  const bare = { ...world.state, policy: { ...world.policy, issuers: new Map() } };
  t.match(containmentOf(bare, rotationOf(rotation), world.now()), { percent: 0, services: [] });
  t.end();
});

t.test('before it is withdrawn nobody is contained', (t) => {
  const rotation = rotating({ until: 'switched' });
  const { world } = rotation;
  t.match(containmentOf(world.state, rotationOf(rotation), world.now()), {
    withdrawnAtMs: null,
    percent: 0,
    contained: 0,
    services: [{ pending: [{ state: 'not_withdrawn', count: 2, untilMs: null }] }],
  });
  t.end();
});

t.test('how long tokens of one kid live', (t) => {
  const rotation = rotating();
  const { world } = rotation;
  const issuer = world.state.issuers.get(ISSUER);
  const record = issuer?.keys.get(keyIdentity(OLD));
  if (issuer === undefined || record === undefined) throw new Error('no key');
  const life = (
    declaredMs: number | null,
    keyMs: number | null,
    usage: { readonly longestLifetimeS: number | null; readonly acceptedWithoutIat: number } | null,
    kid = 'old',
  ) => {
    issuer.keys.set(keyIdentity(OLD), { ...record, declaredLifetimeMs: keyMs });
    world.state.usage.clear();
    if (usage !== null) {
      world.state.usage.set(usageKey(ISSUER, 'old'), {
        issuer: ISSUER,
        kid: 'old',
        ...usage,
      } as never);
    }
    return lifetimeOfKidMs(world.state, issuerOf({ maxTokenLifetimeMs: declaredMs }), kid);
  };
  const seen = { longestLifetimeS: 9, acceptedWithoutIat: 0 };
  const dumb = { longestLifetimeS: 9, acceptedWithoutIat: 1 };
  t.equal(life(null, null, null), null);
  t.equal(life(5_000, null, null), 5_000);
  t.equal(life(null, 7_000, null), 7_000);
  t.equal(life(null, 7_000, null, 'another'), null, 'what was declared for another key');
  t.equal(life(null, null, seen), 9_000);
  t.equal(life(null, null, dumb), null, 'some do not say it, and nobody declared it');
  t.equal(life(5_000, null, dumb), 9_000);
  t.equal(life(null, 7_000, dumb), 9_000);
  t.equal(
    lifetimeOfKidMs(world.state, issuerOf({ issuer: 'x', maxTokenLifetimeMs: 1 }), 'old'),
    1,
    'an issuer without state',
  );
  t.end();
});
