import type { Gate } from '@keyturn/shared/model/verdict.ts';
import t from 'tap';
import type { Test } from 'tap';
import {
  ISSUER,
  issuerOf,
  keyOf,
  NEW,
  OLD,
  policyOf,
  profileOf,
  serviceOf,
} from '../support/policies.ts';
import { KNOWS, ProbingWorld, TAKES_ANYTHING } from '../support/probing.ts';
import { rotating } from '../support/rotating.ts';
import { holding, OLD_SECRET, secretRotating } from '../support/secret-rotating.ts';
import { blockers, checkOf, World } from '../support/world.ts';

// Each test is one way in which two rules, each right by itself, could open a gate together.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BOTH = { keys: [OLD, NEW] };
const UNBOUNDED = profileOf({
  id: 'remembers',
  cachesVerifiedTokens: true,
  removedKeyAcceptedS: null,
});

function isShut(t: Test, world: World, id: string, gate: Gate, ...expected: string[]): void {
  const verdict = world.gate(id, gate);
  t.not(verdict.status, 'open', `gate ${gate}`);
  t.same(blockers(verdict), expected);
}

t.test('purge: a replaced cache of secrets does not stand in for one of public keys', (t) => {
  const { world, id } = rotating({
    services: [serviceOf('api', { profile: UNBOUNDED })],
    until: 'started',
  });
  const hmac = world.join('api', 'gone', { cache: 'hmac', cacheKind: 'secret' });
  hmac.report(holding([OLD_SECRET]));
  hmac.crash();
  const api = world.join('api', 'lives', { cacheKind: 'public' });
  api.report({ keys: [NEW] });
  t.ok(world.declare(id, 'activate', 'the test says so').ok);
  world.served = [NEW];
  for (const verifier of world.verifiers) verifier.said = { keys: [NEW] };
  world.pass(2 * HOUR_MS);
  isShut(t, world, id, 'purge', 'drop_time_elapsed:unknown');
  t.end();
});

t.test('purge: one live instance of a range does not speak for those nobody hears', (t) => {
  const gateway = serviceOf('gateway', {
    kind: 'managed',
    evidence: 'timed',
    instances: 1,
    instancesMax: 10,
    profile: profileOf({ id: 'alb', removedKeyAcceptedS: null }),
  });
  const { world, id } = rotating({ services: [gateway], until: 'retired' });
  world.join('gateway').report({ keys: [NEW] });
  isShut(t, world, id, 'purge', 'drop_time_elapsed:unknown');
  t.end();
});

for (const [name, service] of [
  [
    'population',
    serviceOf('many', {
      kind: 'unmanaged',
      evidence: 'timed',
      instances: null,
      population: {
        cohorts: [{ percentile: 100, withinMs: MINUTE_MS }],
        coverPercentile: 100,
        dropsWithRefresh: true,
      },
    }),
  ],
  ['managed service', serviceOf('many', { kind: 'managed', evidence: 'timed', instances: null })],
] as const) {
  t.test(`activate: one that reports proves the new algorithm for no whole ${name}`, (t) => {
    const issuers = new Map([[ISSUER, issuerOf()]]);
    const world = new World(policyOf([service], { issuers }));
    const es = { ...keyOf('es'), alg: 'ES256' };
    world.sight();
    world.sight();
    const one = world.join('many');
    one.report({ keys: [OLD] });
    world.pass(MINUTE_MS);
    const id = world.start({ alg: 'ES256', oldKid: 'old', newKid: 'es' });
    world.served = [OLD, es];
    world.pass(MINUTE_MS);
    one.report({ keys: [OLD, es], counts: [{ kid: 'es', outcomes: { ok: 1 } }] });
    world.pass(HOUR_MS);
    isShut(t, world, id, 'activate', 'alg_supported:fail');
    t.end();
  });
}

t.test('activate: a service declared without public keys, seen to hold one, falls silent', (t) => {
  const { world, id } = rotating({ services: [serviceOf('hmac', { keys: 'secret' })] });
  const odd = world.join('hmac');
  odd.report({ keys: [OLD] });
  isShut(t, world, id, 'activate', 'new_key_known:fail');
  odd.crash();
  world.pass(5 * MINUTE_MS);
  isShut(t, world, id, 'activate', 'fleet_heard:unknown');
  t.end();
});

