import fc from 'fast-check';
import t from 'tap';
import type { Check, CheckStatus, Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import { fail, pass, unknown } from '../../../src/core/gates/check.ts';
import { publishSafetyMs, skippedInEmergency } from '../../../src/core/gates/emergency-skip.ts';
import {
  fingerprint,
  firstReason,
  statusOf,
  UNWAIVABLE,
  verdictOf,
} from '../../../src/core/gates/verdict.ts';
import { reading } from '../../support/reading.ts';
import { rotating } from '../../support/rotating.ts';
import { OLD } from '../../support/policies.ts';
import { blockers, checkOf } from '../../support/world.ts';

t.test('one fail closes, else one unknown leaves unknown, else open', (t) => {
  const make = { pass, fail, unknown };
  const kind = fc.constantFrom<('pass' | 'fail' | 'unknown')[]>('pass', 'fail', 'unknown');
  fc.assert(
    fc.property(fc.array(kind), (kinds) => {
      const checks = kinds.map((one, at) => make[one](`check_${at}`, 'policy', one));
      const expected = kinds.includes('fail')
        ? 'closed'
        : kinds.includes('unknown')
          ? 'unknown'
          : 'open';
      return statusOf(checks) === expected;
    }),
  );
  t.end();
});

t.test('a waived check counts as passed, and says by whom', (t) => {
  const { world, id, b } = rotating();
  b.report({ keys: [OLD] });
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail']);
  t.ok(world.waive(id, 'activate', 'new_key_known', 60_000).ok);
  const verdict = world.gate(id, 'activate');
  t.equal(verdict.status, 'open');
  const check = checkOf(verdict, 'new_key_known');
  t.equal(check.status, 'waived' satisfies CheckStatus);
  t.match(check.message, /waived by tester until 2026-\S+Z: known and accepted/);
  t.same(
    check.offenders.map((o) => o.instance),
    ['b'],
    'still shown',
  );
  t.end();
});

t.test('a waiver ends at its moment', (t) => {
  const { world, id, b } = rotating();
  b.report({ keys: [OLD] });
  world.waive(id, 'activate', 'new_key_known', 30_000);
  world.pass(29_000);
  t.equal(world.gate(id, 'activate').status, 'open');
  world.pass(1_000);
  t.equal(world.gate(id, 'activate').status, 'closed');
  t.end();
});

t.test('a clock that was set back lengthens no waiver, a restart neither', (t) => {
  const { world, id, b } = rotating();
  b.report({ keys: [OLD] });
  world.waive(id, 'activate', 'new_key_known', 90_000);
  world.pass(15_000);
  world.stepWall(-3_600_000);
  world.restart();
  world.pass(75_000);
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail']);
  t.end();
});

t.test('a waiver is for one check of one gate of one rotation', (t) => {
  const { world, id, b } = rotating({ until: 'switched' });
  b.report({ keys: [OLD] });
  world.waive(id, 'activate', 'new_key_known');
  t.equal(checkOf(world.gate(id, 'activate'), 'new_key_known').status, 'waived');
  t.equal(checkOf(world.gate(id, 'retire'), 'new_key_known').status, 'fail');
  world.pass(60_000, { silent: ['orders/b'] });
  t.same(blockers(world.gate(id, 'activate')), ['fleet_heard:unknown']);
  t.end();
});

t.test('what cannot be waived', (t) => {
  const { world, id } = rotating();
  for (const checkId of UNWAIVABLE) {
    t.match(world.waive(id, 'activate', checkId), { ok: false, refusal: { code: 'invalid' } });
  }
  world.restart();
  t.same(blockers(world.gate(id, 'activate'))[0], 'collector_ready:unknown');
  t.end();
});

t.test('when a verdict clears: the latest of what has an end, or nobody knows', (t) => {
  const { world, id, switchedAtMs, b } = rotating({ until: 'switched' });
  t.equal(world.gate(id, 'retire').clearsAtMs, switchedAtMs + 670_000);
  b.report({ ...b.said, keys: [OLD] });
  t.equal(world.gate(id, 'retire').clearsAtMs, null);
  world.waive(id, 'retire', 'new_key_known');
  t.equal(world.gate(id, 'retire').clearsAtMs, switchedAtMs + 670_000);
  t.end();
});

t.test('the sentence shown first is that of a fail, not of what is merely unknown', (t) => {
  const { world, id } = rotating({ until: 'known' });
  const verdict = world.gate(id, 'retire');
  t.equal(firstReason(verdict), 'nobody has declared that the signer was switched');
  t.equal(firstReason(world.gate(id, 'activate')), '');
  t.end();
});

t.test('a revision grows with every change a reader can see, and with nothing else', (t) => {
  const { world, id, b } = rotating();
  const first = world.gate(id, 'activate').revision;
  t.equal(world.gate(id, 'activate').revision, first);
  b.report();
  t.equal(world.gate(id, 'activate').revision, first);
  b.report({ keys: [OLD] });
  const second = world.gate(id, 'activate').revision;
  t.ok(second > first);
  world.restart();
  t.ok(world.gate(id, 'activate').revision > second, 'after a restart too');
  t.end();
});

t.test('an ended rotation says how it ended, and what helps', (t) => {
  const { world, id } = rotating();
  world.pass(5_000);
  world.declare(id, 'abort');
  const endedAtMs = world.atMs;
  const record = world.state.rotations.get(id);
  if (record === undefined) throw new Error('no rotation');
  const said = (part: Partial<typeof record>) => {
    const findings = { checks: [pass('one', 'time', 'yes')], weakestGrade: null };
    const verdict = verdictOf(world.state, { ...record, ...part }, 'purge', findings, world.now());
    const [check] = verdict.checks;
    return [verdict.status, verdict.advisory, check?.message, check?.help];
  };
  t.same(reading(world.gate(id, 'activate')), [
    'fail policy rotation_open: the rotation was aborted by tester | since 00:01:35Z | help: keyturn rotation start --help',
  ]);
  t.equal(endedAtMs, record.endedAtMs);
  const ended = ['closed', false, 'the rotation was completed by ', ''];
  t.same(said({ outcome: 'completed' }), ended);
  const declared = { complete: { atMs: 1, by: 'ana', overrideReason: null, reason: null } };
  t.same(said({ outcome: 'completed', declared })[2], 'the rotation was completed by ana');
  t.same(said({ endedBecause: 'another came' })[2], 'the rotation has ended: another came');
  t.same(said({ origin: 'observed' }), ['aborted', true, 'the rotation was aborted by tester', '']);
  t.same(said({ outcome: null }), ['open', false, 'yes', '']);
  t.end();
});

t.test('a verdict clears when the last of its checks does, and has been steady', (t) => {
  const { world, id } = rotating();
  const record = world.state.rotations.get(id);
  if (record === undefined) throw new Error('no rotation');
  const clears = (checks: readonly Check[], steadyForMs?: number) => {
    const findings = {
      checks,
      weakestGrade: null,
      ...(steadyForMs === undefined ? {} : { steadyForMs }),
    };
    return verdictOf(world.state, record, 'activate', findings, world.now()).clearsAtMs;
  };
  const early = fail('a', 'time', 'no', { clearsAtMs: 1_000 });
  const late = unknown('b', 'time', '?', { clearsAtMs: 2_000 });
  const never = fail('c', 'evidence', 'no');
  const fine = pass('d', 'time', 'yes', { clearsAtMs: 9_000 });
  t.equal(clears([early, late, fine]), 2_000);
  t.equal(clears([late, early]), 2_000);
  t.equal(clears([late, early], 500), 2_500);
  t.equal(clears([early, never]), null);
  t.equal(clears([early, never], 500), null);
  t.equal(clears([fine]), null, 'it is open');
  const waived: Check = { ...never, status: 'waived' };
  t.equal(clears([early, waived]), 1_000);
  t.end();
});

t.test('what a reader can see makes the fingerprint', (t) => {
  const { world, id } = rotating();
  const verdict = world.gate(id, 'activate');
  const [check] = verdict.checks;
  if (check === undefined) throw new Error('no check');
  const of = (part: Partial<Verdict>, one: Partial<Check> = {}) =>
    fingerprint({ ...verdict, ...part, checks: [{ ...check, ...one }] });
  const base = of({});
  const others = [
    of({ status: 'closed' }),
    of({ weakestGrade: 'timed' }),
    of({ weakestGrade: null }),
    of({ advised: true }),
    of({}, { id: 'x' }),
    of({}, { status: 'fail' }),
    of({}, { offenderCount: 3 }),
    of({}, { clearsAtMs: 5 }),
    of({}, { message: 'x' }),
  ];
  t.equal(new Set([base, ...others]).size, 10);
  t.equal(of({ revision: 99, evaluatedAtMs: 1 }), base);
  t.equal(fingerprint({ ...verdict, checks: [] }), 'open|present|false|');
  t.equal(of({ weakestGrade: null }, { id: 'i', message: 'm' }), 'open||false|i:pass:0::m');
  t.end();
});

t.test('a waiver for the first switch is none for the second', (t) => {
  const { world, id, a, b } = rotating();
  world.waive(id, 'activate', 'new_key_known');
  world.declare(id, 'activate');
  world.pass(1_000);
  world.declare(id, 'rollback', 'it failed');
  for (const verifier of [a, b]) verifier.report({ keys: [OLD] });
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail']);
  world.pass(1_000);
  world.waive(id, 'activate', 'new_key_known');
  const [check] = world.gate(id, 'activate').checks.filter(({ status }) => status === 'waived');
  t.match(check, { id: 'new_key_known', clearsAtMs: null, help: '' });
  t.match(
    check?.message,
    /^2 verifiers without evidence of key new \(waived by tester until 2026-01-01T01:01:32Z: known and accepted\)$/,
  );
  t.end();
});

t.test('what policy lets an emergency skip is waived while the old key is tainted', (t) => {
  const skip = ['new_key_known', 'fleet_heard'];
  const emergency = { publishSafetyMs: 1_000, retireGraceMs: 0, skip };
  const { world, id, b } = rotating({ policy: { emergency } });
  b.report({ keys: [OLD] });
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail'], 'not before');
  world.declare(id, 'taint');
  const check = checkOf(world.gate(id, 'activate'), 'new_key_known');
  t.match(check, { status: 'waived', clearsAtMs: null, help: '', offenderCount: 1 });
  t.equal(
    check.message,
    '1 verifier without evidence of key new (skipped while old is tainted: policy.emergency.skip)',
  );
  t.equal(checkOf(world.gate(id, 'activate'), 'fleet_heard').status, 'pass', 'what passes passes');
  t.ok(blockers(world.gate(id, 'purge')).includes('old_key_dropped:fail'));
  const record = world.state.rotations.get(id);
  if (record === undefined) throw new Error('no rotation');
  const skipped = (gate: Gate) =>
    skippedInEmergency(world.state, record, gate, fail('fleet_heard', 'coverage', 'no')).status;
  t.same((['publish', 'activate', 'retire', 'purge', 'rollback'] as const).map(skipped), [
    'waived',
    'waived',
    'waived',
    'fail',
    'fail',
  ]);
  t.equal(publishSafetyMs(world.state, record), 1_000);
  t.equal(publishSafetyMs(world.state, { ...record, tainted: false }), 60_000);
  t.end();
});
