import t from 'tap';
import { z } from 'zod';
import { check, firstLines } from '../../src/settings/check.ts';
import { duration } from '../../src/settings.ts';

const schema = z.strictObject({
  lease: z.strictObject({ every: duration() }).optional(),
  names: z.array(z.string()).min(1).max(2).optional(),
  deep: z.array(z.strictObject({ colour: z.boolean().optional() })).optional(),
});

function problems(value: unknown) {
  const checked = check(schema, value);
  return 'problems' in checked ? checked.problems : [];
}

t.test('the value, when nothing is wrong', async (t) => {
  t.same(check(schema, { lease: { every: '5s' } }), { value: { lease: { every: 5_000 } } });
});

t.test('each problem names its place, unknown keys with those known there', async (t) => {
  t.same(problems({ lease: { every: '5', evry: '5s' }, more: 1, deep: [{ color: 1 }, 7] }), [
    {
      path: ['lease', 'every'],
      message: 'expected a duration with a unit (ms, s, m, h or d) such as 15s or 1h30m, got "5"',
    },
    {
      path: ['lease', 'evry'],
      message: 'unknown key "evry"; did you mean every?',
      about: 'key',
    },
    {
      path: ['deep', 0, 'color'],
      message: 'unknown key "color"; did you mean colour?',
      about: 'key',
    },
    { path: ['deep', 1], message: 'expected a section with keys, got 7' },
    {
      path: ['more'],
      message: 'unknown key "more"; known here: lease, names, deep',
      about: 'key',
    },
  ]);
});

t.test('kinds and counts in plain words', async (t) => {
  const cases: readonly [unknown, string][] = [
    ['text', 'expected a section with keys, got "text"'],
    [{ names: {} }, 'expected a list, got an object'],
    [{ names: [] }, 'expected at least 1 entry, got a list of 0'],
    [{ names: ['a', 'b', 'c'] }, 'expected at most 2 entries, got a list of 3'],
    [{ names: [1] }, 'expected text, got 1'],
    [{ deep: [{ colour: 'red' }] }, 'expected true or false, got "red"'],
  ];
  for (const [value, message] of cases) {
    t.same(
      problems(value).map((problem) => problem.message),
      [message],
    );
  }
});

t.test('of many lines the first, and how many there are', async (t) => {
  const lines = Array.from({ length: 53 }, (_, n) => `line ${n}`);
  t.same(firstLines(lines.slice(0, 50)), lines.slice(0, 50));
  t.same(firstLines(lines), [...lines.slice(0, 50), 'and 3 more']);
});
