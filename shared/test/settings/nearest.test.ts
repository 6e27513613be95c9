import t from 'tap';
import { nearest, nearestFew } from '../../src/settings/nearest.ts';

const KNOWN = ['listen', 'issuers', 'services', 'policy', 'operator_token_file'];

t.test('the known name that was meant', async (t) => {
  const cases: readonly [string, string | undefined][] = [
    ['lisen', 'listen'],
    ['LISTEN', 'listen'],
    ['isuers', 'issuers'],
    ['polcy', 'policy'],
    ['operator_token', 'operator_token_file'],
    ['colour', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ];
  for (const [given, expected] of cases) t.equal(nearest(given, KNOWN), expected);
});

t.test('a few, closest first', async (t) => {
  const known = ['npm-jose', 'npm-jwks-rsa', 'py-jose', 'envoy'];
  t.same(nearestFew('jose', known, 3), ['npm-jose', 'py-jose']);
  t.same(nearestFew('jose', known, 1), ['npm-jose']);
  t.same(nearestFew('jose', [], 3), []);
});
