import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startCollectorProcess } from '../harness/collector-process.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';

/** Sends bytes over a plain socket; gives what came until the other side hung up or said nothing more. */
async function say(address: string, bytes: string | Buffer): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  // Who sends too much is cut off in mid-sentence.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([closed, sleep(1_000)]);
  socket.destroy();
  return answer;
}

t.test('what no client of ours would send over HTTP', async (t) => {
  const cleanup = teardownWith(t);
  const collector = await startCollectorProcess(await tempDirectory(cleanup), {});
  cleanup.add('collector', () => collector.child.kill());
  const { host } = new URL(collector.url);
  const get = (path: string, ...headers: readonly string[]): string =>
    [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''].join('\r\n');
  const post = (body: string, ...headers: readonly string[]): string =>
    [
      'POST /v1/rotations HTTP/1.1',
      `Host: ${host}`,
      'Connection: close',
      `Authorization: Bearer ${collector.token}`,
      'Content-Type: application/json',
      ...headers,
      '',
      body,
    ].join('\r\n');
  const sized = (body: string): string => post(body, `Content-Length: ${Buffer.byteLength(body)}`);

  const cases: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['no HTTP at all', Buffer.from('160301020001000000deadbeef', 'hex'), /^HTTP\/1\.1 400 /],
    ['no Host', 'GET /v1/status HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 421 [^]*The Host header does not/],
    ['headers of 100 kB', get('/', `X-Long: ${'x'.repeat(100_000)}`), /^HTTP\/1\.1 431 |^$/],
    ['a path of 10 kB', get(`/${'x'.repeat(10_000)}`), /^HTTP\/1\.1 414 [^]*at most 4096/],
    ['a path that climbs', get('/../../etc/passwd'), /^HTTP\/1\.1 404 /],
    ['a path that is no text', get('/%ff%00'), /^HTTP\/1\.1 40[04] /],
    ['a body of 1 MB', sized(JSON.stringify('x'.repeat(1_000_000))), /^HTTP\/1\.1 413 |^$/],
    ['a body that is no JSON', sized('{"issuer":'), /^HTTP\/1\.1 400 [^]*JSON/],
    [
      'an unknown member',
      sized('{"issuer":"a","alg":"ES256","new_kid":"b","by":"c","polcy":1}'),
      /^HTTP\/1\.1 400 [^]*polcy/,
    ],
    ['a member missing', sized('{"issuer":"a","by":"c"}'), /^HTTP\/1\.1 400 [^]*"field":"alg"/],
    ['__proto__', sized('{"__proto__":{"by":"x"}}'), /^HTTP\/1\.1 400 /],
    [
      'two lengths',
      post('{}', 'Content-Length: 2', 'Transfer-Encoding: chunked'),
      /^HTTP\/1\.1 400 /,
    ],
    ['a page size nobody needs', get('/v1/verifiers?limit=1000000'), /^HTTP\/1\.1 400 [^]*limit/],
    ['a wait of a year', get('/v1/rotations/r-x/gates/activate?index=1&wait=1y'), /400 [^]*wait/],
    ['a gate that is none', get('/v1/rotations/r-x/gates/floodgate'), /^HTTP\/1\.1 400 [^]*gate/],
    ['a rotation that is none', get('/v1/rotations/r-x/gates/activate'), /^HTTP\/1\.1 404 /],
  ];
  for (const [name, bytes, expected] of cases) {
    const answer = await say(host, bytes);
    t.match(answer, expected, name);
    t.notMatch(answer, /node_modules|\.ts:\d+/, 'no stack');
  }
  t.match(await say(collector.grpc, get('/')), /^(?!HTTP\/1\.1 2)/, 'HTTP/1 at the gRPC port');
  t.equal((await say(collector.grpc, Buffer.alloc(100_000, 0xff))).includes('HTTP/1.1 2'), false);
  t.equal((await collector.api.get('/readyz')).status, 200, 'the collector still works');
  t.notOk(collector.child.lastLines().includes(collector.token), 'and has not logged the token');
});
