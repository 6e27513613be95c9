import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { VerdictSchema } from '../../src/api/schemas/verdict.ts';
import { createClient, type Client } from '../../src/cli/client.ts';
import { verdict } from './verdicts.ts';

async function against(t: Test, listener: RequestListener): Promise<Client> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return createClient({
    base: new URL(`http://127.0.0.1:${port}/prefix`),
    fetch,
    operatorToken: () => 'secret-token',
  });
}

const ASK = { method: 'GET', path: '/v1/thing', answer: VerdictSchema } as const;

t.test('what is no answer of a collector is unreachable, never a verdict', async (t) => {
  const rows: [string, RequestListener, RegExp][] = [
    ['HTML', (_, answer) => answer.end('<html>login</html>'), /what is not JSON/],
    ['nothing', (_, answer) => answer.end(), /what is not JSON/],
    ['another JSON', (_, answer) => answer.end('{"ready":true}'), /does not understand/],
    [
      'a status of the future',
      (_, answer) => answer.end(JSON.stringify({ ...verdict(), status: 'ajar' })),
      /does not understand \(status/,
    ],
    [
      '500 without a word',
      (_, answer) => answer.writeHead(500).end('{}'),
      /answered 500 without saying why/,
    ],
    [
      '503 with a word',
      (_, answer) => answer.writeHead(503).end('{"title":"x","status":503,"detail":"busy"}'),
      /cannot answer now: busy/,
    ],
    [
      'cut off',
      (_, answer) => {
        answer.writeHead(200, { 'content-length': '100' });
        answer.write('{');
        answer.destroy();
      },
      /not JSON|no collector/,
    ],
    [
      'a redirect',
      (_, answer) => answer.writeHead(302, { location: 'http://127.0.0.1:2/' }).end(),
      /no collector/,
    ],
  ];
  for (const [what, listener, message] of rows) {
    const client = await against(t, listener);
    await t.rejects(client.send(ASK), { code: 'UNREACHABLE', message }, what);
  }
});

t.test('a collector that hangs', async (t) => {
  const client = await against(t, () => undefined);
  await t.rejects(client.send({ ...ASK, timeoutMs: 50 }), {
    code: 'UNREACHABLE',
    message: /no answer in time/,
  });
});

t.test('what is sent', async (t) => {
  const seen: (string | undefined)[] = [];
  const client = await against(t, (request, answer) => {
    seen.push(request.url, request.headers.authorization, request.headers['content-type']);
    answer.end('{"ok":true}');
  });
  const answer = z.object({ ok: z.boolean() });
  await client.send({
    method: 'GET',
    path: '/v1/a',
    query: { b: 'c d&e', none: undefined },
    answer,
  });
  await client.send({ method: 'POST', path: '/v1/a', operator: true, body: {}, answer });
  t.strictSame(seen, [
    '/prefix/v1/a?b=c+d%26e',
    undefined,
    undefined,
    '/prefix/v1/a',
    'Bearer secret-token',
    'application/json',
  ]);
});

t.test(
  'a refusal carries the reason, fit for a terminal, and the verdict if there is one',
  async (t) => {
    const client = await against(t, (_, answer) => {
      answer.writeHead(409);
      answer.end(
        JSON.stringify({
          type: '',
          title: 'x',
          status: 409,
          detail: 'no\u001b[2J',
          field: 'step',
          verdict: verdict(),
        }),
      );
    });
    await t.rejects(client.send(ASK), {
      code: 'REFUSED',
      status: 409,
      message: 'step: no [2J',
      verdict: { status: 'closed' },
    });
  },
);
