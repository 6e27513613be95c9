import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@keyturn/shared/clock.ts';
import t, { type Test } from 'tap';
import { functionPresenter } from '../../src/probe/present-function.ts';
import { httpPresenter, type ProbeEndpoint } from '../../src/probe/present-http.ts';

const TOKEN = 'aGVhZGVy.Y2xhaW1z.c2lnbmF0dXJl';

async function endpoint(
  t: Test,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  part: Partial<ProbeEndpoint> = {},
) {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return httpPresenter({
    url: new URL(`http://127.0.0.1:${port}/whoami`),
    header: 'Authorization',
    scheme: 'Bearer',
    accept: (status) => status === 200,
    reject: (status) => status === 401,
    timeoutMs: 300,
    ca: null,
    clock: systemClock,
    userAgent: 'test',
    ...part,
  });
}

t.test('a status is an answer, or says nothing', async (t) => {
  const rows = [
    [200, 'accepted'],
    [401, 'rejected'],
    [302, 'unclear'],
    [404, 'unclear'],
    [429, 'unclear'],
    [503, 'unclear'],
  ] as const;
  for (const [status, outcome] of rows) {
    let asked = 0;
    const present = await endpoint(t, (request, response) => {
      asked += 1;
      t.equal(request.headers.authorization, `Bearer ${TOKEN}`);
      t.equal(request.url, '/whoami');
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    t.same(await present(TOKEN, 'i'), { outcome, status });
    t.equal(asked, 1, 'and no redirect is followed');
  }
});

t.test('no answer is no evidence', async (t) => {
  const hanging = await endpoint(t, () => undefined);
  t.same(await hanging(TOKEN, 'i'), { outcome: 'unreachable', status: null });
  const cut = await endpoint(t, (request) => request.socket.destroy());
  t.same(await cut(TOKEN, 'i'), { outcome: 'unreachable', status: null });
  // Node.js ends a request without a word that is answered with another protocol.
  const switching = await endpoint(t, ({ socket }) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
  );
  t.same(await switching(TOKEN, 'i'), { outcome: 'unreachable', status: null });
  const nobody = await endpoint(t, () => undefined, { url: new URL('http://127.0.0.1:1/') });
  t.same(await nobody(TOKEN, 'i'), { outcome: 'unreachable', status: null });
});

t.test('an endless body is not read', async (t) => {
  const present = await endpoint(t, (_request, response) => {
    response.writeHead(200);
    const more = setInterval(() => response.write('x'.repeat(65_536)), 1);
    response.on('close', () => clearInterval(more));
  });
  t.same(await present(TOKEN, 'i'), { outcome: 'accepted', status: 200 });
});

t.test('another header, without a scheme', async (t) => {
  const present = await endpoint(
    t,
    (request, response) => {
      t.equal(request.headers['x-token'], TOKEN);
      t.equal(request.headers.authorization, undefined);
      response.end();
    },
    { header: 'X-Token', scheme: '' },
  );
  t.match(await present(TOKEN, 'i'), { outcome: 'accepted' });
});

t.test('a function of the process', async (t) => {
  const rows: readonly (readonly [string, () => unknown, string])[] = [
    ['true', () => true, 'accepted'],
    ['a promise of false', async () => false, 'rejected'],
    ['a word', () => 'unclear', 'unclear'],
    ['a word nobody knows', () => 'yes', 'unclear'],
    ['nothing', () => undefined, 'unclear'],
    [
      'one that throws',
      () => {
        throw new Error('down');
      },
      'unreachable',
    ],
    ['one that rejects', () => Promise.reject(new Error('down')), 'unreachable'],
  ];
  for (const [what, ask, outcome] of rows) {
    const present = functionPresenter(ask as () => boolean, 'jwks', systemClock);
    t.match(await present(TOKEN, 'i'), { outcome }, what);
  }
  const seen: unknown[] = [];
  await functionPresenter(
    (token, verifier) => {
      seen.push(token, verifier);
      return true;
    },
    'jwks',
    systemClock,
  )(TOKEN, 'https://issuer.test');
  t.same(seen, [TOKEN, { cache: 'jwks', issuer: 'https://issuer.test' }]);
});

t.test('a function that never answers', async (t) => {
  const late: (() => void)[] = [];
  const clock = {
    ...systemClock,
    after: (_ms: number, callback: () => void) => {
      late.push(callback);
      return () => undefined;
    },
  };
  const answer = functionPresenter(() => new Promise(() => undefined), 'jwks', clock)(TOKEN, 'i');
  late[0]?.();
  t.match(await answer, { outcome: 'unreachable' });
});
