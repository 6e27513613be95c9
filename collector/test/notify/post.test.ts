import { once } from 'node:events';
import { createServer as createRawServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@keyturn/shared/clock.ts';
import t from 'tap';
import { post, type PostOptions, type PostResult } from '../../src/notify/post.ts';
import type { HostAddress } from '../../src/notify/reach.ts';
import { makeAuthority } from '../issuer/authority.ts';
import { closedAddress, origin } from '../issuer/origin.ts';
import { taker } from './taker.ts';

const OPTIONS: PostOptions = {
  reach: { allowPrivate: true, allowHosts: [] },
  ca: null,
  secrets: [],
  clock: systemClock,
  signal: new AbortController().signal,
};

const HEADERS = { 'content-type': 'application/json' };

function send(url: string, options: Partial<PostOptions> = {}, body = '{"a":"é"}') {
  return post({ url: new URL(url), headers: HEADERS, body }, { ...OPTIONS, ...options });
}

t.test('a message arrives as it is', async (t) => {
  const receiver = await taker(t);
  receiver.answer = (_taken, response) => {
    response.writeHead(202).end('  taken\u0007\n');
  };
  t.same(await send(`${receiver.url}/hook?x=1`), { ok: true, status: 202, text: 'taken' });
  const [taken] = receiver.taken;
  t.equal(taken?.body, '{"a":"é"}');
  t.equal(taken?.url, '/hook?x=1');
  t.match(taken?.headers, { 'content-length': '10', 'user-agent': 'keyturn-collector' });
});

t.test('what the status says', async (t) => {
  let status = 200;
  const headers: Record<string, string> = {};
  const url = await origin(t, (request, response) => {
    request.resume();
    response.writeHead(status, headers).end('why');
  });
  const rows: readonly (readonly [status: number, ok: boolean, permanent?: boolean])[] = [
    [200, true],
    [204, true],
    [301, false, false],
    [307, false, false],
    [400, false, true],
    [401, false, true],
    [403, false, true],
    [404, false, true],
    [408, false, false],
    [410, false, true],
    [429, false, false],
    [500, false, false],
    [502, false, false],
    [503, false, false],
  ];
  for (const [given, ok, permanent] of rows) {
    status = given;
    const result = await send(url);
    t.match(result, { ok, status: given, ...(ok ? {} : { permanent }) }, String(given));
  }
  headers['retry-after'] = '7';
  status = 429;
  t.match(await send(url), { permanent: false, retryAfterMs: 7_000 });
  t.match(await send(url), { message: 'status 429: "why"' });
});

t.test('a redirect is not followed', async (t) => {
  let followed = 0;
  const elsewhere = await origin(t, (_request, response) => {
    followed += 1;
    response.end();
  });
  const url = await origin(t, (request, response) => {
    request.resume();
    response.writeHead(307, { location: elsewhere }).end();
  });
  t.match(await send(url), { ok: false, message: 'status 307, a redirect, which is not followed' });
  t.equal(followed, 0);
});

t.test('nobody holds it up', async (t) => {
  const hanging = await origin(t, () => undefined);
  const dripping = await origin(t, (request, response) => {
    request.resume();
    response.writeHead(500);
    const drip = setInterval(() => response.write('.'), 10);
    response.on('close', () => {
      clearInterval(drip);
    });
  });
  const endless = await origin(t, (request, response) => {
    request.resume();
    const write = (): void => {
      while (response.write('x'.repeat(10_000)));
    };
    response.writeHead(200).on('drain', write);
    write();
  });
  const startedMs = performance.now();
  t.match(await send(hanging, { timeoutMs: 200 }), {
    ok: false,
    permanent: false,
    message: 'no answer within 200ms',
  });
  t.match(await send(dripping), { ok: false, status: 500, message: /^status 500: "\.+/ });
  t.match(await send(endless), { ok: true, status: 200, text: /^x{300}$/ });
  t.ok(performance.now() - startedMs < 5_000);
  const stopping = new AbortController();
  setTimeout(() => {
    stopping.abort();
  }, 50);
  t.match(await send(hanging, { signal: stopping.signal }), { message: /collector stops/ });
  t.match(await send(hanging, { signal: stopping.signal }), { message: /collector stops/ });
});

t.test('a name that is not resolved in time', async (t) => {
  // The clock's timers do not keep a process alive.
  const alive = setInterval(() => undefined, 1_000);
  t.teardown(() => {
    clearInterval(alive);
  });
  const never = () => new Promise<readonly HostAddress[]>(() => undefined);
  const result = await send('http://slow.test/', { timeoutMs: 50, resolve: never });
  t.match(result, { ok: false, message: 'no answer within 50ms' });
});

t.test('what is no answer, and nobody at all', async (t) => {
  // The last one makes Node.js end the request without a word: no response and no error.
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';
  for (const words of ['\u0000\u0001 garbage\r\n\r\n', '', upgrade]) {
    const server = createRawServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(words));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const result = await send(`http://127.0.0.1:${port}`, { timeoutMs: 2_000 });
    t.match(result, { ok: false, permanent: false, status: null }, JSON.stringify(words));
  }
  t.match(await send(await closedAddress()), { ok: false, message: /ECONNREFUSED/ });
});

t.test('where it may go', async (t) => {
  let asked = 0;
  const url = await origin(t, (request, response) => {
    asked += 1;
    request.resume();
    response.end();
  });
  const { port } = new URL(url);
  const at = (address: string) => async () => [{ address, family: address.includes(':') ? 6 : 4 }];
  const closed = { reach: { allowPrivate: false, allowHosts: [] } };
  const refused: readonly (readonly [host: string, options: Partial<PostOptions>])[] = [
    ['127.0.0.1', closed],
    ['localhost', closed],
    ['localhost.', { ...closed, resolve: at('127.0.0.1') }],
    ['2130706433', closed],
    ['0x7f000001', closed],
    ['0177.0.0.1', closed],
    ['127.1', closed],
    ['[::1]', closed],
    ['[::ffff:127.0.0.1]', closed],
    ['[::ffff:7f00:1]', closed],
    ['10.1.2.3', closed],
    ['hook.test', { ...closed, resolve: at('127.0.0.1') }],
    ['hook.test', { ...closed, resolve: at('::ffff:127.0.0.1') }],
    ['hook.test', { ...closed, resolve: at('fd00::1') }],
    // Said to be allowed, and still no place for a receiver.
    ['169.254.169.254', {}],
    ['[::ffff:169.254.169.254]', {}],
    ['0.0.0.0', {}],
    ['metadata.test', { resolve: at('169.254.169.254') }],
    ['metadata.test', { resolve: at('fd00:ec2::254') }],
    ['group.test', { resolve: at('224.0.0.1') }],
    ['nowhere.test', { resolve: async () => [] }],
    [
      'both.test',
      {
        ...closed,
        resolve: async () => [
          { address: '93.184.216.34', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ],
      },
    ],
    [
      'other.test',
      { reach: { allowPrivate: false, allowHosts: ['hook.test'] }, resolve: at('127.0.0.1') },
    ],
  ];
  for (const [host, options] of refused) {
    const result = await send(`http://${host}:${port}/`, options);
    t.match(result, { ok: false, status: null }, host);
    t.match((result as Extract<PostResult, { ok: false }>).message, /private|no address/, host);
  }
  t.equal(asked, 0, 'nothing was sent');

  const listed = { reach: { allowPrivate: false, allowHosts: ['hook.test', '127.0.0.1', '::1'] } };
  t.match(await send(`http://hook.test:${port}/`, { ...listed, resolve: at('127.0.0.1') }), {
    ok: true,
  });
  t.match(await send(`http://127.0.0.1:${port}/`, listed), { ok: true });
  t.equal(asked, 2);
});

t.test('a name that changes between the check and the connection', async (t) => {
  const url = await origin(t, (request, response) => {
    request.resume();
    response.end(request.headers.host);
  });
  const { port } = new URL(url);
  let lookups = 0;
  const rebinding = async () => {
    lookups += 1;
    return [{ address: lookups === 1 ? '127.0.0.1' : '203.0.113.1', family: 4 }];
  };
  const result = await send(`http://hook.test:${port}/`, { resolve: rebinding });
  t.same(result, { ok: true, status: 200, text: `hook.test:${port}` });
  t.equal(lookups, 1, 'what was checked is what was connected to');
});

t.test('secrets are not repeated', async (t) => {
  const receiver = await taker(t);
  receiver.answer = ({ url, body }, response) => {
    response.writeHead(404).end(`Cannot POST ${url} ${body}`);
  };
  const result = await send(
    `${receiver.url}/services/T0/B0/secretpart`,
    { secrets: ['/services/T0/B0/secretpart', 'routing-key'] },
    'routing-key',
  );
  t.match(result, { ok: false, message: 'status 404: "Cannot POST … …"' });
});

t.test('TLS', async (t) => {
  const authority = await makeAuthority();
  const url = await origin(
    t,
    (request, response) => {
      request.resume();
      response.end('sealed');
    },
    authority.server,
  );
  t.match(await send(url), { ok: false, permanent: false });
  t.match(await send(url, { ca: authority.ca }), { ok: true, text: 'sealed' });
});
