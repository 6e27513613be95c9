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
import { closedAddress, KEYS, origin } from './origin.ts';

const GOOD = JSON.stringify({ keys: KEYS });

function limits(over: { timeoutMs?: number; ca?: string } = {}) {
  return {
    timeoutMs: over.timeoutMs ?? 5_000,
    bytesMax: JWKS_BYTES_MAX,
    ca: over.ca ?? null,
    signal: new AbortController().signal,
  };
}

async function sight(t: Test, handler: RequestListener, timeoutMs?: number) {
  const at = `${await origin(t, handler)}/jwks`;
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
    ['304', (_q, r) => r.writeHead(304).end(), 'status', /got 304/],
    ['206', (_q, r) => r.writeHead(206).end(GOOD), 'status', /got 206/],
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
    ['broken gzip', answer('x', { 'content-encoding': 'gzip' }), 'invalid', /gzip/],
    [
      'cut off',
      (_q, r) => r.writeHead(200, { 'content-length': '99' }).write('{', () => r.destroy()),
      'network',
      /./,
    ],
    ['no HTTP', (q) => q.socket.end('hello\r\n\r\n'), 'network', /HPE_|Parse/],
  ];
  for (const [name, handler, error, message] of cases) {
    await t.test(name, async (t) => {
      const result = await sight(t, handler);
      t.match(result, { ok: false, error, message });
      t.notMatch(JSON.stringify(result), /secret/);
    });
  }
});

t.test('10 MB are cut short, however they come', async (t) => {
  let sent = 0;
  const flood: RequestListener = (_request, response) => {
    const chunk = Buffer.alloc(65_536, 0x20);
    const more = () => {
      while (sent < 10_000_000 && response.writable) {
        sent += chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  };
  t.match(await sight(t, flood), { ok: false, error: 'too_large', message: /1048576 bytes/ });
  t.ok(sent < 10_000_000, `${sent} bytes were sent before the connection was cut`);
  const bomb = gzipSync(Buffer.alloc(10_000_000, 0x20));
  t.match(await sight(t, answer(bomb, { 'content-encoding': 'gzip' })), { error: 'too_large' });
});

t.test('compressed although not asked for', async (t) => {
  t.match(await sight(t, answer(gzipSync(GOOD), { 'content-encoding': 'gzip' })), {
    ok: true,
    bytes: GOOD.length,
  });
});

t.test('hangs end at the deadline: before the headers, and drop by drop in the body', async (t) => {
  t.match(await sight(t, () => undefined, 100), { error: 'timeout', message: /within 100ms/ });
  const drip: RequestListener = (_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };
  t.match(await sight(t, drip, 150), { ok: false, error: 'timeout' });
});

t.test('nobody there', async (t) => {
  t.match(await sightJwks(await closedAddress(), limits()), {
    ok: false,
    error: 'network',
    message: /ECONNREFUSED/,
  });
  t.match(await sightJwks('http://nowhere.invalid/jwks', limits()), { error: 'network' });
});

t.test('redirects stay within the origin', async (t) => {
  const other = await origin(t, answer(GOOD));
  const cases: readonly [string, object][] = [
    ['/jwks2', { ok: true }],
    [`${other}/jwks`, { ok: false, error: 'status', message: /another origin/ }],
    ['/round', { ok: false, error: 'status', message: /more than 3 times/ }],
    ['', { ok: false, error: 'status', message: /more than 3 times/ }],
    ['http://[', { ok: false, error: 'status', message: /got 302/ }],
    ['file:///etc/passwd', { ok: false, error: 'status', message: /another origin/ }],
  ];
  for (const [location, expected] of cases) {
    const handler: RequestListener = (request, response) => {
      if (request.url === '/jwks2') response.end(GOOD);
      else response.writeHead(302, { location }).end();
    };
    t.match(await sight(t, handler), expected, location);
  }
});

t.test('TLS with an authority of its own', async (t) => {
  const { ca, server } = await makeAuthority();
  const at = await origin(t, answer(GOOD), server);
  t.match(await sightJwks(at, limits({ ca })), { ok: true });
  t.match(await sightJwks(at, limits()), { ok: false, error: 'tls' });
  const stranger = await makeAuthority();
  t.match(await sightJwks(at, limits({ ca: stranger.ca })), { ok: false, error: 'tls' });
  const plain = await origin(t, answer(GOOD));
  t.match(await sightJwks(plain.replace('http:', 'https:'), limits({ ca })), {
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
    [{ issuer: base }, 'invalid', /expected jwks_uri to be an https:\/\/ address, got nothing/],
    [{ issuer: base, jwks_uri: 'file:///etc/passwd' }, 'invalid', /expected jwks_uri/],
    [{ issuer: base, jwks_uri: 'http://other.example/' }, 'invalid', /http to another machine/],
    ['null', 'invalid', /expected issuer/],
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