t.test(
  'activate: a service declared without secrets accepts tokens of one, and says nothing',
  (t) => {
    const services = [serviceOf('web', { keys: 'public' })];
    const { world, id } = secretRotating({ services });
    const web = world.join('web');
    web.report({ keys: [OLD], counts: [{ kid: OLD_SECRET.kid, outcomes: { ok: 9 } }] });
    isShut(t, world, id, 'activate', 'new_key_known:fail', 'old_key_held:unknown');
    t.end();
  },
);

t.test('activate: a lowered max-age does not end the copies made under the longer one', (t) => {
  const managed = serviceOf('gateway', { kind: 'managed', evidence: 'timed', instances: null });
  const { world, id } = rotating({ services: [managed], until: 'started' });
  world.answered = { maxAgeS: 7_200 };
  world.sight();
  world.answered = { maxAgeS: 60 };
  world.served = [OLD, NEW];
  world.pass(MINUTE_MS);
  for (const verifier of world.verifiers) verifier.report(BOTH);
  const { sinceMs } = checkOf(world.gate(id, 'activate'), 'new_key_published');
  // A shared cache hands out its copy for two hours, whoever got it keeps it for a minute more.
  const readyAtMs = (sinceMs ?? 0) + 7_200_000 - MINUTE_MS + MINUTE_MS + MINUTE_MS;
  while (world.atMs < readyAtMs - MINUTE_MS) {
    world.pass(Math.min(MINUTE_MS / 2, readyAtMs - MINUTE_MS - world.atMs));
    if (world.gate(id, 'activate').status === 'open') break;
  }
  isShut(t, world, id, 'activate', 'time_elapsed:fail');
  t.end();
});

t.test('retire: what was set aside for a switch that was undone is not for the next', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  t.ok(world.waive(id, 'retire', 'old_tokens_expired', 30 * 24 * HOUR_MS).ok);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.ok(world.declare(id, 'rollback', 'the new key fails').ok);
  world.pass(MINUTE_MS);
  t.ok(world.declare(id, 'activate').ok);
  const iatS = Math.ceil(world.atMs / 1_000);
  world.pass(2_000);
  for (const verifier of world.verifiers) {
    verifier.report({
      ...BOTH,
      counts: [
        { kid: 'old', outcomes: { ok: 20 }, iatS: iatS - 30, lifetimeS: 300 },
        { kid: 'new', outcomes: { ok: 9 }, iatS, lifetimeS: 300 },
      ],
    });
  }
  isShut(t, world, id, 'retire', 'old_tokens_expired:fail');
  t.end();
});

t.test('purge: a word from before a rollback says nothing of what was configured for it', (t) => {
  const appliance = serviceOf('appliance', {
    kind: 'static',
    evidence: 'attested',
    instances: null,
    profile: profileOf({ staticKeys: true }),
  });
  const { world, id, a, b } = rotating({ services: [appliance], until: 'switched' });
  t.ok(world.attest(id, 'appliance', { fact: 'rejects_old', validForMs: 24 * HOUR_MS }).ok);
  t.ok(world.declare(id, 'rollback', 'the new key fails').ok);
  world.pass(MINUTE_MS);
  t.ok(world.declare(id, 'activate', 'the test says so').ok);
  world.served = [NEW];
  world.pass(30_000);
  for (const verifier of [a, b]) verifier.report({ keys: [NEW] });
  isShut(t, world, id, 'purge', 'attested:fail');
  t.end();
});

t.test('purge: who takes any signature has not stopped accepting the old key', (t) => {
  const world = new ProbingWorld();
  world.publish();
  world.a.report(BOTH);
  world.probe(TAKES_ANYTHING);
  t.ok(world.declare(world.rotationId, 'activate', 'the test says so').ok);
  world.served = [NEW];
  world.a.said = { keys: [NEW] };
  world.pass(MINUTE_MS);
  world.a.report();
  isShut(t, world, world.rotationId, 'purge', 'no_alert:fail', 'rejects_bogus:fail');
  t.end();
});

const GATEWAY = serviceOf('gateway', { kind: 'managed', evidence: 'timed', instances: null });

t.test('activate: who said that it lacks the new key does not gain it by falling silent', (t) => {
  const { world, id } = rotating({ services: [GATEWAY] });
  const one = world.join('gateway');
  one.report({ keys: [OLD] });
  world.pass(HOUR_MS);
  isShut(t, world, id, 'activate', 'new_key_known:fail');
  one.crash();
  world.pass(5 * MINUTE_MS);
  isShut(t, world, id, 'activate', 'new_key_known:fail');
  t.end();
});

