import { createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { pino } from 'pino';
import t from 'tap';
import { readConfig } from '../../src/config.ts';
import { startSidecar } from '../../src/sidecar.ts';
import { answer, keySet, publicKey, startUpstream, until } from '../proxy/upstream.ts';
import { TestCollector } from '../uplink/collector.ts';
import { AgentProcess } from './agent-process.ts';

const NO_FILES = { collectorCa: null, issuerCa: new Map(), probeCa: new Map(), https: null };

function settings(collector: string, issuer: string, more = ''): string {
  return `
collector: { address: "${collector}" }
service: orders
instance: i
proxy: { listen: "127.0.0.1:0" }
issuers: [{ issuer: "${issuer}", jwks_uri: "${issuer}/jwks", fresh_for: 0s }]
verifiers: [{ name: proxied }, { name: pushed, via: push }]
${more}`;
}

function push(socketPath: string, path: string, body: unknown): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  httpRequest({ socketPath, path, method: 'PUT', headers: { 'content-type': 'application/json' } })
    .on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
    .on('error', reject)
    .end(JSON.stringify(body));
  return promise;
}

void t.test('a process from start to goodbye', async (t) => {
  const collector = new TestCollector();
  const address = await collector.start();
  t.teardown(() => {
    collector.stop();
  });
  await using upstream = await startUpstream(answer(keySet(publicKey('k1'))));
  const issuer = upstream.origin;
  const socket = join(t.testdirName, 'push.sock');
  t.testdir({
    'agent.yaml': settings(
      address,
      issuer,
      `push: { listen: "127.0.0.1:0", socket: "${socket}" }\non_stop: goodbye`,
    ),
  });
  const keys = { boot: 'b', issuer, keys: [{ jwk: publicKey('k2') }], data_age_ms: 0 };
  const heldBy = (verifier: string) =>
    collector.reports
      .filter((heard) => heard.verifier === verifier)
      .at(-1)
      ?.report.keySets.flatMap((set) => set.keys.map((key) => key.kid)) ?? [];

  {
    await using first = new AgentProcess([], {}, t.testdirName);
    await until(() => first.out.includes('push API'), 'first start');
    first.kill('SIGKILL');
    t.equal(await first.ended(), 'SIGKILL');
  }
  await using agent = new AgentProcess(['--config', join(t.testdirName, 'agent.yaml')]);
  await until(() => agent.out.includes('push API'), 'started again over the socket left behind');
  const url = /orders\/i\/proxied: keys of .* at (\S+)/.exec(agent.out)?.[1] ?? '';
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/v\/orders\/proxied\/jwks\.json$/);
  await until(() => collector.hellos.flat().includes('proxied'), 'hello');
  t.equal((await fetch(url)).status, 200);
  await until(() => heldBy('proxied').includes('k1'), 'served');
  t.equal(await push(socket, '/v1/verifiers/orders/i/pushed/keys', keys), 200);
  await until(() => heldBy('pushed').includes('k2'), 'pushed');

  agent.kill('SIGTERM');
  t.equal(await agent.ended(), 0);
  t.ok(collector.goodbyes.length > 0, 'said goodbye');
  const lines = agent.err
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.ok(
    lines.every((line) => line.name === 'keyturn-agent'),
    'JSON lines',
  );
  await t.rejects(push(socket, '/', {}), { code: 'ENOENT' }, 'the socket is gone');
});

