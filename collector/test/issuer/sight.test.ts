import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { systemClock } from '@keyturn/shared/clock.ts';
import t, { type Test } from 'tap';
import type { Sighting } from '../../src/core/sighting.ts';
import { Discovery } from '../../src/issuer/discovery.ts';
import { JWKS_BYTES_MAX, sightJwks } from '../../src/issuer/sight.ts';
import type { WatchedIssuer } from '../../src/issuer/watched-issuer.ts';
import { makeAuthority } from './authority.ts';
import { KEYS, origin } from './origin.ts';

const GOOD = JSON.stringify({ keys: KEYS });

function limits(over: { timeoutMs?: number; ca?: string } = {}) {
  return {
    timeoutMs: over.timeoutMs ?? 5_000,
    bytesMax: JWKS_BYTES_MAX,
    ca: over.ca ?? null,
    userAgent: 'keyturn-test',
    clock: systemClock,
    signal: new AbortController().signal,
  };
}

async function sight(t: Test, handler: RequestListener, timeoutMs?: number) {
  const at = new URL(`${await origin(t, handler)}/jwks`);
  return sightJwks(at, limits(timeoutMs === undefined ? {} : { timeoutMs }));
}

function answer(body: string | Buffer, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => response.writeHead(200, headers).end(body);
}

t.test('a good answer', async (t) => {
  const result = await sight(
    t,
    answer(GOOD, {
      'cache-control': 'max-age=60, stale-if-error=10',
      age: '7',
      date: 'Mon, 02 Mar 2026 10:00:00 GMT',
    }),
  );
  t.match(result, {
    ok: true,
    keys: [
      { kid: 'k1', thumbprint: /^[\w-]{43}$/, alg: 'ES256' },
      { kid: 'k2', thumbprint: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', alg: 'EdDSA' },
    ],
    untrackedKeys: 0,
    bytes: GOOD.length,
    documentSha256: createHash('sha256').update(GOOD).digest('hex'),
    maxAgeS: 60,
    staleS: 10,
    ageS: 7,
    originDateMs: Date.UTC(2026, 2, 2, 10),
  });
});

t.test('answers that are refused', async (t) => {
  const withMembers = (members: object) => JSON.stringify({ keys: [{ ...KEYS[0], ...members }] });
  const twice = JSON.stringify({ keys: [KEYS[0], { ...KEYS[1], kid: 'k1' }] });
  const cases: readonly [string, RequestListener, string, RegExp][] = [
    ['500', (_q, r) => r.writeHead(500).end(GOOD), 'status', /expected status 200, got 500/],
    ['not JSON', answer('<html>'), 'not_json', /expected JSON/],
    ['empty', answer(''), 'not_json', /expected JSON/],
    ['no key set', answer('[]'), 'invalid', /array "keys"/],
    ['private members', answer(withMembers({ d: 'secret' })), 'private_members', /"d"/],
    ['duplicate kid', answer(twice), 'duplicate_kid', /repeats a kid/],
    [
      'too many keys',
      answer(JSON.stringify({ keys: Array.from({ length: 2_000 }, () => ({})) })),
      'invalid',
      /2000/,
    ],
  ];
  for (const [name, handler, error, message] of cases) {
    await t.test(name, async (t) => {
      const result = await sight(t, handler);
      t.match(result, { ok: false, error, message });
      t.notMatch(JSON.stringify(result), /secret/);
    });
  }
});

t.test('compressed although not asked for', async (t) => {
  t.match(await sight(t, answer(gzipSync(GOOD), { 'content-encoding': 'gzip' })), {
    ok: true,
    bytes: GOOD.length,
  });
});

t.test('TLS with an authority of its own', async (t) => {
  const { ca, server } = await makeAuthority();
  const at = new URL(await origin(t, answer(GOOD), server));
  t.match(await sightJwks(at, limits({ ca })), { ok: true });
  t.match(await sightJwks(at, limits()), { ok: false, error: 'tls' });
  const stranger = await makeAuthority();
  t.match(await sightJwks(at, limits({ ca: stranger.ca })), { ok: false, error: 'tls' });
  const plain = await origin(t, answer(GOOD));
  t.match(await sightJwks(new URL(plain.replace('http:', 'https:')), limits({ ca })), {
    ok: false,
    error: 'tls',
  });
});

t.test('discovery', async (t) => {
  let document: unknown;
  let reads = 0;
  const base = await origin(t, (request, response) => {
    if (request.url === '/jwks') {
      response.end(GOOD);
    } else if (request.url === '/gone') {
      response.writeHead(404).end();
    } else {
      reads += 1;
      response.end(typeof document === 'string' ? document : JSON.stringify(document));
    }
  });
  const issuer: WatchedIssuer = {
    issuer: base,
    sources: [],
    intervalMs: 1_000,
    ca: null,
    allowHttp: false,
  };
  const look = async (given: unknown, found?: Discovery): Promise<Sighting['result']> => {
    document = given;
    const at =
      found ?? new Discovery(`${base}/.well-known/openid-configuration`, issuer, systemClock);
    return sightJwks(at, limits());
  };
  const jwks_uri = `${base}/jwks`;
  t.match(await look({ issuer: base, jwks_uri }), { ok: true });
  const refused: readonly [unknown, string, RegExp][] = [
    [{ issuer: `${base}/`, jwks_uri }, 'invalid', /discovery: expected issuer .* byte for byte/],
    [{ issuer: base.toUpperCase(), jwks_uri }, 'invalid', /byte for byte/],
    [{ jwks_uri }, 'invalid', /got nothing/],
    [{ issuer: base }, 'invalid', /expected jwks_uri to be an http or https URL, got nothing/],
    [{ issuer: base, jwks_uri: 'file:///etc/passwd' }, 'invalid', /expected jwks_uri/],
    [{ issuer: base, jwks_uri: 'http://other.example/' }, 'invalid', /http to another machine/],
    ['null', 'invalid', /expected a JSON object, got null/],
    ['<html>', 'not_json', /discovery: expected JSON/],
  ];
  for (const [given, error, message] of refused) {
    t.match(await look(given), { ok: false, error, message }, JSON.stringify(given));
  }

  const kept = new Discovery(`${base}/.well-known/openid-configuration`, issuer, systemClock);
  reads = 0;
  t.match(await look({ issuer: base, jwks_uri: `${base}/gone` }, kept), { error: 'status' });
  t.match(
    await look({ issuer: base, jwks_uri }, kept),
    { ok: true },
    'looks again after a failure',
  );
  t.match(await look('<html>', kept), { ok: true }, 'remembers what worked');
  t.equal(reads, 2);
});
