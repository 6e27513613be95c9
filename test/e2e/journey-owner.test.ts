import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRemoteJWKSet, importJWK, jwtVerify, SignJWT } from 'jose';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { startChild } from '../harness/child.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { PROGRAMS, REPOSITORY } from '../harness/programs.ts';
import { plainEnvironment } from '../harness/run-to-end.ts';
import type { SigningKey } from '../harness/signing-key.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { startRotatingIssuer } from './rotating-issuer.ts';

const run = promisify(execFile);

async function startWorld(t: Test) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const collector = await startCollectorProcess(directory, {
    issuers: [issuer.settings],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  /** The one verifier of a service, once `keyturn verifiers` shows what is looked for. */
  const listed = (service: string, isAsExpected: (verifier: Listed) => boolean) =>
    eventually(
      `${service} is listed`,
      async () => {
        const asked = ['verifiers', '--service', service, '-o', 'json'];
        const { stdout } = await keyturn(collector, ...asked);
        const [verifier] = (JSON.parse(stdout) as { verifiers: Listed[] }).verifiers;
        return verifier !== undefined && isAsExpected(verifier) ? verifier : undefined;
      },
      15_000,
    );
  return { cleanup, directory, issuer, collector, listed };
}

interface Listed {
  readonly instance: string;
  readonly cache: string;
  readonly source: string;
  readonly states: readonly string[];
  readonly key_sets: readonly { kids: readonly string[]; served_at: string | null }[];
}

async function tokenOf(issuer: string, key: SigningKey): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: key.ref.kid })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(await importJWK(key.privateJwk, 'ES256'));
}

const holds = (kid: string) => (verifier: Listed) => {
  return verifier.key_sets.some(({ kids }) => kids.includes(kid));
};

t.jobs = 2;

t.test('two lines in a service', async (t) => {
  const { cleanup, issuer, collector, listed } = await startWorld(t);
  const service = startChild({
    name: 'orders',
    entry: fileURLToPath(new URL('./ten-line-service.ts', import.meta.url)),
    env: plainEnvironment({
      ISSUER: issuer.issuer,
      JWKS_URI: issuer.jwksUri,
      COLLECTOR: collector.grpc,
    }),
  });
  cleanup.add('service', () => service.kill());
  const [, port = ''] = await service.line(/^listening on (\d+)$/, 15_000);
  const ask = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`http://127.0.0.1:${port}`, { headers })).status;
  };
  const good = await tokenOf(issuer.issuer, issuer.old);
  t.equal(await ask(good), 200);
  t.equal(await ask(await tokenOf(issuer.issuer, issuer.new)), 401, 'a key nobody published');

  const verifier = await listed('orders', holds(issuer.old.ref.kid));
  t.match(verifier, { instance: 'orders-1', cache: 'jose', source: 'in_process' });
  t.ok(verifier.states.includes('reporting'));
  const text = await keyturn(collector, 'verifiers');
  t.equal(text.code, 0);
  t.match(text.stdout, /orders\/orders-1\/jose/);

  await service.stop();
  await listed('orders', ({ states }) => states.includes('departed'));
  t.pass('SIGTERM and agent.close() are a goodbye');
});

t.test('a service does not notice that its collector is gone', async (t) => {
  const { cleanup, issuer, collector } = await startWorld(t);
  const service = startChild({
    name: 'orders',
    entry: fileURLToPath(new URL('./ten-line-service.ts', import.meta.url)),
    env: plainEnvironment({
      ISSUER: issuer.issuer,
      JWKS_URI: issuer.jwksUri,
      COLLECTOR: collector.grpc,
    }),
  });
  cleanup.add('service', () => service.kill());
  const [, port = ''] = await service.line(/^listening on (\d+)$/, 15_000);
  const headers = { authorization: `Bearer ${await tokenOf(issuer.issuer, issuer.old)}` };
  const ask = async () => (await fetch(`http://127.0.0.1:${port}`, { headers })).status;
  t.equal(await ask(), 200);
  await collector.child.kill();
  for (let times = 0; times < 20; times += 1) t.equal(await ask(), 200);
  const startedMs = performance.now();
  await service.stop();
  t.ok(performance.now() - startedMs < 2_500, 'and stops without waiting for it');
});