void t.test('a pushing verifier that falls silent is missed, others go on', async (t) => {
  const collector = new TestCollector({ reportIntervalMs: 200 });
  const address = await collector.start();
  t.teardown(() => {
    collector.stop();
  });
  await using upstream = await startUpstream(answer(keySet(publicKey('k1'))));
  const text = settings(address, upstream.origin, 'push: { listen: "127.0.0.1:0", lease: 1s }');
  const read = readConfig({ file: 'a', text, env: {}, hostname: 'h' });
  if (!read.ok) throw new Error(read.problems.join());
  await using sidecar = await startSidecar({
    config: read.config,
    files: NO_FILES,
    hostname: 'h',
    log: pino({ level: 'silent' }),
  });
  const heartbeat = await fetch(`${sidecar.push?.origin}/v1/verifiers/orders/i/pushed/heartbeat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"boot":"b"}',
  });
  t.equal(heartbeat.status, 200);
  const count = (verifier: string) =>
    collector.reports.filter((heard) => heard.verifier === verifier).length;
  await until(() => count('pushed') >= 2, 'reported while its lease runs');
  const proxied = count('proxied');
  await until(() => count('proxied') > proxied + 8, 'well past the lease');
  const atEnd = count('pushed');
  const later = count('proxied');
  await until(() => count('proxied') > later + 3, 'a little more');
  t.equal(count('pushed'), atEnd, 'nothing speaks for it');
  t.strictSame(collector.goodbyes, [], 'and nobody said goodbye');
});

void t.test('on_stop: silence says goodbye for nobody', async (t) => {
  const collector = new TestCollector();
  const address = await collector.start();
  t.teardown(() => {
    collector.stop();
  });
  await using upstream = await startUpstream(answer(keySet(publicKey('k1'))));
  for (const [onStop, goodbyes] of [
    ['silence', []],
    ['goodbye', ['proxied', 'pushed']],
  ] as const) {
    const more = `push: { listen: "127.0.0.1:0" }\non_stop: ${onStop}`;
    const text = settings(address, upstream.origin, more);
    const read = readConfig({ file: 'a', text, env: {}, hostname: 'h' });
    if (!read.ok) throw new Error(read.problems.join());
    const log = pino({ level: 'silent' });
    const sidecar = await startSidecar({
      config: read.config,
      files: NO_FILES,
      hostname: 'h',
      log,
    });
    const path = '/v1/verifiers/orders/i/pushed/heartbeat';
    const headers = { 'content-type': 'application/json' };
    await fetch(`${sidecar.push?.origin}${path}`, {
      method: 'POST',
      headers,
      body: '{"boot":"b"}',
    });
    await until(() => collector.latest('pushed') !== undefined, 'reported');
    await until(() => collector.latest('proxied') !== undefined, 'reported');
    collector.reports.length = 0;
    await sidecar[Symbol.asyncDispose]();
    t.strictSame(collector.goodbyes.toSorted(), goodbyes, onStop);
  }
});

void t.test('an issuer and a collector that cannot be reached', async (t) => {
  const gone = await startUpstream(answer(''));
  await gone[Symbol.asyncDispose]();
  t.testdir({
    'agent.yaml': settings('127.0.0.1:1', gone.origin, 'push: { listen: "127.0.0.1:0" }'),
  });
  await using agent = new AgentProcess([], {}, t.testdirName);
  await until(() => agent.out.includes('/v/orders/proxied/jwks.json'), 'starts all the same');
  const url = /at (\S+jwks\.json)/.exec(agent.out)?.[1] ?? '';
  t.equal((await fetch(url)).status, 503);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  t.equal(agent.err.split('cannot fetch keys').length - 1, 1, 'said once');
  t.equal(agent.err.split('disconnected').length - 1, 1, 'said once');
  agent.kill('SIGINT');
  t.equal(await agent.ended(), 0);
});

void t.test('hostile words from an issuer stay words', async (t) => {
  await using upstream = await startUpstream(
    answer('{"issuer":"\\u001b[2J\\u009b31m\\u202e evil\\nline"}'),
  );
  const text = settings('127.0.0.1:1', upstream.origin, 'push: { listen: "127.0.0.1:0" }').replace(
    /jwks_uri: \S+,/,
    '',
  );
  t.testdir({ 'agent.yaml': text });
  await using agent = new AgentProcess([], {}, t.testdirName);
  await until(() => agent.err.includes('expected issuer'), 'told');
  // oxlint-disable-next-line no-control-regex
  t.notMatch(agent.err, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u);
});

void t.test('a port that is taken', async (t) => {
  const squatter = createTcpServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  t.teardown(() => squatter.close());
  const bound = squatter.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const collector = new TestCollector();
  const address = await collector.start();
  t.teardown(() => {
    collector.stop();
  });
  t.testdir({
    'agent.yaml': settings(address, 'http://127.0.0.1:2', `push: { listen: "127.0.0.1:${port}" }`),
  });
  await using agent = new AgentProcess([], {}, t.testdirName);
  t.equal(await agent.ended(), 1);
  t.match(
    agent.err,
    `keyturn-agent: port ${port} is taken: another program listens on 127.0.0.1:${port}; stop it or set push.listen to a free port\n`,
  );
  t.equal(agent.out, '');
  t.strictSame(collector.hellos, [], 'the agent that holds the port is not spoken over');
});
