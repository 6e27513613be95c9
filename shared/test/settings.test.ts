import fc from 'fast-check';
import t from 'tap';
import { duration, formatDuration, parseDurationMs } from '../src/settings.ts';

t.test('durations that are understood', (t) => {
  const rows: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['250ms', 250],
    ['15s', 15_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['1h30m', 5_400_000],
    ['1d12h30m5s', 131_405_000],
    ['90m', 5_400_000],
  ];
  for (const [text, ms] of rows) t.equal(parseDurationMs(text), ms, text);
  t.end();
});

t.test('durations that are refused, with what was expected and what came', (t) => {
  const schema = duration({ minMs: 1_000, maxMs: 3_600_000 });
  const form = 'expected a duration with a unit (ms, s, m, h or d) such as 15s or 1h30m, got ';
  const rows: readonly (readonly [unknown, string])[] = [
    ['15x', `${form}"15x"`],
    ['15 s', `${form}"15 s"`],
    ['15', `${form}"15"`],
    ['15S', `${form}"15S"`],
    ['-15s', `${form}"-15s"`],
    ['1.5h', `${form}"1.5h"`],
    ['s', `${form}"s"`],
    ['15s!', `${form}"15s!"`],
    ['', `${form}""`],
    [15, `${form}15`],
    [-1, `${form}-1`],
    [null, `${form}null`],
    [undefined, `${form}nothing`],
    [['15s'], `${form}a list of 1`],
    ['10ms', 'expected between 1s and 1h, got 10ms'],
    ['2h', 'expected between 1s and 1h, got 2h'],
    ['9999999999s', `${form}"9999999999s"`],
  ];
  for (const [value, sentence] of rows) {
    const parsed = schema.safeParse(value);
    t.equal(parsed.error?.issues[0]?.message, sentence, JSON.stringify(value));
  }
  t.end();
});

t.test('for a person: the two largest units that are not zero', (t) => {
  const rows: readonly (readonly [number, string])[] = [
    [0, '0ms'],
    [-5, '0ms'],
    [250, '250ms'],
    [1_000, '1s'],
    [61_000, '1m 1s'],
    [3_900_000, '1h 5m'],
    [3_600_000 + 5_000, '1h 5s'],
    [90_061_000, '1d 1h'],
  ];
  for (const [ms, text] of rows) t.equal(formatDuration(ms), text, text);
  t.end();
});

t.test('what is formatted whole can be parsed again', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 59 }), fc.integer({ min: 1, max: 23 }), (m, h) => {
      const ms = h * 3_600_000 + m * 60_000;
      return parseDurationMs(formatDuration(ms).replace(' ', '')) === ms;
    }),
  );
  t.end();
});

t.test('no text makes the parser throw or give anything but whole milliseconds', (t) => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-z ]{0,12}$/));
  fc.assert(
    fc.property(texts, (text) => {
      const ms = parseDurationMs(text);
      return ms === undefined || (Number.isSafeInteger(ms) && ms >= 0);
    }),
  );
  t.end();
});
