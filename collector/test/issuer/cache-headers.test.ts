import type { IncomingHttpHeaders } from 'node:http';
import t from 'tap';
import { readCacheHeaders } from '../../src/issuer/cache-headers.ts';

const DATE = 'Mon, 02 Mar 2026 10:00:00 GMT';

const table: readonly [IncomingHttpHeaders, number | null, number][] = [
  // headers, maxAgeS, staleS
  [{}, null, 0],
  [{ 'cache-control': '' }, null, 0],
  [{ 'cache-control': 'public' }, null, 0],
  [{ 'cache-control': 'max-age=60' }, 60, 0],
  [{ 'cache-control': 'public, MAX-AGE = "60"' }, 60, 0],
  [{ 'cache-control': 'max-age=60, s-maxage=3600' }, 3_600, 0],
  [{ 'cache-control': 'max-age=3600, s-maxage=0' }, 3_600, 0],
  [{ 'cache-control': 'max-age=60, max-age=120' }, 120, 0],
  [{ 'cache-control': 'max-age=60, stale-while-revalidate=30, stale-if-error=600' }, 60, 630],
  [{ 'cache-control': 'max-age=60, stale-if-error=600, must-revalidate' }, 60, 0],
  [{ 'cache-control': 'no-store' }, 0, 0],
  [{ 'cache-control': 'no-cache, max-age=600, stale-if-error=5' }, 0, 0],
  [{ 'cache-control': 'max-age=-5' }, 0, 0],
  [{ 'cache-control': 'max-age=1.5' }, 0, 0],
  [{ 'cache-control': 'max-age=soon' }, 0, 0],
  [{ 'cache-control': 'max-age' }, 0, 0],
  [{ 'cache-control': 'max-age=99999999999999999999' }, 2 ** 31, 0],
  [{ 'cache-control': 'x-max-age=60' }, null, 0],
  [{ 'cache-control': ',,;;="' }, null, 0],
  [{ date: DATE, expires: 'Mon, 02 Mar 2026 10:10:00 GMT' }, 600, 0],
  [{ date: DATE, expires: 'Mon, 02 Mar 2026 09:00:00 GMT' }, 0, 0],
  [{ date: DATE, expires: 'never' }, 0, 0],
  [{ expires: 'Mon, 02 Mar 2026 10:10:00 GMT' }, null, 0],
  [{ date: DATE, expires: 'never', 'cache-control': 'max-age=5' }, 5, 0],
];

t.test('how long copies may live', async (t) => {
  for (const [headers, maxAgeS, staleS] of table) {
    t.match(readCacheHeaders(headers), { maxAgeS, staleS }, JSON.stringify(headers));
  }
});

t.test('Age and Date', async (t) => {
  t.match(readCacheHeaders({ age: '120', date: DATE }), {
    ageS: 120,
    originDateMs: Date.UTC(2026, 2, 2, 10),
  });
  for (const age of ['', '-1', '1.5', 'x']) t.equal(readCacheHeaders({ age }).ageS, null, age);
  t.equal(readCacheHeaders({ date: 'yesterday' }).originDateMs, null);
});
