import t from 'tap';
import {
  clockSentence,
  headersSentence,
} from '../../../../src/dashboard/pages/issuers/document-words.ts';
import { jwksHistoryPath } from '../../../../src/dashboard/pages/issuers/history-stretch.ts';

const NOW_MS = Date.parse('2026-11-27T03:00:40.000Z');

t.test('how long caches may keep a JWKS', (t) => {
  const cases = [
    [null, 0, null, 'no max-age'],
    [300, 0, null, 'max-age 5m'],
    [300, 60, 20, 'max-age 5m, stale for 1m more, was 20s old'],
  ] as const;
  for (const [max_age_s, stale_s, age_s, said] of cases) {
    t.equal(headersSentence({ max_age_s, stale_s, age_s }), said);
  }
  t.end();
});

t.test("the origin's clock", (t) => {
  const cases = [
    [null, 'it does not say what time it is'],
    [1_500, "agrees with the collector's"],
    [-1_500, "agrees with the collector's"],
    [30_000, "30s behind the collector's"],
    [-30_000, "30s ahead of the collector's"],
    [400_000, "6m 40s behind the collector's: too far for time to prove anything"],
  ] as const;
  for (const [clock_behind_ms, said] of cases) {
    t.equal(clockSentence({ clock_behind_ms, clock_tolerance_ms: 300_000 }), said);
  }
  t.end();
});

t.test('the stretch of history an address asks for', (t) => {
  const asked = (address: string): Record<string, string> => {
    const path = jwksHistoryPath('https://a.example/?x', new URLSearchParams(address), NOW_MS);
    const { issuer, ...rest } = Object.fromEntries(new URL(path, 'http://x').searchParams);
    t.equal(issuer, 'https://a.example/?x');
    return rest;
  };
  t.strictSame(asked(''), {});
  t.strictSame(asked('range=24h'), { from: '2026-11-26T03:00:00.000Z' });
  t.strictSame(asked('range=century'), {});
  t.strictSame(asked('from=2026-11-01T00:00:00Z&to=x&range=24h'), {
    from: '2026-11-01T00:00:00.000Z',
  });
  t.strictSame(asked('to=2026-11-01T00:00:00%2B01:00'), { to: '2026-10-31T23:00:00.000Z' });
  t.end();
});
