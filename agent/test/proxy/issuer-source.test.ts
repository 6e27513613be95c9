import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { RequestListener } from 'node:http';
import { systemClock, type Clock } from '@keyturn/shared/clock.ts';
import { manualClock } from '@keyturn/shared/manual-clock.ts';
import t from 'tap';
import type { IssuerConfig } from '../../src/config.ts';
import { IssuerSource } from '../../src/proxy/issuer-source.ts';
import { answer, keySet, publicKey, startUpstream, type Upstream } from './upstream.ts';

const GOOD = keySet(publicKey('k1'));

function sourceOf(
  upstream: Upstream,
  over: Partial<IssuerConfig> = {},
  clock: Clock = systemClock,
): IssuerSource {
  const config: IssuerConfig = {
    issuer: upstream.origin,
    alias: null,
    jwksUri: new URL('/jwks', upstream.origin),
    discovery: new URL('/.well-known/openid-configuration', upstream.origin),
    refreshMs: 15_000,
    freshForMs: 2_000,
    timeoutMs: 5_000,
    maxStaleMs: 86_400_000,
    maxBytes: 1_048_576,
    ca: null,
    allowHttp: false,
    ...over,
  };
  return new IssuerSource({
    config,
    ca: null,
    clock,
    random: () => 0.5,
    onAttempt: () => undefined,
  });
}

const hang: RequestListener = () => undefined;

const drip: RequestListener = (request, response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 10);
  request.on('close', () => {
    clearInterval(timer);
  });
};

void t.test('what upstream may do wrong', async (t) => {
  const withPrivate = { ...publicKey('k1'), d: 's3cr3t' };
  const rows: readonly (readonly [
    string,
    RequestListener,
    string,
    RegExp,
    Partial<IssuerConfig>?,
  ])[] = [
    // What is left of the timeout after finding out where the keys are is the fetch's own.
    [
      'hangs',
      hang,
      'timeout',
      /no complete answer within (?:1s|1000ms|9\d\dms)/,
      { timeoutMs: 1_000 },
    ],
    [
      'drips a byte at a time',
      drip,
      'timeout',
      /no complete answer within (?:1s|1000ms|9\d\dms)/,
      { timeoutMs: 1_000 },
    ],
    ['drops the connection', (request) => request.socket.destroy(), 'network', /socket hang up/],
    [
      'stops in the middle',
      (request, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('{');
        setTimeout(() => request.socket.destroy(), 20);
      },
      'network',
      /aborted/,
    ],
    [
      'is no HTTP server',
      (request) => request.socket.end('SSH-2.0-x\r\n\r\n'),
      'network',
      /Parse Error/,
    ],
    ['garbage', answer(Buffer.from([0, 255, 1, 2])), 'not_json', /expected JSON/],
    ['an HTML page', answer('<html>login</html>'), 'not_json', /expected JSON/],
    [
      '10 MB, length declared',
      answer(Buffer.alloc(10_000_000, 32)),
      'too_large',
      /at most 1048576 bytes/,
    ],
    [
      '10 MB, length not declared',
      (_, response) => {
        for (let i = 0; i < 160; i += 1) response.write(Buffer.alloc(65_536, 32));
        response.end();
      },
      'too_large',
      /at most 1048576 bytes/,
    ],
    [
      '10 MB in 10 kB',
      answer(gzipSync(Buffer.alloc(10_000_000, 32)), { 'content-encoding': 'gzip' }),
      'too_large',
      /at most 1048576 bytes/,
    ],
    [
      'not what it is encoded as',
      answer('not gzip at all, but long enough', { 'content-encoding': 'gzip' }),
      'invalid',
      /expected gzip content: .*header/,
    ],
    ['500', answer(GOOD, {}, 500), 'status', /expected status 200, got 500/],
    ['204', answer('', {}, 204), 'status', /got 204/],
    [
      'elsewhere',
      answer('', { location: 'http://127.0.0.2:1/jwks' }, 302),
      'status',
      /another origin, "http:\/\/127\.0\.0\.2:1/,
    ],
    [
      'round in circles',
      answer('', { location: '/jwks' }, 307),
      'status',
      /redirects more than 3 times/,
    ],
    ['a redirect to nowhere', answer('', {}, 302), 'status', /got 302/],
    ['not a key set', answer('[]'), 'invalid', /"keys"/],
    ['private members', answer(keySet(withPrivate)), 'invalid', /"d" of a private/],
    [
      'symmetric key',
      answer(keySet({ kty: 'oct', k: 's3cr3t', kid: 'a' })),
      'invalid',
      /"k" of a private/,
    ],
    [
      'one kid for two keys',
      answer(keySet(publicKey('a'), publicKey('a'))),
      'invalid',
      /repeats a kid/,
    ],
  ];
  for (const [why, behave, error, message, over] of rows) {
    await using upstream = await startUpstream(answer(GOOD));
    using source = sourceOf(upstream, over);
    await source.refresh();
    t.equal(source.health.consecutiveFailures, 0, `${why}: good before`);
    upstream.behave = behave;
    await source.refresh();
    t.match(source.health, { consecutiveFailures: 1, lastError: error, message }, why);
    t.notMatch(source.health.message, /s3cr3t/);
    t.equal(source.usable(performance.now())?.body.toString(), GOOD, `${why}: last good one kept`);
    upstream.behave = answer(GOOD);
    await source.refresh();
    t.match(source.health, { consecutiveFailures: 0, lastError: null }, `${why}: good again`);
  }
});

