import t from 'tap';
import { holdingOf } from '../../../src/dashboard/fleet/holding.ts';
import { matrixColumns } from '../../../src/dashboard/fleet/matrix.ts';
import { HEAD, row, type RowOptions, set, standing } from './rows.ts';

const WITHDRAWN = {
  ...HEAD,
  keys: HEAD.keys.map((key, at) =>
    at === 0 ? { ...key, withdrawn_at: '2026-02-01T00:00:00.000Z' } : key,
  ),
};
const NEW = 1;
const OLD = 0;
const SPARE = 2;
const known = (keys: readonly number[]) => [set({ keys })];
const nothing = [set({ keys: [], dataAtMs: null })];

const CASES: readonly (readonly [what: string, RowOptions, key: number, holding: unknown])[] = [
  ['present', { standings: [standing()] }, NEW, 'yes'],
  ['absent', { standings: [standing({ holdsNew: 'absent' })], sets: known([0]) }, NEW, 'no'],
  [
    'would fetch',
    { standings: [standing({ holdsNew: 'fetchable' })], sets: known([0]) },
    NEW,
    'no',
  ],
  [
    'stale without it',
    { standings: [standing({ holdsNew: 'stale' })], sets: known([0]) },
    NEW,
    'no',
  ],
  ['stale with it', { standings: [standing({ holdsNew: 'stale' })] }, NEW, 'unknown'],
  [
    'stale, no set',
    { standings: [standing({ holdsNew: 'stale' })], sets: nothing },
    NEW,
    'unknown',
  ],
  ['a grade nobody knows', { standings: [standing({ holdsNew: 'x' })] }, NEW, 'unknown'],
  ['silent', { flags: ['silent'], standings: [standing()] }, NEW, 'unknown'],
  ['not heard yet', { flags: ['joined'], standings: [standing()] }, NEW, 'unknown'],
  ['stopped', { flags: ['departed'] }, NEW, null],
  ['old held', { standings: [standing()] }, OLD, 'yes'],
  ['old served', { standings: [standing({ holdsOld: 'served' })] }, OLD, 'yes'],
  ['old dropped', { standings: [standing({ holdsOld: 'dropped' })], sets: known([1]) }, OLD, 'no'],
  [
    'old never held',
    { standings: [standing({ holdsOld: 'unknown' })], sets: known([1]) },
    OLD,
    'no',
  ],
  ['no rotation, held', { sets: known([2]) }, SPARE, 'yes'],
  ['no rotation, not held', { sets: known([0]) }, SPARE, 'no'],
  ['no rotation, nothing fetched', { sets: nothing }, SPARE, 'unknown'],
  ['another issuer', { sets: known([0]) }, 3, null],
];

t.test('whether a verifier holds a key', (t) => {
  for (const [what, options, key, expected] of CASES) {
    t.equal(holdingOf(row(1, options), key, HEAD), expected, what);
  }
  const gone = row(1, { standings: [standing({ holdsOld: 'unknown' })], sets: known([1]) });
  t.equal(holdingOf(gone, OLD, WITHDRAWN), 'unknown', 'withdrawn: a set alone shows nothing');
  t.end();
});

t.test('the columns of a matrix: the rotation first, then what is served', (t) => {
  t.match(matrixColumns(HEAD, 0), [
    { kid: 'old', role: 'old' },
    { kid: 'new', role: 'new' },
    { kid: 'ancient', role: null, withdrawn: true },
  ]);
  t.match(matrixColumns(HEAD, 1), [{ kid: 'other', role: null, withdrawn: false }]);
  t.end();
});
