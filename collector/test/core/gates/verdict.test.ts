import fc from 'fast-check';
import t from 'tap';
import type { CheckStatus } from '@keyturn/shared/model/verdict.ts';
import { fail, pass, unknown } from '../../../src/core/gates/check.ts';
import { firstReason, statusOf, UNWAIVABLE } from '../../../src/core/gates/verdict.ts';
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
