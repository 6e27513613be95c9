import t from 'tap';
import { newKeyNeed } from '../../../src/core/new-key-need.ts';
import { DECLARE } from '../../support/acts.ts';
import { issuerOf, NEW, OLD } from '../../support/policies.ts';
import type { Rotating } from '../../support/rotating.ts';
import { rotating } from '../../support/rotating.ts';
import { World } from '../../support/world.ts';

/** Tmax 600 s, σ 10 s, Sret 60 s. */
const NEEDED_MS = 670_000;

function rolledBack(): Rotating {
  const rotation = rotating({ until: 'switched' });
  rotation.world.pass(30_000);
  rotation.world.declare(rotation.id, 'rollback', 'it failed');
  return rotation;
}

function need({ world, id }: Rotating) {
  const rotation = world.state.rotations.get(id);
  return rotation === undefined ? undefined : newKeyNeed(world.state, rotation);
}

t.test('after a rollback the new key is needed until its last token has expired', (t) => {
  const rotation = rolledBack();
  const { world, id } = rotation;
  const untilMs = world.atMs + NEEDED_MS;
  t.match(need(rotation), { kind: 'until', atMs: untilMs });

  const early = world.declare(id, 'abort');
  t.match(early, {
    ok: false,
    refusal: { code: 'conflict', field: 'step', clearsAtMs: untilMs, message: /may be live until/ },
  });
  world.pass(NEEDED_MS - 1_000);
  t.equal(world.declare(id, 'abort').ok, false, 'a second too early');
  world.pass(1_000);
  t.ok(world.declare(id, 'abort').ok);
  t.equal(world.state.rotations.get(id)?.declared.abort?.overrideReason, null);
  t.end();
});

t.test('a named person may end it early, and that is on record', (t) => {
  const { world, id } = rolledBack();
  t.ok(world.declare(id, 'abort', 'the new key was never handed out').ok);
  t.equal(
    world.state.rotations.get(id)?.declared.abort?.overrideReason,
    'the new key was never handed out',
  );
  const entry = world.store
    .audit({ limit: 1_000 })
    .findLast(({ action }) => action === 'declare_abort');
  t.match(entry, { kind: 'act', actor: 'tester', message: /never handed out/ });
  t.end();
});

t.test('what makes the new key needed for longer', (t) => {
  const late = rolledBack();
  const iatS = Math.floor(late.world.atMs / 1_000) + 60;
  late.world.pass(60_000);
  late.a.report({
    keys: [OLD, NEW],
    counts: [{ kid: 'new', outcomes: { ok: 5 }, iatS, lifetimeS: 300 }],
  });
  t.match(need(late), { kind: 'until', atMs: iatS * 1_000 + NEEDED_MS }, 'a signer was late');

  const long = rolledBack();
  const expS = Math.floor(long.world.atMs / 1_000) + 7_200;
  long.a.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { ok: 5 }, expS }] });
  t.match(need(long), { kind: 'until', atMs: expS * 1_000 + 70_000 }, 'a token lives longer');

  const endless = rolledBack();
  endless.a.report({
    keys: [OLD, NEW],
    counts: [{ kid: 'new', outcomes: { ok: 5 }, withoutExp: 1 }],
  });
  t.match(need(endless), { kind: 'unknown', why: /without expiry/ });
  t.match(endless.world.declare(endless.id, 'abort'), {
    ok: false,
    refusal: { clearsAtMs: null, message: /without a known end/ },
  });
  t.end();
});

t.test('without a known lifetime nobody can say when it ends', (t) => {
  const issuer = issuerOf({ maxTokenLifetimeMs: null });
  const rotation = rotating({ policy: { issuers: new Map([[issuer.issuer, issuer]]) } });
  const { world, id } = rotation;
  world.declare(id, 'activate', 'the table says so');
  world.declare(id, 'rollback', 'at once');
  t.match(need(rotation), { kind: 'unknown', why: /how long its tokens live/ });
  world.pass(9 * 86_400_000);
  t.equal(world.declare(id, 'abort').ok, false, 'however long one waits');
  t.end();
});