void t.test('nobody listens', async (t) => {
  const upstream = await startUpstream(answer(GOOD));
  await upstream[Symbol.asyncDispose]();
  using source = sourceOf(upstream);
  t.equal(await source.answer(), null);
  t.match(source.health, { lastError: 'network', message: 'ECONNREFUSED' });
  const before = performance.now();
  t.equal(await source.answer(), null);
  t.ok(performance.now() - before < 500, 'while fetches fail nobody waits for another');
  t.equal(source.health.consecutiveFailures, 1);
});

void t.test('bytes are kept as they came', async (t) => {
  await using upstream = await startUpstream(
    answer(GOOD, {
      'content-type': 'application/json; x=y',
      'cache-control': 'max-age=9',
      age: '7',
    }),
  );
  using source = sourceOf(upstream);
  const before = performance.now();
  const document = await source.answer();
  t.equal(document?.body.toString(), GOOD);
  t.match(document, {
    contentType: 'application/json; x=y',
    cacheControl: 'max-age=9',
    keys: [{ kid: 'k1', alg: 'ES256' }],
  });
  const dataAgeMs = performance.now() - (document?.dataAtMs ?? 0);
  t.ok(dataAgeMs >= 7_000, 'the age that caches declare counts', { dataAgeMs, before });
  for (const [coding, body] of [
    ['gzip', gzipSync(GOOD)],
    ['br', brotliCompressSync(GOOD)],
  ] as const) {
    upstream.behave = answer(body, { 'content-encoding': coding });
    await source.refresh();
    t.equal(source.usable(performance.now())?.body.toString(), GOOD, coding);
  }
  upstream.behave = (request, response) => {
    if (request.url === '/moved') answer(GOOD)(request, response);
    else answer('', { location: '/moved' }, 301)(request, response);
  };
  await source.refresh();
  t.equal(source.health.lastError, null, 'a redirect within the origin is followed');
});

void t.test('TLS that does not hold up', async (t) => {
  const { ownIdentity } = await import('../../src/proxy/own-authority.ts');
  const identity = await ownIdentity(t.testdir(), ['127.0.0.1'], Date.now());
  await using upstream = await startUpstream(answer(GOOD), identity);
  using source = sourceOf(upstream);
  await source.refresh();
  t.match(source.health, { lastError: 'tls' });
});

void t.test('one fetch at a time, joined by whoever asks', async (t) => {
  let release: () => void = () => undefined;
  await using upstream = await startUpstream((request, response) => {
    release = () => {
      answer(GOOD)(request, response);
    };
  });
  using source = sourceOf(upstream);
  const asked = [source.answer(), source.answer(), source.refresh().then(() => source.answer())];
  while (upstream.asked.length === 0) await delay(2);
  release();
  const documents = await Promise.all(asked);
  t.equal(upstream.asked.length, 1);
  t.ok(documents.every((document) => document?.body.toString() === GOOD));
});

void t.test('a verifier that asks late is given what the issuer says now', async (t) => {
  const clock = manualClock();
  await using upstream = await startUpstream(answer(GOOD));
  using source = sourceOf(upstream, {}, clock);
  await source.answer();
  const newer = keySet(publicKey('k1'), publicKey('k2'));
  upstream.behave = answer(newer);
  clock.advance(1_999);
  t.equal((await source.answer())?.body.toString(), GOOD, 'young enough');
  clock.advance(1);
  t.equal((await source.answer())?.body.toString(), newer, 'renewed first');
  t.equal(upstream.asked.length, 2);
});

void t.test('a slow issuer does not hold up a verifier for long', async (t) => {
  const clock = manualClock();
  await using upstream = await startUpstream(answer(GOOD));
  using source = sourceOf(upstream, {}, clock);
  await source.answer();
  upstream.behave = hang;
  clock.advance(10_000);
  const answered = source.answer();
  while (upstream.asked.length < 2) await delay(2);
  clock.advance(2_000);
  t.equal((await answered)?.body.toString(), GOOD);
  t.equal(source.health.consecutiveFailures, 0, 'the fetch goes on');
});

