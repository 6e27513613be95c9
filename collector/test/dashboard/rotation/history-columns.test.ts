import t from 'tap';
import { type Column, type Columns } from '../../../src/dashboard/charts/columns.ts';
import {
  acceptedByKey,
  armOf,
  comparedSentence,
  failuresByReason,
  knowingPercent,
  knowingSentence,
} from '../../../src/dashboard/pages/rotation/history-columns.ts';
import { propagationCurve } from '../../../src/dashboard/pages/rotation/propagation-curve.ts';

const columns = (values: Record<string, Column>, length = 3): Columns => ({
  stepS: 10,
  at: Array.from({ length }, (_, index) => index * 10),
  settledS: 1e9,
  values: new Map(Object.entries(values)),
});

const series = (...what: readonly (string | null)[]): string => JSON.stringify(what);

t.test('a key nobody used while others were heard is at zero, and unknown else', async (t) => {
  const by = acceptedByKey(
    columns({
      reporting: [2, 0, 2],
      [series('kid', 'old', 'ok')]: [5, null, 5],
      [series('kid', 'else', 'ok')]: [1, null, 1],
      [series('none', null, 'ok')]: [1, null, null],
      [series('kid', 'new', 'unknown_kid')]: [9, 9, 9],
    }),
    'old',
    'new',
  );
  t.same(by, { old: [5, null, 5], next: [0, null, 0], others: [2, null, 1] });
});

t.test(
  'only failures a key can cause, of keys that are the issuer’s, the most frequent first',
  async (t) => {
    const found = failuresByReason(
      columns({
        reporting: [1, 1, 1],
        [series('kid', 'new', 'unknown_kid')]: [1, 0, 0],
        [series('kid', 'old', 'bad_signature')]: [2, 2, null],
        [series('kid', 'new', 'bad_signature')]: [2, null, null],
        [series('kid', 'new', 'expired')]: [50, 50, 50],
        [series('foreign', null, 'unknown_kid')]: [70, 70, 70],
      }),
    );
    t.same(found, [
      { outcome: 'bad_signature', values: [4, 2, 0] },
      { outcome: 'unknown_kid', values: [1, 0, 0] },
    ]);
  },
);

t.test('two rates are compared where there are enough tokens of both', async (t) => {
  const arms = (tokens: [number, number], failures: [number, number]) => {
    const of = columns(
      {
        'new tokens': [tokens[0] / 10],
        'new failures': [failures[0] / 10],
        'old tokens': [tokens[1] / 10],
        'old failures': [failures[1] / 10],
      },
      1,
    );
    return comparedSentence(armOf(of, 'new'), armOf(of, 'old'));
  };
  t.match(arms([0, 0], [0, 0]), /Cannot be compared.*new key and of the old key/);
  t.match(arms([100, 5], [50, 0]), /too few tokens of the old key/);
  t.match(arms([100, 100], [50, 1]), /new key fail more often/);
  t.match(arms([100, 100], [0, 9]), /old key fail more often/);
  t.match(arms([100, 100], [2, 0]), /alike/, 'two failures are chance');
  t.same(armOf(columns({}), 'new'), { tokens: 0, failures: 0, percent: null });
});

t.test('nobody known is not everybody knowing', async (t) => {
  t.equal(knowingSentence(columns({ knowing: [0, 0, 0], verifiers: [0, 0, 0] })), '');
  t.equal(knowingSentence(columns({})), '');
  t.match(
    knowingSentence(columns({ knowing: [1, 2, null], verifiers: [3, 3, null] })),
    /^2 of 3 .*66 %/,
  );
  const silent = columns({ knowing: [2, 1, 0], verifiers: [3, 3, 3], unheard: [0, 2, 3] });
  t.same(
    knowingPercent(silent).map((value) => value && Math.floor(value)),
    [66, 33, null],
  );
  t.match(knowingSentence(silent), /nothing is heard of 3\.$/);
});

t.test('a curve has gaps where nothing is known, and a point alone can be seen', async (t) => {
  const x = (ms: number): number => ms / 1_000;
  const box = { topPx: 0, heightPx: 100 };
  const curve = propagationCurve([0, 10, 20, 30], [0, 50, null, 100], x, box);
  t.equal(curve.line, 'M0.0 100.0L10.0 50.0M30.0 0.0L31.0 0.0');
  t.match(curve.area, /^M0\.0 100\.0L0\.0 100\.0L10\.0 50\.0L10\.0 100\.0ZM30/);
  t.same(curve.end, { x: 30, y: 0, percent: 100 });
  t.same(propagationCurve([0], [null], x, box), { line: '', area: '', end: null });
});
