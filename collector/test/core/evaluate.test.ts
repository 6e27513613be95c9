import t from 'tap';
import {
  evaluateAll,
  evaluateGate,
  evaluateStability,
  openRotationIds,
} from '../../src/core/evaluate.ts';
import type { RotationRecord } from '../../src/core/records.ts';
import type { AuditEntry } from '../../src/core/records.ts';
import type { Write } from '../../src/core/writes.ts';
import { NEW, OLD } from '../support/policies.ts';
import { secretRotating } from '../support/secret-rotating.ts';
import { rotating, type Rotating } from '../support/rotating.ts';

function rotationOf({ world, id }: Rotating): RotationRecord {
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
}

function evaluate(rotation: Rotating, gate: Parameters<typeof evaluateGate>[2] = 'activate') {
  const { world } = rotation;
  const writes: Write[] = [];
  const verdict = evaluateGate(world.state, rotationOf(rotation), gate, world.now(), writes);
  const decisions = writes.flatMap(({ kind, record }): AuditEntry[] =>
    kind === 'audit' ? [record] : [],
  );
  return { verdict, decisions, writes };
}

t.test('a verdict gets a new revision when a reader can tell, an entry when it turns', (t) => {
  const rotation = rotating();
  const { world, id, b } = rotation;
  const { state } = world;
  const memo = () => state.gates.get(id)?.get('activate');
  state.gates.clear();
  state.changed.clear();
  const before = state.revision;
  const first = evaluate(rotation);
  t.equal(first.verdict.status, 'open');
  t.equal(first.verdict.revision, before + 1);
  t.match(memo(), { status: 'open', revision: before + 1, changedAtMs: world.atMs });
  t.same([...state.changed], [id]);
  t.match(first.decisions, [{ action: 'gate_activate_open', detail: { before: null } }]);

  state.changed.clear();
  world.atMs += 1_000;
  const again = evaluate(rotation);
  t.equal(again.verdict.revision, before + 1, 'nothing anybody can see');
  t.same([again.writes, [...state.changed]], [[], []]);

  const openedAtMs = memo()?.changedAtMs;
  b.report({ keys: [OLD] });
  const shut = evaluate(rotation);
  t.equal(shut.verdict.status, 'closed');
  t.equal(shut.verdict.revision, before + 2);
  t.match(memo(), { status: 'closed', changedAtMs: world.atMs });
  t.not(memo()?.changedAtMs, openedAtMs);
  t.same(shut.decisions, [
    {
      atMs: world.atMs,
      kind: 'decision',
      rotationId: id,
      actor: 'keyturn',
      action: 'gate_activate_closed',
      message: `gate activate is closed: ${shut.verdict.checks.find((c) => c.status === 'fail')?.message}`,
      detail: {
        gate: 'activate',
        status: 'closed',
        before: 'open',
        weakest_grade: shut.verdict.weakestGrade,
        checks: shut.verdict.checks.map(({ id, status, message, offenderCount }) => ({
          id,
          status,
          message,
          offender_count: offenderCount,
        })),
      },
    },
  ]);

  const shutAtMs = world.atMs;
  world.atMs += 1_000;
  rotation.a.report({ keys: [OLD] });
  const worse = evaluate(rotation);
  t.equal(worse.verdict.revision, before + 3, 'one more offender is to be seen');
  t.same(worse.decisions, [], 'but the gate is as it was');
  t.equal(memo()?.changedAtMs, shutAtMs);
  t.end();
});

t.test('failures that are counted with every report are news once', (t) => {
  const rotation = rotating({ until: 'switched' });
  const { world, a } = rotation;
  const failed = (times: number) => {
    world.atMs += 1_000;
    a.report({
      keys: [OLD, NEW],
      counts: [{ kid: 'new', outcomes: { ok: 1, unknown_kid: times } }],
    });
    const { verdict } = evaluate(rotation, 'rollback');
    const message = verdict.checks.find(({ id }) => id === 'new_key_failures')?.message;
    return { message, revision: verdict.revision };
  };
  const first = failed(5);
  t.match(first.message, /^5 failures/);
  const later = failed(50);
  t.match(later.message, /^50 failures/, 'who asks gets the number of now');
  t.equal(later.revision, first.revision, 'nobody is woken for it');
  t.end();
});

