import type { RequestListener } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { fetchDocument, type FetchOptions } from '../../src/http/fetch-document.ts';
import { manualClock } from '../../src/manual-clock.ts';
import { answer, closedAddress, options, origin } from './origin.ts';

const GOOD = '{"keys": []}\n';

async function got(t: Test, handler: RequestListener, over: Partial<FetchOptions> = {}) {
  const result = await fetchDocument(new URL(`${await origin(t, handler)}/jwks`), options(over));
  return result.ok ? { ...result, body: result.body.toString() } : result;
}

t.test('bytes and headers as they came', async (t) => {
  const asked: unknown[] = [];
  const result = await got(t, (request, response) => {
    asked.push(request.url, request.headers['user-agent'], request.headers['accept-encoding']);
    answer(GOOD, { age: '7' })(request, response);
  });
  t.match(result, { ok: true, body: GOOD, headers: { age: '7' } });
  t.same(asked, ['/jwks', 'keyturn-test', 'identity']);
});

t.test('answers that are refused', async (t) => {
  const cases: readonly [string, RequestListener, string, RegExp][] = [
    ['500', (_q, r) => r.writeHead(500).end(GOOD), 'status', /expected status 200, got 500/],
    ['304', (_q, r) => r.writeHead(304).end(), 'status', /got 304/],
    ['206', (_q, r) => r.writeHead(206).end(GOOD), 'status', /got 206/],
    ['204', (_q, r) => r.writeHead(204).end(), 'status', /got 204/],
    [
      'broken gzip',
      answer('x', { 'content-encoding': 'gzip' }),
      'invalid',
      /^expected gzip content: /,
    ],
    [
      'half a gzip',
      answer(gzipSync(GOOD).subarray(0, -9), { 'content-encoding': 'gzip' }),
      'invalid',
      /^expected gzip content: /,
    ],
    [
      'a coding nobody asked for',
      answer('x', { 'content-encoding': 'zstd' }),
      'invalid',
      /^expected no content encoding, got "zstd"$/,
    ],
    [
      'cut off',
      (_q, r) => r.writeHead(200, { 'content-length': '99' }).write('{', () => r.destroy()),
      'network',
      /./,
    ],
    ['dropped', (q) => q.socket.destroy(), 'network', /socket hang up/],
    ['no HTTP', (q) => q.socket.end('hello\r\n\r\n'), 'network', /HPE_|Parse/],
  ];
  for (const [name, handler, error, message] of cases) {
    t.match(await got(t, handler), { ok: false, error, message }, name);
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
  t.match(await got(t, flood), { ok: false, error: 'too_large', message: /1048576 bytes/ });
  t.ok(sent < 10_000_000, `${sent} bytes were sent before the connection was cut`);
  const declared = answer('', { 'content-length': '10000000' });
  t.match(await got(t, declared), { error: 'too_large', message: /1048576 bytes, got more/ });
  const bomb = gzipSync(Buffer.alloc(10_000_000, 0x20));
  t.match(await got(t, answer(bomb, { 'content-encoding': 'gzip' })), { error: 'too_large' });
  t.match(await got(t, answer(GOOD), { bytesMax: GOOD.length }), { ok: true }, 'exactly as much');
});

t.test('compressed although not asked for', async (t) => {
  for (const [coding, body] of [
    ['gzip', gzipSync(GOOD)],
    ['X-Gzip', gzipSync(GOOD)],
    ['deflate', deflateSync(GOOD)],
    ['br', brotliCompressSync(GOOD)],
    ['identity', GOOD],
  ] as const) {
    const result = await got(t, answer(body, { 'content-encoding': coding }));
    t.match(result, { ok: true, body: GOOD }, coding);
  }
});

t.test('hangs end at the deadline: before the headers, and drop by drop in the body', async (t) => {
  t.match(await got(t, () => undefined, { timeoutMs: 100 }), {
    error: 'timeout',
    message: /within 100ms/,
  });
  const drip: RequestListener = (_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };
  t.match(await got(t, drip, { timeoutMs: 150 }), { ok: false, error: 'timeout' });
});

t.test('the deadline is by the clock given, and is gone with the answer', async (t) => {
  const clock = manualClock();
  const hanging: RequestListener = () => {
    clock.advance(60_000);
  };
  t.match(await got(t, hanging, { clock, timeoutMs: 60_000 }), { error: 'timeout' });
  t.match(await got(t, answer(GOOD), { clock, timeoutMs: 1 }), { ok: true });
});

t.test('a caller that stops ends the fetch', async (t) => {
  const stop = new AbortController();
  const result = await got(t, () => stop.abort(), { signal: stop.signal });
  t.match(result, { ok: false, error: 'network' });
});

t.test('an origin that switches protocols unasked', async (t) => {
  // Node.js ends such a request without a word: no response and no error.
  const switching: RequestListener = ({ socket }) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  t.match(await got(t, switching), { ok: false, error: 'network', message: /without an answer/ });
});

t.test('nobody there', async (t) => {
  t.match(await fetchDocument(await closedAddress(), options()), {
    ok: false,
    error: 'network',
    message: /ECONNREFUSED/,
  });
  t.match(await fetchDocument(new URL('http://nowhere.invalid/jwks'), options()), {
    error: 'network',
  });
});

t.test('redirects stay within the origin', async (t) => {
  const other = await origin(t, answer(GOOD));
  const cases: readonly [string, object][] = [
    ['/jwks2', { ok: true }],
    [`${other}/jwks`, { ok: false, error: 'status', message: /another origin, "http:/ }],
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
    t.match(await got(t, handler), expected, location);
  }
  const bare: RequestListener = (_request, response) => response.writeHead(302).end();
  t.match(await got(t, bare), { error: 'status', message: /got 302/ }, 'to nowhere');
});
