import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import * as jose from 'jose';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { createAgent, observeJose } from '@keyturn/agent';
import { startChild } from '../harness/child.ts';
import type { CollectorProcess } from '../harness/collector-process.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { PROGRAMS } from '../harness/programs.ts';
import { plainEnvironment } from '../harness/run-to-end.ts';
import type { Teardown } from '../harness/teardown.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';

const ISSUER = 'billing';
const OLD = 'billing-2026-05';
const NEW = 'billing-2026-11';

type Secrets = ReadonlyMap<string, Uint8Array>;

/** Passes bytes on to `target` and keeps them, both ways. */
async function startTap(cleanup: Teardown, target: string) {
  const [host = '', port = ''] = target.split(':');
  const seen: Buffer[] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (bytes: Buffer) => {
        seen.push(bytes);
        to.write(bytes);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.add('tap', () => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return { address: `127.0.0.1:${address.port}`, bytes: () => Buffer.concat(seen) };
}

/** A service that verifies with jose and says which secrets it holds. */
function startService(cleanup: Teardown, collector: string, instance: string, secrets: Secrets) {
  let held = secrets;
  const agent = createAgent({ service: 'orders', instance, issuer: ISSUER, collector });
  cleanup.add(`agent of ${instance}`, () => agent.close());
  const { jwtVerify } = observeJose(jose, agent);
  const tell = () => {
    agent.holdSecrets(
      ISSUER,
      [...held.keys()].map((kid) => ({ kid, alg: 'HS256' })),
    );
  };
  tell();
  return {
    hold(next: Secrets) {
      held = next;
      tell();
    },
    verify: (token: string) =>
      jwtVerify(
        token,
        ({ kid }) => {
          const secret = held.get(kid ?? '');
          if (secret === undefined) throw new Error('no such secret');
          return secret;
        },
        { issuer: ISSUER },
      ),
  };
}

function tokenOf(kid: string, secrets: Secrets): Promise<string> {
  const secret = secrets.get(kid);
  if (secret === undefined) throw new Error(`no secret ${kid}`);
  return new jose.SignJWT({})
    .setProtectedHeader({ alg: 'HS256', kid })
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime('2s')
    .sign(secret);
}

async function startSidecar(cleanup: Teardown, directory: string, collector: string) {
  const port = await freePort();
  const file = join(directory, 'agent.yaml');
  await writeFile(
    file,
    stringify({
      collector: { address: collector },
      proxy: { listen: '127.0.0.1:0' },
      push: { listen: `127.0.0.1:${port}` },
      issuers: [{ issuer: ISSUER, shared_secrets: true }],
      verifiers: [
        { service: 'ledger', instance: 'ledger-1', name: 'secrets', via: 'push', keys: 'secret' },
      ],
    }),
  );
  const child = startChild({
    name: 'keyturn-agent',
    entry: PROGRAMS.agent,
    args: ['--config', file],
    cwd: directory,
    env: plainEnvironment({}),
  });
  cleanup.add('sidecar', () => child.kill());
  const base = `http://127.0.0.1:${port}/v1/verifiers/ledger/ledger-1/secrets`;
  const push = async (keys: readonly object[]) => {
    const body = JSON.stringify({ boot: 'b1', issuer: ISSUER, keys });
    const headers = { 'content-type': 'application/json' };
    return fetch(`${base}/keys`, { method: 'PUT', headers, body });
  };
  await eventually('the push API answers', async () => (await push([])).ok || undefined, 20_000);
  return { child, push };
}

async function startWorld(t: Test) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const collector = await startCollectorProcess(directory, {
    issuers: [{ issuer: ISSUER, shared_secrets: true, max_token_lifetime: '2s', clock_skew: '0s' }],
    services: [
      { name: 'orders', instances: 2, profile: 'npm-jose', evidence: 'fetchable' },
      { name: 'ledger', instances: 1, profile: 'npm-jose', evidence: 'present' },
    ],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  const wire = await startTap(cleanup, collector.grpc);
  return { cleanup, directory, collector, wire };
}

function opens(collector: CollectorProcess, gate: string) {
  return keyturn(collector, 'gate', gate, '--wait', '--timeout', '40s');
}

const id = (kid: string) => ({ kid, alg: 'HS256' });

t.test('a shared secret rotates, and nothing of it is seen', async (t) => {
  const { cleanup, directory, collector, wire } = await startWorld(t);
  const old: Secrets = new Map([[OLD, randomBytes(48)]]);
  const both: Secrets = new Map([...old, [NEW, randomBytes(48)]]);
  const next: Secrets = new Map([...both].slice(1));
  const thumbprint = await jose.calculateJwkThumbprint({
    kty: 'oct',
    k: Buffer.from(next.get(NEW) ?? '').toString('base64url'),
  });
  const services = ['orders-1', 'orders-2'].map((instance) =>
    startService(cleanup, wire.address, instance, old),
  );
  const sidecar = await startSidecar(cleanup, directory, wire.address);
  t.ok((await sidecar.push([id(OLD)])).ok);
  const refused = await sidecar.push([{ ...id(OLD), thumbprint }]);
  t.equal(refused.status, 400);
  t.match(await refused.text(), /digest of the secret/);
  t.ok((await sidecar.push([id(OLD)])).ok);
  const verifyAll = async (kid: string) => {
    for (const service of services) await service.verify(await tokenOf(kid, both));
  };
  await verifyAll(OLD);

  const start = ['rotation', 'start', '--alg', 'HS256', '--new-kid', NEW];
  const unnamed = await keyturn(collector, ...start);
  t.not(unnamed.code, 0);
  t.match(unnamed.stderr, /old_kid.*not published/);
  const printed = await keyturn(
    collector,
    ...start,
    '--old-kid',
    OLD,
    '--new-thumbprint',
    thumbprint,
  );
  t.match(printed.stderr, /digest of the secret/);
  t.match(await keyturn(collector, ...start, '--old-kid', OLD), {
    code: 0,
    stdout: /shared secret billing-2026-05 -> billing-2026-11/,
  });

  t.equal((await opens(collector, 'publish')).code, 0);
  t.equal((await keyturn(collector, 'rotation', 'publish')).code, 0);
  for (const service of services) service.hold(both);
  t.ok((await sidecar.push([id(OLD), { kid: NEW, alg: 'HS512' }])).ok);
  const wrongAlg = await keyturn(collector, 'gate', 'activate');
  t.equal(wrongAlg.code, 3);
  t.match(wrongAlg.stdout, /ledger.*for HS512, not for HS256/s);
  t.equal((await keyturn(collector, 'rotation', 'activate')).code, 3, 'impatience is refused');
  t.ok((await sidecar.push([id(OLD), id(NEW)])).ok);
  t.equal((await opens(collector, 'activate')).code, 0);

  const late = startService(cleanup, wire.address, 'orders-3', old);
  const closed = await eventually(
    'a service without the new secret shuts the gate',
    async () => {
      const asked = await keyturn(collector, 'gate', 'activate');
      return asked.code === 3 ? asked : undefined;
    },
    15_000,
  );
  t.match(closed.stdout, /orders-3/);
  await t.rejects(late.verify(await tokenOf(NEW, both)), /no such secret/);
  late.hold(both);
  t.equal((await opens(collector, 'activate')).code, 0);

  t.equal((await keyturn(collector, 'rotation', 'activate')).code, 0);
  t.equal((await keyturn(collector, 'rotation', 'retire')).code, 3, 'impatience is refused');
  await verifyAll(NEW);
  t.equal((await opens(collector, 'retire')).code, 0);
  t.equal((await keyturn(collector, 'rotation', 'retire')).code, 0);
  t.match((await keyturn(collector, 'gate', 'purge')).stdout, /still holding secret/);
  for (const service of [...services, late]) service.hold(next);
  t.ok((await sidecar.push([id(NEW)])).ok);
  t.equal((await opens(collector, 'purge')).code, 0);
  t.equal((await keyturn(collector, 'rotation', 'complete')).code, 0);
  const back = ['rotation', 'start', '--alg', 'HS256', '--old-kid', NEW, '--new-kid', OLD];
  t.match((await keyturn(collector, ...back)).stderr, /never retired/);

  const files = await readdir(join(directory, 'data'), { withFileTypes: true, recursive: true });
  const stored = await Promise.all(
    files.flatMap((file) => (file.isFile() ? [readFile(join(file.parentPath, file.name))] : [])),
  );
  const told = Buffer.from([collector.child.lastLines(), sidecar.child.lastLines()].join('\n'));
  const places = { wire: wire.bytes(), store: Buffer.concat(stored), logs: told };
  t.ok(places.wire.includes(NEW) && places.store.includes(NEW), 'the ids are there');
  for (const [place, bytes] of Object.entries(places)) {
    for (const digest of digestsOf(both)) t.notOk(bytes.includes(digest), `${place} ${digest}`);
    for (const secret of both.values()) t.notOk(bytes.includes(Buffer.from(secret)), place);
  }
});

/** Everything that could be told of the secrets: themselves, their hashes, their thumbprints. */
function digestsOf(secrets: Secrets): readonly string[] {
  return [...secrets.values()].flatMap((secret) => {
    const k = Buffer.from(secret).toString('base64url');
    const jwk = JSON.stringify({ k, kty: 'oct' });
    return [Buffer.from(secret), sha256(secret), sha256(Buffer.from(jwk)), sha256(Buffer.from(k))]
      .flatMap((bytes) => (['hex', 'base64', 'base64url'] as const).map((as) => bytes.toString(as)))
      .map((text) => text.replace(/=+$/, ''));
  });
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
