import t from 'tap';
import { fail, noun, pass, quoted, unknown } from '../../../src/core/gates/check.ts';
import { rotating } from '../../support/rotating.ts';

const OFFENDER = {
  service: 's',
  instance: 'i',
  cache: 'c',
  state: 'silent',
  sinceMs: null,
  detail: '',
};

t.test('what a rule does not say is said as nothing', (t) => {
  t.same(pass('one', 'time', 'all is well'), {
    id: 'one',
    status: 'pass',
    class: 'time',
    message: 'all is well',
    offenders: [],
    offenderCount: 0,
    sinceMs: null,
    clearsAtMs: null,
    help: '',
  });
  t.match(fail('two', 'policy', 'no'), { id: 'two', status: 'fail', class: 'policy' });
  t.match(unknown('three', 'health', '?'), { id: 'three', status: 'unknown', class: 'health' });
  t.end();
});

t.test('a hundred offenders are shown, and all that were given are counted', (t) => {
  const offenders = Array.from({ length: 101 }, () => OFFENDER);
  t.match(fail('one', 'time', 'no', { offenders }), { offenderCount: 101 });
  t.equal(fail('one', 'time', 'no', { offenders }).offenders.length, 100);
  t.equal(fail('one', 'time', 'no', { offenders, offenderCount: 500 }).offenderCount, 500);
  t.end();
});

t.test('a name for a shell', (t) => {
  for (const plain of ['orders', 'a-b_c'.replace('_', '.'), 'pod:1', 'me@host', 'a/b', '0']) {
    t.equal(quoted(plain), plain);
  }
  const odd = [
    ['', "''"],
    ['a b', "'a b'"],
    ["it's", `'it'\\''s'`],
    ["''", `''\\'''\\'''`],
    ['$(rm)', "'$(rm)'"],
    ['a;b', "'a;b'"],
    ['é', "'é'"],
    ['ok then', "'ok then'"],
    ['; ok', "'; ok'"],
  ] as const;
  for (const [name, shown] of odd) t.equal(quoted(name), shown);
  t.end();
});

t.test('what is rotated has a name', (t) => {
  const { world, id } = rotating({ until: 'started' });
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  t.equal(noun(rotation), 'key');
  t.equal(noun({ ...rotation, keyKind: 'secret' }), 'secret');
  t.end();
});