t.test('purge: who held the old key past its bound does not drop it by falling silent', (t) => {
  const { world, id } = rotating({ services: [GATEWAY], until: 'retired' });
  const one = world.join('gateway');
  one.report({ keys: [OLD, NEW] });
  world.pass(HOUR_MS);
  isShut(t, world, id, 'purge', 'old_key_dropped:fail');
  one.crash();
  world.pass(5 * MINUTE_MS);
  isShut(t, world, id, 'purge', 'old_key_dropped:fail');
  t.end();
});

t.test('activate: time proves nothing of one whose own fetches have failed since', (t) => {
  const { world, id } = rotating({ services: [GATEWAY], until: 'started' });
  const one = world.join('gateway');
  const fetchedAtMs = world.atMs;
  world.served = [OLD, NEW];
  for (const verifier of world.verifiers) verifier.said = BOTH;
  for (let beats = 0; beats < 240; beats += 1) {
    one.report({ keys: [OLD], dataAgeMs: world.atMs - fetchedAtMs, failures: beats + 1 });
    world.pass(15_000);
  }
  one.report({ keys: [OLD], dataAgeMs: world.atMs - fetchedAtMs, failures: 999 });
  isShut(t, world, id, 'activate', 'new_key_known:fail');
  t.end();
});

t.test('activate: a run of passing checks does not go on through a rollback', (t) => {
  const world = new World(policyOf([GATEWAY], { stableForMs: 10 * MINUTE_MS }));
  world.sight();
  world.sight();
  world.pass(MINUTE_MS);
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(HOUR_MS);
  t.ok(world.declare(id, 'activate').ok);
  world.pass(MINUTE_MS);
  t.ok(world.declare(id, 'rollback', 'the new key fails').ok);
  world.pass(MINUTE_MS);
  isShut(t, world, id, 'activate', 'stable:fail');
  t.end();
});

t.test('retire: a canary that a pushed verifier counts is no token of the issuer', (t) => {
  const world = new ProbingWorld({ kind: 'pushed' }, { source: 'pushed' });
  const { rotationId: id } = world;
  world.publish();
  world.a.report(BOTH);
  t.ok(world.declare(id, 'activate', 'the test says so').ok);
  world.pass(MINUTE_MS);
  world.order();
  world.pass(1_000);
  world.answer(KNOWS);
  const iatS = Math.floor(world.atMs / 1_000) - 1;
  world.a.report({ ...BOTH, counts: [{ kid: 'new', outcomes: { ok: 1 }, iatS, lifetimeS: 600 }] });
  world.pass(HOUR_MS);
  isShut(t, world, id, 'retire', 'new_key_in_use:unknown');
  const laterS = Math.floor(world.atMs / 1_000);
  world.a.report({ ...BOTH, counts: [{ kid: 'new', outcomes: { ok: 2 }, iatS: laterS }] });
  t.equal(checkOf(world.gate(id, 'retire'), 'new_key_in_use').status, 'pass', 'nobody was probed');
  t.end();
});

t.test(
  'purge: a collector that was down sees the old key served again, once, before it asks',
  (t) => {
    const { world, id } = rotating({ until: 'retired' });
    t.equal(world.gate(id, 'purge').status, 'open');
    world.restart({ downMs: HOUR_MS });
    world.pass(60_000, { unwatched: true });
    isShut(t, world, id, 'purge', 'jwks_healthy:unknown', 'clock_agrees:unknown');
    world.sight([OLD, NEW]);
    t.ok(blockers(world.gate(id, 'purge')).includes('old_key_withdrawn:fail'));
    t.end();
  },
);

t.test('activate: an attestation that ends in the second before the act', (t) => {
  const appliance = serviceOf('appliance', {
    kind: 'managed',
    evidence: 'attested',
    instances: null,
  });
  const { world, id } = rotating({ services: [appliance] });
  t.ok(world.attest(id, 'appliance', { validForMs: MINUTE_MS }).ok);
  t.equal(world.gate(id, 'activate').status, 'open');
  world.atMs += MINUTE_MS;
  const refused = world.declare(id, 'activate');
  t.match(refused, { ok: false, refusal: { code: 'gate_not_open' } });
  t.end();
});
