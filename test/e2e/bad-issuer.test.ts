import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { startChild } from '../harness/child.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import type { KeySetServer } from '../harness/key-set-server.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import { listenOnLoopback } from '../harness/listen.ts';
import { PROGRAMS } from '../harness/programs.ts';
import { plainEnvironment } from '../harness/run-to-end.ts';
import { makeSigningKey } from '../harness/signing-key.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';

const YEAR_MS = 365 * 86_400_000;
const good = await makeSigningKey('good', 'ES256');
const other = await makeSigningKey('good', 'ES256');
const secret = String(good.privateJwk.d);

/** One way of being a bad issuer, and the word both sides must find for it. */
interface Fault {
  readonly name: string;
  readonly answer: (response: ServerResponse) => void;
  /** For the collector: `error` of the vantage. */
  readonly error: string;
  readonly message: RegExp;
  /** For the sidecar, which has fewer words. */
  readonly proxied: RegExp;
}

const json = (body: unknown) => (response: ServerResponse) => {
  response.end(JSON.stringify(body));
};

const FAULTS: readonly Fault[] = [
  {
    name: 'not JSON',
    answer: (response) => response.end('<html>maintenance</html>'),
    error: 'not_json',
    message: /expected JSON/,
    proxied: /JSON/,
  },
  {
    name: 'JSON, but no key set',
    answer: json({ error: 'gone' }),
    error: 'invalid',
    message: /keys/,
    proxied: /keys/,
  },
  {
    name: '10 MB',
    answer: json({ keys: [good.publicJwk], padding: 'x'.repeat(10 * 1_048_576) }),
    error: 'too_large',
    message: /expected at most 1048576 bytes/,
    proxied: /1048576 bytes/,
  },
  {
    name: 'one kid for two keys',
    answer: json({ keys: [good.publicJwk, other.publicJwk] }),
    error: 'duplicate_kid',
    message: /keys\[1\] repeats a kid/,
    proxied: /keys\[1\] repeats a kid/,
  },
  {
    name: 'private members',
    answer: json({ keys: [good.privateJwk] }),
    error: 'private_members',
    message: /private/,
    proxied: /private/,
  },
  {
    name: 'an error page',
    answer: (response) => response.writeHead(500).end('oops'),
    error: 'status',
    message: /expected status 200, got 500/,
    proxied: /500/,
  },
];

/** One server per fault, one that nobody runs, and one that is well. */
async function startIssuers(t: Test) {
  const cleanup = teardownWith(t);
  const start = async (): Promise<KeySetServer> => {
    const server = await startKeySetServer([good.publicJwk]);
    cleanup.add('issuer', () => server.close());
    return server;
  };
  const faulty = await Promise.all(
    FAULTS.map(async (fault) => {
      const server = await start();
      server.answer(fault.answer);
      return { ...fault, server };
    }),
  );
  const closed = await listenOnLoopback(createServer());
  await closed.close();
  const directory = await tempDirectory(cleanup);
  return { cleanup, directory, faulty, well: await start(), unreachable: closed.url };
}

t.jobs = 2;

t.test('the collector tells what is wrong with each JWKS, and goes on', async (t) => {
  const { cleanup, directory, faulty, well, unreachable } = await startIssuers(t);
  const collector = await startCollectorProcess(directory, {
    issuers: [
      ...[...faulty.map(({ server }) => server), well].map(({ issuer, jwksUri }) => ({
        issuer,
        jwks_uri: jwksUri,
        watch_interval: '500ms',
      })),
      { issuer: unreachable, jwks_uri: `${unreachable}/jwks` },
    ],
  });
  cleanup.add('collector', () => collector.child.kill());
  const issuers = await eventually('every issuer was looked at', async () => {
    const { body } = await collector.api.get('/v1/issuers');
    const all: { vantages: { fetched_at: string | null }[] }[] = body.issuers;
    return all.every(({ vantages }) => vantages[0]?.fetched_at !== null) ? body.issuers : undefined;
  });
  const of = (issuer: string) =>
    issuers.find((each: { issuer: string }) => each.issuer === issuer) ?? {};

  for (const { name, server, error, message } of faulty) {
    t.match(of(server.issuer), { healthy: false, vantages: [{ error, message }], keys: [] }, name);
  }
  t.match(of(unreachable), {
    healthy: false,
    vantages: [{ error: 'network', message: /ECONNREFUSED/ }],
  });
  t.match(of(well.issuer), { healthy: true, keys: [{ kid: 'good' }] });
  t.equal((await collector.api.get('/readyz')).status, 200);

  const page = await collector.api.get('/status');
  t.match(page.body, /The JWKS cannot be relied on/);
  await collector.child.stop();
  const kept = await readFile(join(directory, 'data', 'keyturn.db'), 'latin1');
  const told = JSON.stringify(issuers) + page.body + collector.child.lastLines() + kept;
  t.notOk(told.includes(secret), 'the private key is on no page, in no log and not on disk');
});