t.test('no code: a verifier behind the proxy, and one that pushes with curl', async (t) => {
  const { cleanup, directory, issuer, collector, listed } = await startWorld(t);
  const socket = join(directory, 'push.sock');
  const file = join(directory, 'agent.yaml');
  const settings = {
    collector: { address: collector.grpc },
    instance: 'host-1',
    proxy: { listen: '127.0.0.1:0' },
    push: { listen: '127.0.0.1:0', socket, lease: '5s' },
    issuers: [{ issuer: issuer.issuer, jwks_uri: issuer.jwksUri, refresh: '500ms' }],
    verifiers: [
      { service: 'gateway', name: 'jwks', profile: 'npm-jose' },
      { service: 'billing', name: 'keys', via: 'push' },
    ],
  };
  await writeFile(file, stringify(settings));
  const sidecar = startChild({
    name: 'keyturn-agent',
    entry: PROGRAMS.agent,
    args: ['--config', file],
    cwd: directory,
    env: plainEnvironment(),
  });
  cleanup.add('sidecar', () => sidecar.kill());
  const line = await sidecar.line(/"verifier":"gateway\//, 15_000);
  const { url } = JSON.parse(line.input) as { url: string };

  // All this verifier knows is a JWKS address.
  const keys = createRemoteJWKSet(new URL(url));
  await jwtVerify(await tokenOf(issuer.issuer, issuer.old), keys, { issuer: issuer.issuer });
  const proxied = await listed('gateway', holds(issuer.old.ref.kid));
  t.match(proxied, { instance: 'host-1', cache: 'jwks', source: 'proxy' });
  t.ok(proxied.key_sets[0]?.served_at, 'served to it, and when');

  const isCurlHere = await run('curl', ['--version']).then(
    () => true,
    () => false,
  );
  if (!isCurlHere) {
    t.pass('curl is not installed', { skip: 'curl is not installed' });
    return;
  }
  const curl = async (method: string, path: string, body?: unknown): Promise<string> => {
    const how = ['-sS', '--fail-with-body', '--unix-socket', socket, '-X', method];
    if (body !== undefined) {
      how.push('-H', 'content-type: application/json', '-d', JSON.stringify(body));
    }
    const url = `http://localhost/v1/verifiers/billing/host-1/keys${path}`;
    const { stdout } = await run('curl', [...how, url]);
    return stdout;
  };
  const boot = 'boot-1';
  const jwks = { keys: [issuer.old.publicJwk] };
  await curl('PUT', '/keys', { boot, issuer: issuer.issuer, jwks, data_age_ms: 0 });
  await curl('POST', '/outcomes', {
    boot,
    seq: 1,
    outcomes: [{ issuer: issuer.issuer, kid: issuer.old.ref.kid, outcome: 'expired', count: 3 }],
  });
  const pushed = await listed('billing', holds(issuer.old.ref.kid));
  t.match(pushed, { instance: 'host-1', cache: 'keys', source: 'pushed' });
  await curl('DELETE', `?boot=${boot}`);
  await listed('billing', ({ states }) => states.includes('departed'));

  const bad = await curl('PUT', '/keys', { boot: 'boot-2', issuer: issuer.issuer, key: [] }).catch(
    (error: { stdout: string }) => error.stdout,
  );
  t.match(bad, /unknown key.*key/, 'a mistake is answered with its name');
});

t.test('the example sidecar works against a collector on its defaults', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const collector = await startCollectorProcess(directory, {});
  cleanup.add('collector', () => collector.child.kill());
  const sidecar = startChild({
    name: 'keyturn-agent',
    entry: PROGRAMS.agent,
    args: ['--config', join(REPOSITORY, 'agent/example/agent.yaml')],
    cwd: directory,
    env: plainEnvironment({
      KEYTURN_AGENT_COLLECTOR_ADDRESS: collector.grpc,
      KEYTURN_AGENT_INSTANCE: 'host-1',
      KEYTURN_AGENT_PROXY_LISTEN: '127.0.0.1:0',
      KEYTURN_AGENT_PUSH_LISTEN: '127.0.0.1:0',
    }),
  });
  cleanup.add('sidecar', () => sidecar.kill());
  await eventually(
    'its verifier is listed, although nobody configured its issuer',
    async () => {
      const { stdout } = await keyturn(collector, 'verifiers');
      return /example\/host-1\/proxied +proxied +reporting/.test(stdout) ? true : undefined;
    },
    20_000,
  );
  const { stdout } = await keyturn(collector, 'doctor');
  t.match(
    stdout,
    /issuer http:\/\/127\.0\.0\.1:7465 is not configured.*\n.*add it/,
    'what is left to do',
  );
});
