import t from 'tap';
import {
  caveatsOf,
  changesOf,
  moreReasons,
  reasonOf,
  whereOf,
  wordOf,
} from '../../../src/dashboard/pages/rotation/verdict-words.ts';
import { phaseWords } from '../../../src/dashboard/pages/rotation/words.ts';
import { check, offender, verdict } from './verdicts.ts';

t.test('the first reason is one that fails, then one that nobody can say', async (t) => {
  const checks = [
    check({ id: 'a', status: 'pass', message: 'fine' }),
    check({ id: 'b', status: 'unknown', message: 'nobody knows' }),
    check({ id: 'c', status: 'fail', message: 'it fails' }),
  ];
  t.equal(reasonOf(verdict({ checks })), 'it fails');
  t.equal(moreReasons(verdict({ checks })), 1);
  t.equal(reasonOf(verdict({ checks: checks.slice(0, 2), status: 'unknown' })), 'nobody knows');
});

t.test('an open gate says what people waived, and one without reasons says so', async (t) => {
  const passing = check({ status: 'pass' });
  t.equal(reasonOf(verdict({ status: 'open', checks: [passing] })), 'every check passes');
  const waived = check({ id: 'fleet_heard', status: 'waived' });
  t.match(
    reasonOf(verdict({ status: 'open', checks: [waived] })),
    /but what people waived: fleet_heard/,
  );
  t.equal(reasonOf(verdict({ status: 'unknown' })), 'no reason was given');
});

t.test('where those are that a check names', async (t) => {
  t.equal(whereOf(undefined), '');
  t.equal(whereOf(check()), '');
  t.equal(whereOf(check({ offenders: [offender('mainframe', '')] })), 'mainframe');
  const offenders = ['a', 'b', 'b', 'c', 'd'].map((name, at) => offender(name, `${name}-${at}`));
  t.equal(whereOf(check({ offenders })), 'b 2, a 1, c 1 and 1 more service');
  t.equal(
    whereOf(check({ offenders: offenders.slice(0, 1), offender_count: 31 })),
    'a 1 and 30 more, not listed here',
  );
});

t.test('only a verdict that became another one is told', async (t) => {
  const gates = [verdict(), verdict({ gate: 'rollback', advised: true, status: 'open' })];
  const before = new Map(gates.map((one) => [one.gate, wordOf(one)]));
  t.same(changesOf(before, gates), []);
  t.same(changesOf(new Map(), gates), [], 'what is heard first is no change');
  const opened = verdict({ status: 'open', checks: [check({ status: 'pass' })] });
  t.same(changesOf(before, [opened]), ['Gate activate is now open: every check passes.']);
});

t.test('an open gate still says what goes with it', async (t) => {
  const checks = [
    check({ id: 'plain', status: 'pass' }),
    check({ id: 'population_covered', status: 'pass', offenders: [offender('mobile', '')] }),
    check({ id: 'tainted_tokens', status: 'pass', message: 'its valid tokens will be refused' }),
  ];
  const ids = (status: 'open' | 'closed') =>
    caveatsOf(verdict({ status, checks })).map(({ id }) => id);
  t.same(ids('open'), ['population_covered', 'tainted_tokens']);
  t.same(ids('closed'), [], 'its reasons come first');
});

t.test('a phase in words promises nothing of a tainted key', async (t) => {
  const of = (tainted: boolean) => phaseWords({ phase: 'drained', key_kind: 'public', tainted });
  t.match(of(false), /no token of the old one is left/);
  t.match(of(true), /tokens of the tainted one are not waited for/);
  t.match(phaseWords({ phase: 'staged', key_kind: 'secret', tainted: false }), /handed out/);
});