t.test('a gate says unknown while the JWKS cannot be trusted', async (t) => {
  const { cleanup, directory, well } = await startIssuers(t);
  const next = await makeSigningKey('next', 'ES256');
  const collector = await startCollectorProcess(directory, {
    issuers: [{ issuer: well.issuer, jwks_uri: well.jwksUri, watch_interval: '500ms' }],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  const { api } = collector;
  const keySeen = (kid: string) =>
    eventually(`${kid} is seen`, async () => {
      const { body } = await api.get('/v1/issuers');
      const keys: { kid: string; published_at: string | null }[] = body.issuers[0].keys;
      return keys.find((key) => key.kid === kid)?.published_at ?? undefined;
    });
  await keySeen('good');
  const start = await api.post('/v1/rotations', {
    issuer: well.issuer,
    alg: 'ES256',
    new_kid: 'next',
    by: 'test',
  });
  t.equal(start.status, 201);
  const gate = `/v1/rotations/${start.body.rotation.id}/gates/activate`;
  const checkOf = async (id: string) => {
    const { checks } = (await api.get(gate)).body;
    return checks.find((check: { id: string }) => check.id === id);
  };
  const becomes = (id: string, status: string) =>
    eventually(`${id} is ${status}`, async () => {
      const check = await checkOf(id);
      return check.status === status ? check : undefined;
    });

  const both = [good.publicJwk, next.publicJwk];
  for (const offMs of [-YEAR_MS, YEAR_MS]) {
    well.serve(both, { date: new Date(Date.now() + offMs).toUTCString() });
    t.match(await becomes('clock_agrees', 'unknown'), {
      message: /clock and http\S+ are -?315\d+ s apart/,
      help: /NTP/,
    });
    well.serve(both);
    await becomes('clock_agrees', 'pass');
  }

  well.answer((response) => response.end('<html>'));
  t.match(await becomes('jwks_healthy', 'fail'), { message: /expected JSON/ });
  t.not((await api.get(gate)).body.status, 'open');
  well.serve(both);
  await becomes('jwks_healthy', 'pass');

  // The same kid with other key material: for ever an alarm, never an update.
  well.serve([other.publicJwk, next.publicJwk]);
  t.match(await becomes('key_identity', 'fail'), { message: /more than one thumbprint/ });
  well.serve(both);
  await keySeen('good');
  t.match(await checkOf('key_identity'), { status: 'fail' });
});

t.test('the sidecar serves no bad document, and the last good one meanwhile', async (t) => {
  const { cleanup, directory, faulty, well, unreachable } = await startIssuers(t);
  const issuers = [
    ...faulty.map(({ server: { issuer, jwksUri } }) => ({ issuer, jwks_uri: jwksUri })),
    { issuer: well.issuer, jwks_uri: well.jwksUri },
    { issuer: unreachable, jwks_uri: `${unreachable}/jwks` },
  ].map((issuer) => ({ ...issuer, refresh: '200ms', fresh_for: '0s' }));
  const file = join(directory, 'agent.yaml');
  const settings = {
    collector: { address: '127.0.0.1:9' },
    service: 'orders',
    proxy: { listen: '127.0.0.1:0' },
    issuers,
    verifiers: issuers.map(({ issuer }, index) => ({ name: `v${index}`, issuers: [issuer] })),
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
  const urlOf = async (index: number): Promise<string> => {
    const line = await sidecar.line(new RegExp(`"verifier":"orders/[^"]*/v${index}"`), 15_000);
    return (JSON.parse(line.input) as { url: string }).url;
  };

  for (const [index, { name, proxied, answer, server }] of faulty.entries()) {
    const url = await urlOf(index);
    const refused = await fetch(url);
    t.equal(refused.status, 503, name);
    t.ok(refused.headers.has('retry-after'));
    const text = await refused.text();
    t.match(text, proxied, 'says why');
    t.notOk(text.includes(secret));

    server.serve([good.publicJwk]);
    const expected = await (await fetch(server.jwksUri)).text();
    const served = () =>
      eventually('the document', async () => {
        const response = await fetch(url);
        return response.ok ? response.text() : undefined;
      });
    t.equal(await served(), expected, 'served byte for byte once it is good');
    server.answer(answer);
    t.equal(await served(), expected, 'and kept when it is bad again');
  }
  t.equal((await fetch(await urlOf(faulty.length))).status, 200, 'the one that is well');
  t.equal((await fetch(await urlOf(faulty.length + 1))).status, 503, 'the unreachable one');
  t.notOk(sidecar.lastLines().includes(secret));
});
