import fc from 'fast-check';
import t from 'tap';
import { retryDelayMs } from '../../src/notify/backoff.ts';
import { retryAfterMs } from '../../src/notify/retry-after.ts';

t.test('the time between tries', async (t) => {
  const rows: readonly (readonly [
    attempt: number,
    random: number,
    asked: number | null,
    ms: number,
  ])[] = [
    [1, 0, null, 0],
    [1, 0.5, null, 500],
    [2, 0.5, null, 1_000],
    [5, 0.25, null, 4_000],
    [9, 0.5, null, 128_000],
    [10, 0.5, null, 150_000],
    [1_000, 0.5, null, 150_000],
    [1, 0.5, 7_000, 7_000],
    [9, 0.5, 7_000, 128_000],
    [1, 0, 0, 0],
  ];
  for (const [attempt, random, asked, ms] of rows) {
    t.equal(retryDelayMs(attempt, random, asked), ms, `${attempt} ${random} ${asked}`);
  }
});

t.test('is bounded, and never less than was asked for', async () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      fc.nat({ max: 1e9 }),
      random,
      fc.option(fc.nat({ max: 3_600_000 })),
      (attempt, share, asked) => {
        const ms = retryDelayMs(attempt, share, asked);
        return ms >= (asked ?? 0) && ms <= Math.max(300_000, asked ?? 0);
      },
    ),
  );
});

t.test('Retry-After', async (t) => {
  const nowMs = Date.UTC(2026, 0, 1, 12);
  const rows: readonly (readonly [header: string | undefined, ms: number | null])[] = [
    [undefined, null],
    ['0', 0],
    ['30', 30_000],
    [' 30 ', 30_000],
    ['999999999', 3_600_000],
    ['Thu, 01 Jan 2026 12:00:10 GMT', 10_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['Fri, 02 Jan 2026 12:00:00 GMT', 3_600_000],
    ['-1', null],
    ['1.5', null],
    ['1e3', null],
    ['soon', null],
    ['', null],
    ['99999999999999999999', null],
  ];
  for (const [header, ms] of rows) t.equal(retryAfterMs(header, nowMs), ms, header ?? 'none');
});