t.test('before any switch a rotation is given up freely, unless somebody signed already', (t) => {
  const quiet = rotating();
  t.match(need(quiet), { kind: 'no' });
  t.ok(quiet.world.declare(quiet.id, 'abort').ok);

  const hasty = rotating();
  hasty.a.report({
    keys: [OLD, NEW],
    counts: [{ kid: 'new', outcomes: { ok: 1 }, iatS: hasty.world.atMs / 1_000 }],
  });
  t.match(need(hasty), { kind: 'until' });
  t.equal(hasty.world.declare(hasty.id, 'abort').ok, false);

  const signing = rotating({ until: 'switched' });
  t.match(signing.world.declare(signing.id, 'abort'), {
    ok: false,
    refusal: { clearsAtMs: null, message: /go back first/ },
  });
  t.end();
});

t.test('the need outlives a restart, and a clock set back prolongs it', (t) => {
  const rotation = rolledBack();
  const { world, id } = rotation;
  const before = need(rotation);
  world.restart();
  t.same(need(rotation), before);
  world.pass(NEEDED_MS);
  world.stepWall(-3_600_000);
  t.equal(world.declare(id, 'abort').ok, false);
  world.stepWall(3_600_000);
  t.ok(world.declare(id, 'abort').ok);
  t.end();
});

t.test('the old private key is not destroyed while it signs', (t) => {
  const { world, id } = rotating();
  t.match(world.declare(id, 'destroy_old_key'), {
    ok: false,
    refusal: { code: 'conflict', message: /without its private key nothing signs/ },
  });
  t.ok(world.declare(id, 'destroy_old_key', 'the HSM is dead').ok, 'a fact is a fact');
  t.match(world.state.rotations.get(id)?.declared.destroy_old_key, {
    by: 'tester',
    overrideReason: 'the HSM is dead',
    reason: 'a test says so',
  });
  const switched = rotating({ until: 'switched' });
  t.ok(switched.world.declare(switched.id, 'destroy_old_key').ok);
  t.end();
});

t.test('what cannot be undone wants a reason, and no override stands in for one', (t) => {
  const { world } = rotating({ until: 'switched' });
  for (const step of ['destroy_old_key', 'taint'] as const) {
    t.match(world.act({ ...DECLARE, step, overrideReason: 'now' }), {
      ok: false,
      refusal: { code: 'invalid', field: 'reason' },
    });
  }
  t.end();
});

t.test('a key is tainted by somebody who looked at it, lately', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  const taint = (confirm: { oldKid: string; seenAtMs: number } | null, reason = 'stolen') =>
    world.act({
      ...DECLARE,
      rotationId: id,
      step: 'taint',
      reason,
      confirm,
      overrideReason: 'now',
    });
  const seenAtMs = world.atMs;
  const rows = [
    ['nobody looked', null, 'confirm'],
    ['another key', { oldKid: 'new', seenAtMs }, 'confirm.old_kid'],
    ['a kid that is none', { oldKid: 'a\u001b[2J', seenAtMs }, 'confirm.old_kid'],
    ['too long ago', { oldKid: 'old', seenAtMs: seenAtMs - 900_001 }, 'confirm.seen_at'],
    ['not yet', { oldKid: 'old', seenAtMs: seenAtMs + 60_000 }, 'confirm.seen_at'],
    ['no moment', { oldKid: 'old', seenAtMs: Number.NaN }, 'confirm.seen_at'],
  ] as const;
  for (const [name, confirm, field] of rows) {
    t.match(taint(confirm), { ok: false, refusal: { code: 'invalid', field } }, name);
  }
  t.equal(world.state.rotations.get(id)?.tainted, false);
  t.ok(taint({ oldKid: 'old', seenAtMs: seenAtMs - 60_000 }).ok);
  t.equal(world.state.rotations.get(id)?.tainted, true);
  t.end();
});

t.test('nothing untaints', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  world.declare(id, 'taint');
  for (const step of ['publish', 'activate', 'retire', 'rollback', 'destroy_old_key'] as const) {
    world.declare(id, step, 'whatever');
    t.equal(world.state.rotations.get(id)?.tainted, true, step);
  }
  world.restart();
  t.equal(world.state.rotations.get(id)?.tainted, true);
  t.ok(world instanceof World);
  t.end();
});
