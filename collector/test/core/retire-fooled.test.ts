import t from 'tap';
import type { Test } from 'tap';
import type { CountsPart } from '../support/messages.ts';
import type { TestVerifier } from '../support/world.ts';
import { issuerOf, ISSUER, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { blockers, checkOf, World } from '../support/world.ts';

// Each test is one way in which tokens of the old key live on while everything looks fine. Gate
// retire must not be open at the moment an unexpired one can exist.

/** Declared longest token lifetime of the world's issuer, and what retire adds to it. */
const TMAX_MS = 600_000;
const MARGIN_MS = 10_000 + 60_000;

interface Switched {
  readonly world: World;
  readonly id: string;
  readonly a: TestVerifier;
  readonly b: TestVerifier;
  readonly switchedAtMs: number;
}

/** Seconds of the issuer's clock, which agrees with the collector's. */
function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

function oldTokens(world: World, part: Partial<CountsPart> = {}): CountsPart {
  const iatS = seconds(world.atMs) - 300;
  return { kid: 'old', outcomes: { ok: 10 }, iatS, expS: iatS + 300, lifetimeS: 300, ...part };
}

function newTokens(world: World): CountsPart {
  return { kid: 'new', outcomes: { ok: 5 }, iatS: seconds(world.atMs), lifetimeS: 300 };
}

function both(world: World, old: Partial<CountsPart> = {}) {
  return { keys: [OLD, NEW], counts: [oldTokens(world, old), newTokens(world)] };
}

/** Two verifiers that know both keys; the signer has switched and a new token was accepted. */
function switched(): Switched {
  const world = new World(policyOf([serviceOf('orders', { instances: 2 })]));
  world.sight();
  world.sight();
  const a = world.join('orders', 'a');
  const b = world.join('orders', 'b');
  a.report({ keys: [OLD] });
  b.report({ keys: [OLD] });
  world.pass(60_000);
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(30_000);
  a.report({ keys: [OLD, NEW], counts: [oldTokens(world)] });
  b.report({ keys: [OLD, NEW], counts: [oldTokens(world)] });
  const activated = world.declare(id, 'activate');
  if (!activated.ok) throw new Error(activated.refusal.message);
  const switchedAtMs = world.atMs;
  a.report(both(world));
  b.report(both(world));
  return { world, id, a, b, switchedAtMs };
}

/** Lets time pass and fails at the first second in which the gate is open before that moment. */
function staysShutUntil(t: Test, { world, id }: Switched, untilMs: number): void {
  while (world.atMs < untilMs - 1_000) {
    world.pass(Math.min(300_000, untilMs - 1_000 - world.atMs));
    if (world.gate(id, 'retire').status !== 'open') continue;
    t.fail(`open ${(untilMs - world.atMs) / 1_000} s too early`);
    return;
  }
  t.not(world.gate(id, 'retire').status, 'open', 'not open one second before');
  world.pass(1_000);
}

t.test('nothing odd: open when the last token of the old key has expired, and not before', (t) => {
  const story = switched();
  staysShutUntil(t, story, story.switchedAtMs + TMAX_MS + MARGIN_MS);
  t.equal(story.world.gate(story.id, 'retire').status, 'open');
  t.end();
});

t.test('a late signer replica: the old key signs on after the declared switch', (t) => {
  const story = switched();
  const { world, id, a, switchedAtMs } = story;
  world.pass(400_000);
  const lateAtMs = world.atMs;
  a.report(both(world, { outcomes: { ok: 11 }, iatS: seconds(lateAtMs) }));
  const late = checkOf(world.gate(id, 'retire'), 'old_key_not_signing');
  t.match(late, { status: 'fail', message: /still signed at .* after the switch/ });
  t.match(late.offenders, [{ instance: 'a', state: 'accepts_late' }]);
  t.equal(late.clearsAtMs, lateAtMs + TMAX_MS + MARGIN_MS);
  staysShutUntil(t, story, lateAtMs + TMAX_MS + MARGIN_MS);
  t.ok(world.atMs > switchedAtMs + TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('the switch was declared, and then the signer went on with the old key', (t) => {
  const world = new World(policyOf([serviceOf('orders', { instances: 1 })]));
  world.served = [OLD, NEW];
  world.sight();
  world.sight();
  const a = world.join('orders');
  // A token of the new key is tried out long before the switch.
  a.report({ keys: [OLD, NEW], counts: [newTokens(world)] });
  const id = startFromOld(world);
  world.pass(60_000);
  t.ok(world.declare(id, 'activate').ok);
  world.pass(3_600_000);
  t.same(blockers(world.gate(id, 'retire')), ['new_key_in_use:unknown'], 'nobody saw the switch');

  // An hour late the signer follows. Its last token of the old key was seen by nobody.
  a.report({ keys: [OLD, NEW], counts: [{ ...newTokens(world), outcomes: { ok: 6 } }] });
  const seenAtMs = world.atMs;
  t.equal(
    checkOf(world.gate(id, 'retire'), 'old_tokens_expired').clearsAtMs,
    seenAtMs + TMAX_MS + MARGIN_MS,
  );
  const story = { world, id, switchedAtMs: seenAtMs } as Switched;
  staysShutUntil(t, story, seenAtMs + TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('one token, seen once, lives longer than anybody declared', (t) => {
  const story = switched();
  const { world, id, a, switchedAtMs } = story;
  const lifetimeS = 86_400;
  const expS = seconds(switchedAtMs) - 3_600 + lifetimeS;
  a.report(both(world, { outcomes: { ok: 11 }, expS, lifetimeS }));
  staysShutUntil(t, story, switchedAtMs + lifetimeS * 1_000 + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('a long lifetime once seen is not forgotten by a restart', (t) => {
  const story = switched();
  const { world, id, a, switchedAtMs } = story;
  a.report(both(world, { outcomes: { ok: 11 }, lifetimeS: 7_200 }));
  world.restart();
  t.equal(
    checkOf(world.gate(id, 'retire'), 'old_tokens_expired').clearsAtMs,
    switchedAtMs + 7_200_000 + MARGIN_MS,
  );
  t.end();
});

t.test('a token without exp never ends: closed until a person says otherwise', (t) => {
  const story = switched();
  const { world, id, b } = story;
  b.report(both(world, { outcomes: { ok: 11 }, withoutExp: 1 }));
  world.pass(TMAX_MS * 10);
  t.same(blockers(world.gate(id, 'retire')), ['old_tokens_end:fail']);
  t.equal(world.gate(id, 'retire').clearsAtMs, null);
  t.ok(world.waive(id, 'retire', 'old_tokens_end').ok);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('a token without iat may have been signed just before it was accepted', (t) => {
  const story = switched();
  const { world, id, a } = story;
  world.pass(500_000);
  const acceptedAtMs = world.atMs;
  a.report(both(world, { outcomes: { ok: 11 }, withoutIat: 1 }));
  staysShutUntil(t, story, acceptedAtMs + TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('tokens without iat and no declared lifetime: nobody can say when they end', (t) => {
  const policy = policyOf([serviceOf('orders')], {
    issuers: new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs: null })]]),
  });
  const world = new World(policy);
  world.served = [OLD, NEW];
  world.sight();
  world.sight();
  const a = world.join('orders');
  a.report({ keys: [OLD, NEW] });
  const id = startFromOld(world);
  world.pass(60_000);
  t.ok(world.declare(id, 'activate').ok);
  a.report({
    keys: [OLD, NEW],
    counts: [oldTokens(world, { withoutIat: 4 }), newTokens(world)],
  });
  world.pass(7_200_000);
  t.equal(checkOf(world.gate(id, 'retire'), 'old_tokens_expired').status, 'unknown');
  t.not(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('tokens without kid may be of the old key', (t) => {
  const story = switched();
  const { world, id, a } = story;
  world.pass(600_000);
  const acceptedAtMs = world.atMs;
  const report = both(world);
  a.report({ ...report, counts: [...report.counts, { kid: null, outcomes: { ok: 1 } }] });
  staysShutUntil(t, story, acceptedAtMs + TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('a token without kid and exp keeps it closed', (t) => {
  const story = switched();
  const { world, id, a } = story;
  const report = both(world);
  a.report({
    ...report,
    counts: [...report.counts, { kid: null, outcomes: { ok: 1 }, withoutExp: 1 }],
  });
  world.pass(TMAX_MS * 5);
  t.same(blockers(world.gate(id, 'retire')), ['tokens_have_kid:fail']);
  t.end();
});

t.test('accepted tokens that did not fit the agent table may be of the old key', (t) => {
  const story = switched();
  const { world, id, a } = story;
  world.pass(500_000);
  const lateAtMs = world.atMs;
  const report = both(world);
  a.report({
    ...report,
    counts: [
      ...report.counts,
      { kid: undefined, outcomes: { ok: 1 }, iatS: seconds(lateAtMs), lifetimeS: 600 },
    ],
  });
  staysShutUntil(t, story, lateAtMs + TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('a silent verifier may be accepting anything', (t) => {
  const { world, id } = switched();
  world.pass(TMAX_MS + MARGIN_MS + 60_000, { silent: ['orders/b'] });
  t.same(blockers(world.gate(id, 'retire')), ['fleet_heard:unknown']);
  world.pass(86_400_000, { silent: ['orders/b'] });
  t.same(blockers(world.gate(id, 'retire')), ['fleet_heard:unknown'], 'no timeout opens it');
  t.end();
});

t.test('a restarted verifier comes up with the cache of an old image', (t) => {
  const { world, id, b } = switched();
  world.pass(TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  b.crash();
  const again = world.join('orders', 'b');
  t.same(blockers(world.gate(id, 'retire')), ['fleet_heard:unknown'], 'said hello only');
  again.report({ keys: [OLD] });
  t.same(blockers(world.gate(id, 'retire')), ['new_key_known:fail']);
  again.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('a new verifier joins late with an old cache', (t) => {
  const { world, id } = switched();
  world.pass(TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  const late = world.join('orders', 'c');
  t.same(blockers(world.gate(id, 'retire')), ['fleet_heard:unknown']);
  late.report({ keys: [OLD] });
  t.same(blockers(world.gate(id, 'retire')), ['new_key_known:fail']);
  const stranger = world.join('reports', 'x');
  late.report({ keys: [OLD, NEW] });
  t.same(blockers(world.gate(id, 'retire')), ['fleet_heard:unknown'], 'undeclared blocks as well');
  stranger.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test(
  'the wall clock is set back: the gate waits, and does not open early when it is put right',
  (t) => {
    const { world, id, switchedAtMs } = switched();
    const dueMs = switchedAtMs + TMAX_MS + MARGIN_MS;
    world.pass(300_000);
    world.stepWall(-3_600_000);
    world.pass(dueMs - world.atMs);
    t.same(blockers(world.gate(id, 'retire')), ['old_tokens_expired:fail']);
    world.stepWall(3_600_000);
    t.equal(world.gate(id, 'retire').status, 'open');
    t.end();
  },
);

t.test('the wall clock is set forward: nothing moves', (t) => {
  const { world, id } = switched();
  world.pass(30_000);
  world.stepWall(86_400_000);
  world.pass(30_000);
  t.same(blockers(world.gate(id, 'retire')), ['old_tokens_expired:fail']);
  t.end();
});

t.test('set forward by a day and restarted: the issuer’s clock contradicts', (t) => {
  const { world, id } = switched();
  restartAhead(world, 86_400_000);
  t.same(blockers(world.gate(id, 'retire')), ['clock_agrees:unknown', 'old_tokens_expired:fail']);
  t.end();
});

t.test('set forward by minutes and restarted: tokens still live by the issuer’s clock', (t) => {
  const { world, id, switchedAtMs } = switched();
  const aheadMs = 210_000;
  const dueMs = switchedAtMs + TMAX_MS + MARGIN_MS;
  restartAhead(world, aheadMs);
  while (world.atMs < dueMs + aheadMs - 15_000) {
    t.not(world.gate(id, 'retire').status, 'open');
    world.pass(15_000);
  }
  world.pass(15_000);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test(
  'set forward and restarted, and the issuer sends no Date: nothing confirms the clock',
  (t) => {
    const { world, id } = switched();
    world.stepWall(86_400_000);
    world.dated = false;
    world.restart();
    world.pass(60_000);
    t.same(blockers(world.gate(id, 'retire')), ['clock_agrees:unknown']);
    t.end();
  },
);

t.test('an old token is accepted after all should have expired', (t) => {
  const story = switched();
  const { world, id, a, switchedAtMs } = story;
  world.pass(TMAX_MS + MARGIN_MS + 120_000);
  t.equal(world.gate(id, 'retire').status, 'open');
  const acceptedAtMs = world.atMs;
  // Its claims promise that it is long gone: this verifier, or somebody's clock, is wrong.
  const iatS = seconds(switchedAtMs) - 300;
  a.report(both(world, { outcomes: { ok: 11 }, iatS, expS: iatS + 600 }));
  const verdict = world.gate(id, 'retire');
  t.same(blockers(verdict), ['old_key_unused:fail']);
  t.match(checkOf(verdict, 'old_key_unused').offenders, [
    { service: 'orders', instance: 'a', state: 'accepts_old' },
  ]);
  staysShutUntil(t, story, acceptedAtMs + TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('the report that told of a late token is lost, then the verifier says goodbye', (t) => {
  const { world, id, a } = switched();
  world.pass(500_000);
  // Accepted, put into a report, lost with the stream.
  const lost = a.make(both(world, { outcomes: { ok: 11 }, iatS: seconds(world.atMs) }));
  a.goodbye();
  world.pass(TMAX_MS + MARGIN_MS);
  t.same(blockers(world.gate(id, 'retire')), ['fleet_heard:unknown'], 'one of two is not there');
  t.equal(a.send(lost).result, 'rejected', 'after a goodbye nobody speaks for it');

  // Its process returns: the same ledger, counts and all.
  const back = world.join('orders', 'a', { boot: '0'.repeat(32) });
  back.report({ keys: [OLD, NEW], counts: lostCounts(world, lost.observedAgeMs) });
  t.same(blockers(world.gate(id, 'retire')), [
    'old_tokens_expired:fail',
    'old_key_not_signing:fail',
  ]);
  t.end();
});

t.test('the settings lower max_token_lifetime across a restart', (t) => {
  const story = switched();
  const { world, id, switchedAtMs } = story;
  const lowered = policyOf([serviceOf('orders', { instances: 2 })], {
    issuers: new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs: 60_000 })]]),
  });
  world.restart({ policy: lowered });
  staysShutUntil(t, story, switchedAtMs + TMAX_MS + MARGIN_MS);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('the settings raise max_token_lifetime, then lower it again', (t) => {
  const { world, id, switchedAtMs } = switched();
  const withLifetime = (ms: number | null) =>
    policyOf([serviceOf('orders', { instances: 2 })], {
      issuers: new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs: ms })]]),
    });
  world.restart({ policy: withLifetime(7_200_000) });
  world.pass(60_000);
  world.restart({ policy: withLifetime(60_000) });
  world.pass(60_000);
  t.equal(
    checkOf(world.gate(id, 'retire'), 'old_tokens_expired').clearsAtMs,
    switchedAtMs + 7_200_000 + MARGIN_MS,
  );
  world.restart({ policy: withLifetime(null) });
  t.equal(
    checkOf(world.gate(id, 'retire'), 'old_tokens_expired').clearsAtMs,
    switchedAtMs + 7_200_000 + MARGIN_MS,
  );
  t.end();
});

t.test('a rollback and a second switch: time counts from the second', (t) => {
  const { world, id, a, b } = switched();
  world.pass(300_000);
  t.ok(world.declare(id, 'rollback').ok);
  world.pass(60_000);
  t.same(blockers(world.gate(id, 'retire')).slice(0, 2), [
    'signer_switched:fail',
    'new_key_in_use:unknown',
  ]);
  world.pass(1_200_000);
  t.ok(world.declare(id, 'activate').ok);
  const again = { world, id, a, b, switchedAtMs: world.atMs };
  const report = both(world);
  a.report({ ...report, counts: report.counts.map((row) => ({ ...row, outcomes: { ok: 20 } })) });
  t.not(world.gate(id, 'retire').status, 'open');
  staysShutUntil(t, again, again.switchedAtMs + TMAX_MS + MARGIN_MS);
  t.end();
});

t.test('a new-key token from before the rollback is shown after the second declaration', (t) => {
  const { world, id, a } = switched();
  const leftOver = newTokens(world);
  t.ok(world.declare(id, 'rollback').ok);
  world.pass(60_000);
  t.ok(world.declare(id, 'activate').ok);
  world.pass(60_000);
  a.report({ keys: [OLD, NEW], counts: [oldTokens(world), { ...leftOver, outcomes: { ok: 6 } }] });
  t.equal(checkOf(world.gate(id, 'retire'), 'new_key_in_use').status, 'unknown');
  a.report({
    keys: [OLD, NEW],
    counts: [oldTokens(world), { ...newTokens(world), outcomes: { ok: 7 } }],
  });
  t.equal(checkOf(world.gate(id, 'retire'), 'new_key_in_use').status, 'pass');
  t.end();
});

function startFromOld(world: World): string {
  const result = world.act({
    type: 'start',
    id: 'r-old',
    by: 'tester',
    issuer: ISSUER,
    alg: 'RS256',
    oldKid: 'old',
    newKid: 'new',
    newThumbprint: null,
  });
  if (!result.ok) throw new Error(result.refusal.message);
  return 'r-old';
}

function lostCounts(world: World, ageMs: number): CountsPart[] {
  const iatS = seconds(world.atMs - ageMs) - 100;
  return [
    { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 600, lastAcceptedAgeMs: 90_000 },
    newTokens(world),
  ];
}

/** The wall clock of the collector is set forward, and it starts anew: ahead of the issuer. */
function restartAhead(world: World, aheadMs: number): void {
  world.stepWall(aheadMs);
  world.restart();
  world.issuerOffMs = -aheadMs;
  world.pass(90_000);
}
