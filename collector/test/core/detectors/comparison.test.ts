import t from 'tap';
import { addToArm, compare, createComparison } from '../../../src/core/detectors/comparison.ts';
import { CALM_FOR_MS } from '../../../src/core/detectors/parameters.ts';
import { comparability } from '../../../src/core/detectors/told.ts';

const START_MS = Date.UTC(2026, 0, 1);
const H = 16;

type Arm = readonly [failures: number, tokens: number];

function after(seconds: number, tried: Arm, control: Arm) {
  const comparison = createComparison(
    'c',
    {
      kind: 'key',
      issuer: 'i',
      rotationId: 'r',
      service: null,
      verifier: null,
      calmForMs: CALM_FOR_MS,
    },
    START_MS,
  );
  for (let second = 1; second <= seconds; second += 1) {
    addToArm(comparison, 'tried', ...tried, []);
    addToArm(comparison, 'control', ...control, []);
    compare(comparison, H, START_MS + second * 1_000);
  }
  return comparison;
}

t.test('what goes wrong for both keys alike is no alarm, however much it is', async (t) => {
  for (const failures of [0, 1, 5, 20]) {
    t.equal(after(600, [failures, 20], [failures, 20]).firing, null, `${failures} of 20`);
  }
});

t.test('the new key alone is', async (t) => {
  t.ok(after(60, [4, 20], [0, 20]).firing);
  t.ok(after(60, [8, 20], [1, 20]).firing);
  t.equal(after(60, [0, 20], [4, 20]).firing, null, 'the old key is not what is tried');
});

t.test('the share of the arms is reckoned with', async (t) => {
  t.equal(
    after(600, [9, 180], [1, 20]).firing,
    null,
    'nine tenths of the tokens, nine of the failures',
  );
  t.ok(after(60, [4, 20], [4, 180]).firing, 'a tenth of the tokens, half of the failures');
});

t.test('without tokens in one arm nothing is said, and that is said', async (t) => {
  const alone = after(900, [10, 20], [0, 0]);
  t.equal(alone.firing, null);
  t.match(comparability(alone), /cannot be compared/);
  t.match(comparability(after(20, [1, 20], [1, 20])), /last compared at 2026-01-01T00:00/);
});

t.test('few tokens are gathered until both arms have some', async (t) => {
  const comparison = createComparison(
    'c',
    {
      kind: 'key',
      issuer: 'i',
      rotationId: 'r',
      service: null,
      verifier: null,
      calmForMs: CALM_FOR_MS,
    },
    START_MS,
  );
  for (let second = 1; second <= 3_000; second += 1) {
    const isNew = second % 2 === 0;
    if (second % 10 < 2) addToArm(comparison, isNew ? 'tried' : 'control', isNew ? 1 : 0, 1, []);
    compare(comparison, H, START_MS + second * 1_000);
  }
  t.ok(comparison.firing, 'every token of the new key fails, none of the old one');
});