t.test('an open gate says that every check passes', (t) => {
  const rotation = rotating();
  rotation.world.state.gates.clear();
  const [decision] = evaluate(rotation).decisions;
  t.equal(decision?.message, 'gate activate is open: every check passes');
  t.end();
});

t.test('all gates of the rotations named, and of those that are there', (t) => {
  const rotation = rotating();
  const { world, id } = rotation;
  world.state.gates.clear();
  t.same(openRotationIds(world.state), [id]);
  evaluateAll(world.state, ['nobody', id], world.now(), []);
  t.same(
    [...world.state.gates].map(([of, gates]) => [of, [...gates.keys()]]),
    [[id, ['publish', 'activate', 'retire', 'purge', 'rollback']]],
  );
  world.declare(id, 'abort', 'table');
  t.same(openRotationIds(world.state), []);
  t.end();
});

t.test('an issuer that is not configured any more', (t) => {
  const rotation = rotating();
  const { world } = rotation;
  world.state = { ...world.state, policy: { ...world.policy, issuers: new Map() } };
  for (const gate of ['activate', 'retire'] as const) {
    const { verdict } = evaluate(rotation, gate);
    t.not(verdict.status, 'open', gate);
    t.equal(verdict.weakestGrade, null);
    t.match(verdict.checks.at(-1), { id: 'issuer_configured' });
    t.ok(verdict.checks.length > 1, 'and how the collector is');
  }
  t.end();
});

t.test('a run is kept by activate alone, shows in its verdict, and ends with the rotation', (t) => {
  const rotation = rotating({ policy: { stableForMs: 60_000 } });
  const { world, id, b } = rotation;
  const since = () => world.state.steadySinceMs.get(id);
  world.state.steadySinceMs.clear();
  evaluate(rotation, 'retire');
  t.equal(since(), undefined);
  const { verdict } = evaluate(rotation);
  t.equal(since(), world.atMs);
  t.equal(verdict.checks.at(-1)?.id, 'stable');
  t.match(verdict.checks.at(-1), { status: 'fail', clearsAtMs: world.atMs + 60_000 });
  b.report({ keys: [OLD] });
  const revision = world.state.revision;
  evaluateStability(world.state, rotationOf(rotation), world.now());
  t.equal(since(), undefined, 'it is broken');
  t.equal(world.state.revision, revision, 'and nobody is told');
  b.report({ keys: [OLD, NEW] });
  evaluate(rotation);
  t.equal(since(), world.atMs, 'it begins anew');
  world.state.rotations.set(id, { ...rotationOf(rotation), endedAtMs: 5, outcome: 'aborted' });
  evaluate(rotation);
  t.equal(since(), undefined);
  t.end();
});

t.test('after the run the gate is open, and says for how long it has been steady', (t) => {
  const rotation = rotating({ policy: { stableForMs: 60_000 } });
  const { world, a } = rotation;
  evaluate(rotation);
  t.equal(evaluate(rotation).verdict.status, 'closed');
  world.pass(61_000);
  a.report({ keys: a.said.keys ?? [] });
  t.equal(evaluate(rotation).verdict.status, 'open');
  t.end();
});

t.test('a check that is waived breaks no run', (t) => {
  const rotation = rotating({ policy: { stableForMs: 60_000 } });
  const { world, id, b } = rotation;
  b.report({ keys: [OLD] });
  evaluate(rotation);
  t.notOk(world.state.steadySinceMs.has(id));
  t.ok(world.waive(id, 'activate', 'new_key_known').ok);
  evaluate(rotation);
  t.ok(world.state.steadySinceMs.has(id));
  t.end();
});

t.test('secrets have gates of their own, and the run with them', (t) => {
  const rotation = { ...secretRotating(), switchedAtMs: 0 };
  const ids = (gate: 'activate' | 'retire') =>
    evaluate(rotation, gate).verdict.checks.map((check) => check.id);
  t.ok(ids('activate').includes('old_key_held'));
  t.equal(ids('activate').at(-1), 'stable');
  t.notOk(ids('retire').includes('stable'));
  t.end();
});