void t.test('refresh policy', async (t) => {
  const clock = manualClock();
  await using upstream = await startUpstream(answer(GOOD));
  using source = sourceOf(upstream, {}, clock);
  await source.refresh();
  t.equal(
    source.nextAttemptAtMs - clock.monotonicMs(),
    15_000,
    'the interval, in the middle of its jitter',
  );
  upstream.behave = answer('', {}, 503);
  const waits: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    await source.refresh();
    waits.push(source.nextAttemptAtMs - clock.monotonicMs());
  }
  t.strictSame(waits, [750, 1_500, 3_000, 6_000, 11_250, 11_250, 11_250], 'sooner at first');
  t.equal(source.health.consecutiveFailures, 7);
  const asked = upstream.asked.length;
  clock.advance(11_250);
  while (upstream.asked.length === asked) await delay(2);
  t.pass('the timer fetches');
});

void t.test('stale is bounded', async (t) => {
  const clock = manualClock();
  await using upstream = await startUpstream(answer(GOOD));
  using source = sourceOf(upstream, { maxStaleMs: 60_000 }, clock);
  await source.refresh();
  upstream.behave = answer('', {}, 503);
  await source.refresh();
  clock.advance(60_000);
  t.ok(await source.answer(), 'served up to the bound');
  clock.advance(1);
  t.equal(await source.answer(), null);
  upstream.behave = answer(GOOD);
  await source.refresh();
  t.ok(await source.answer());
});

void t.test('flapping: failures count from the last success', async (t) => {
  await using upstream = await startUpstream(answer(GOOD));
  using source = sourceOf(upstream);
  const seen: number[] = [];
  for (const status of [200, 500, 200, 500, 500, 200]) {
    upstream.behave = answer(GOOD, {}, status);
    await source.refresh();
    seen.push(source.health.consecutiveFailures);
  }
  t.strictSame(seen, [0, 1, 0, 1, 2, 0]);
});

void t.test('discovery', async (t) => {
  await using upstream = await startUpstream(answer(GOOD));
  const serve = (discovery: unknown, status = 200): RequestListener => {
    return (request, response) => {
      const isDiscovery = request.url?.includes('.well-known') ?? false;
      const body = isDiscovery ? JSON.stringify(discovery) : GOOD;
      answer(body, {}, isDiscovery ? status : 200)(request, response);
    };
  };
  const found = { issuer: upstream.origin, jwks_uri: `${upstream.origin}/keys` };
  const rows: readonly (readonly [string, RequestListener, string | null, RegExp])[] = [
    ['good', serve(found), null, /^$/],
    [
      'other issuer',
      serve({ ...found, issuer: `${upstream.origin}/` }),
      'invalid',
      /expected issuer .* got /,
    ],
    ['no jwks_uri', serve({ issuer: upstream.origin }), 'invalid', /jwks_uri/],
    [
      'jwks_uri of another kind',
      serve({ ...found, jwks_uri: 'file:///etc/passwd' }),
      'invalid',
      /jwks_uri/,
    ],
    [
      'jwks_uri in the clear',
      serve({ ...found, jwks_uri: 'http://10.0.0.1/' }),
      'invalid',
      /plain http/,
    ],
    ['not an object', serve([]), 'invalid', /JSON object/],
    ['not JSON', answer('x'), 'not_json', /discovery/],
    ['404', serve({}, 404), 'status', /discovery: expected status 200, got 404/],
  ];
  for (const [why, behave, error, message] of rows) {
    upstream.behave = behave;
    using source = sourceOf(upstream, { jwksUri: null });
    await source.refresh();
    t.match(source.health, { lastError: error, message }, why);
  }
  upstream.behave = serve(found);
  const clock = manualClock();
  using source = sourceOf(upstream, { jwksUri: null, refreshMs: 86_400_000 }, clock);
  await source.refresh();
  await source.refresh();
  upstream.behave = serve({}, 500);
  clock.advance(300_000);
  await source.refresh();
  t.equal(source.health.lastError, null, 'what was found is used while it cannot be found again');
  t.strictSame(upstream.asked.slice(-5), [
    '/.well-known/openid-configuration',
    '/keys',
    '/keys',
    '/.well-known/openid-configuration',
    '/keys',
  ]);
});

void t.test('stopping ends a fetch under way', async (t) => {
  await using upstream = await startUpstream(hang);
  const source = sourceOf(upstream);
  const asked = source.answer();
  while (upstream.asked.length === 0) await delay(2);
  source[Symbol.dispose]();
  t.equal(await asked, null);
  t.equal(source.health.attemptAtMs, null, 'and is no failure');
});
