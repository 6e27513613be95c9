import { request as httpsRequest } from 'node:https';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createLocalJWKSet, createRemoteJWKSet } from 'jose';
import { systemClock } from '@keyturn/shared/clock.ts';
import type { KeySetReport } from '@keyturn/shared/model/report.ts';
import { Teardown } from '@keyturn/shared/teardown.ts';
import t, { type Test } from 'tap';
import { readConfig } from '../../src/config.ts';
import { readConfigFiles } from '../../src/config/files.ts';
import type { Ledger, Reporter } from '../../src/ledger/ledger.ts';
import { startProxy } from '../../src/proxy/proxy.ts';
import { createSidecarEvents } from '../../src/sidecar-events.ts';
import { pino } from 'pino';
import { answer, keySet, publicKey, startUpstream, until, type Upstream } from './upstream.ts';

/** Remembers what it was told; what would be sent is read from the ledgers. */
class Collected implements Reporter {
  readonly ledgers: Ledger[] = [];
  readonly changes: string[] = [];

  add(ledger: Ledger): void {
    this.ledgers.push(ledger);
  }

  changed(ledger: Ledger): void {
    this.changes.push(ledger.id.service);
  }

  silence(): void {}

  remove(): void {}

  keySet(service: string, issuer?: string): KeySetReport | undefined {
    const ledger = this.ledgers.find((one) => one.id.service === service);
    const report = ledger?.snapshot(performance.now(), { handle: 1, epoch: 1, seq: 1 });
    return report?.keySets.find((set) => issuer === undefined || set.issuer === issuer);
  }

  kids(service: string): readonly string[] | undefined {
    return this.keySet(service)?.keys.map((key) => key.kid);
  }
}

async function started(
  t: Test,
  upstream: Upstream,
  extra = '',
  verifiers = '[{ service: orders }, { service: users }]',
) {
  const text = `
proxy: { listen: "127.0.0.1:0"${extra} }
issuers: [{ issuer: "${upstream.origin}", alias: main, jwks_uri: "${upstream.origin}/jwks", fresh_for: 0s }]
verifiers: ${verifiers}
`;
  const read = readConfig({ file: 'agent.yaml', text, env: {}, hostname: 'h1' });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const files = await readConfigFiles(read.config);
  if (!files.ok) throw new Error(files.problems.join('\n'));
  const parts = new Teardown();
  t.teardown(() => parts.close());
  const reporter = new Collected();
  const log = pino({ level: 'silent' });
  const proxy = await startProxy(
    {
      config: read.config,
      files: files.files,
      hostname: 'h1',
      clock: systemClock,
      random: Math.random,
      reporter,
      events: createSidecarEvents(log, () => performance.now()),
    },
    parts,
  );
  const [http = '', https = ''] = proxy.origins;
  return { http, https, caFile: proxy.caFile, reporter, parts };
}

/** A request with full say over its headers. */
async function raw(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  options: { readonly method?: string; readonly ca?: Buffer; readonly servername?: string } = {},
): Promise<{ status: number; body: string; headers: IncomingHttpHeaders }> {
  const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
    headers,
    agent: false,
    ...options,
  }).end();
  const [response] = await once(request, 'response');
  response.setEncoding('utf8');
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body, headers: response.headers };
}

void t.test('a verifier is evidence for itself alone', async (t) => {
  const first = keySet(publicKey('k1'));
  await using upstream = await startUpstream(
    answer(first, { 'content-type': 'application/json; x=1' }),
  );
  const { http, reporter } = await started(t, upstream);
  await until(() => reporter.keySet('users') !== undefined, 'first fetch');
  t.match(
    reporter.keySet('orders'),
    { keys: [], dataAgeMs: null, servedAgeMs: null, documentSha256: null, consecutiveFailures: 0 },
    'fetched, served to nobody',
  );

  const served = await raw(`${http}/v/orders/default/jwks.json`);
  t.equal(served.body, first, 'byte for byte');
  t.match(served.headers, {
    'content-type': 'application/json; x=1',
    'cache-control': 'no-cache',
    etag: /^"[\w-]{43}"$/,
  });
  await until(() => reporter.kids('orders')?.length === 1, 'orders was served');
  t.match(reporter.keySet('orders'), {
    keys: [{ kid: 'k1', alg: 'ES256' }],
    documentSha256: /^[0-9a-f]{64}$/,
    servedAgeMs: Number,
    dataAgeMs: Number,
  });
  t.match(reporter.keySet('users'), { keys: [], servedAgeMs: null }, 'users was not');

  upstream.behave = answer(keySet(publicKey('k1'), publicKey('k2')));
  await raw(`${http}/v/users/default/jwks.json?kid=k2`);
  await until(() => reporter.kids('users')?.length === 2, 'users has the new key');
  t.strictSame(reporter.kids('orders'), ['k1'], 'orders still has what it was given');

  upstream.behave = answer(keySet(publicKey('k2')));
  await raw(`${http}/v/users/default/jwks.json`);
  await until(() => reporter.kids('users')?.length === 1, 'key removed');
  t.strictSame(reporter.kids('users'), ['k2']);
});

void t.test('conditional requests', async (t) => {
  const first = keySet(publicKey('k1'));
  await using upstream = await startUpstream(answer(first, { etag: '"upstream"' }));
  const { http, reporter } = await started(t, upstream);
  const url = `${http}/v/orders/default/jwks.json`;
  const { headers } = await raw(url);
  const etag = String(headers.etag);
  t.equal(
    (await raw(url, { 'if-none-match': '"upstream"' })).status,
    200,
    'only the tag of these bytes',
  );
  t.equal((await raw(url, { 'if-none-match': '*' })).status, 200, '* proves nothing');
  const { changes } = reporter;
  const before = changes.length;
  const same = await raw(`${http}/v/users/default/jwks.json`, {
    'if-none-match': `"x", W/${etag}`,
  });
  t.match(same, { status: 304, body: '' });
  await until(() => reporter.kids('users')?.length === 1, 'a 304 is evidence of the same bytes');
  t.ok(changes.length > before);
  upstream.behave = answer(keySet(publicKey('k2')));
  t.equal((await raw(url, { 'if-none-match': etag })).status, 200, 'changed');
});

void t.test('what is not a fetch of the verifier leaves no evidence', async (t) => {
  await using upstream = await startUpstream(answer(keySet(publicKey('k1'))));
  const { http, reporter } = await started(t, upstream);
  const url = `${http}/v/orders/default/jwks.json`;
  for (const [why, status, headers, method, at] of [
    ['another site in a browser', 403, { origin: 'https://evil.example' }, 'GET', url],
    ['an image on a page', 403, { 'sec-fetch-site': 'cross-site' }, 'GET', url],
    ['a name that was rebound', 403, { host: 'evil.example' }, 'GET', url],
    ['a look', 200, {}, 'GET', `${url}?look`],
    ['HEAD', 200, {}, 'HEAD', url],
    ['POST', 405, {}, 'POST', url],
    ['unknown URL', 404, {}, 'GET', `${http}/v/orders/other/jwks.json`],
    ['climbing', 404, {}, 'GET', `${http}/v/../v/orders`],
    ['health', 200, {}, 'GET', `${http}/healthz`],
  ] as const) {
    t.equal((await raw(at, headers, { method })).status, status, why);
  }
  t.equal(
    (await raw(url, { host: 'localhost:1', origin: '' })).status,
    403,
    'an empty Origin is one',
  );
  await raw(`${http}/healthz`);
  t.strictSame(reporter.kids('orders'), []);
  t.equal((await raw(url, { host: 'LOCALHOST' })).status, 200);
});

void t.test('upstream goes away', async (t) => {
  const good = keySet(publicKey('k1'));
  await using upstream = await startUpstream(answer('', {}, 500));
  const { http, reporter } = await started(t, upstream);
  const url = `${http}/v/orders/default/jwks.json`;
  const cold = await raw(url);
  t.match(cold, {
    status: 503,
    headers: { 'retry-after': /^\d+$/ },
    body: /expected status 200, got 500/,
  });
  t.match(reporter.keySet('orders'), {
    consecutiveFailures: Number,
    lastError: 'status',
    servedAgeMs: null,
    secretsAgeMs: null,
  });
  upstream.behave = answer(good);
  await until(() => reporter.keySet('orders')?.consecutiveFailures === 0, 'retried on its own');
  upstream.behave = answer('<html>', {});
  t.equal((await raw(url)).body, good, 'the last good one');
  t.equal((await raw(url)).body, good);
  await until(() => reporter.keySet('orders')?.lastError === 'not_json', 'reported');
  t.strictSame(reporter.kids('orders'), ['k1']);
});

void t.test('a cold start waits for the first fetch', async (t) => {
  const good = keySet(publicKey('k1'));
  await using upstream = await startUpstream((request, response) => {
    setTimeout(() => {
      answer(good)(request, response);
    }, 100);
  });
  const { http } = await started(t, upstream);
  t.equal((await raw(`${http}/v/orders/default/jwks.json`)).body, good);
  t.equal(upstream.asked.length, 1);
});

void t.test('discovery, several issuers, an instance of its own', async (t) => {
  await using upstream = await startUpstream((request, response) => {
    const body = request.url?.includes('.well-known')
      ? JSON.stringify({
          issuer: upstream.origin,
          jwks_uri: `${upstream.origin}/jwks`,
          token_endpoint: 'x',
        })
      : keySet(publicKey('k1'));
    answer(body)(request, response);
  });
  const { http } = await started(
    t,
    upstream,
    '',
    '[{ service: a }, { service: a, instance: i2, name: c }]',
  );
  const found = JSON.parse(
    (await raw(`${http}/v/a/default/.well-known/openid-configuration`)).body,
  );
  t.strictSame(found, {
    issuer: upstream.origin,
    jwks_uri: `${http}/v/a/default/jwks.json`,
    token_endpoint: 'x',
  });
  t.equal((await raw(`${http}/v/a/i2/c/jwks.json`)).status, 200);
  const { folderOf } = await import('../../src/proxy/routes.ts');
  t.equal(
    folderOf(
      {
        id: { service: 'a', instance: 'i', cache: 'c' },
        profile: '',
        issuers: ['x', 'y'],
        via: 'proxy',
        keys: 'any',
        namesInstance: false,
        probe: null,
      },
      {
        issuer: 'x',
        alias: 'ax',
        jwksUri: null,
        discovery: null,
        refreshMs: 1,
        freshForMs: 1,
        timeoutMs: 1,
        maxStaleMs: 1,
        maxBytes: 1,
        ca: null,
        allowHttp: false,
      },
    ),
    '/v/a/c/issuers/ax',
  );
});

void t.test('Cache-Control', async (t) => {
  await using upstream = await startUpstream(
    answer(keySet(publicKey('k1')), { 'cache-control': 'public, max-age=60' }),
  );
  for (const [setting, sent] of [
    ['upstream', 'public, max-age=60'],
    ['max-age=5', 'max-age=5'],
  ] as const) {
    const { http } = await started(t, upstream, `, cache_control: "${setting}"`);
    t.equal((await raw(`${http}/v/orders/default/jwks.json`)).headers['cache-control'], sent);
  }
});

void t.test('https with an authority of its own, kept across restarts', async (t) => {
  await using upstream = await startUpstream(answer(keySet(publicKey('k1'))));
  const directory = join(t.testdir(), 'tls');
  const extra = `, hosts: [jwks.internal], https: { listen: "127.0.0.1:0", directory: "${directory}" }`;
  const one = await started(t, upstream, extra);
  const ca = readFileSync(one.caFile ?? '');
  const url = `${one.https.replace('jwks.internal', '127.0.0.1')}/v/orders/default/jwks.json`;
  t.match(one.https, /^https:\/\/jwks\.internal:\d+$/);
  t.equal((await raw(url, {}, { ca })).status, 200);
  t.equal(
    (await raw(url, { host: 'jwks.internal' }, { ca, servername: 'jwks.internal' })).status,
    200,
  );
  await t.rejects(raw(url, {}, { ca, servername: 'other.example' }), /altnames/);
  await t.rejects(raw(url), { code: /UNABLE_TO_VERIFY|SELF_SIGNED/ }, 'nobody else trusts it');
  t.equal(statSync(join(directory, 'ca-key.pem')).mode & 0o777, 0o600);
  await one.parts.close();
  const two = await started(t, upstream, extra);
  const again = `${two.https.replace('jwks.internal', '127.0.0.1')}/v/orders/default/jwks.json`;
  t.equal((await raw(again, {}, { ca })).status, 200, 'the same authority');
});

void t.test('an authority that cannot be kept or read', async (t) => {
  await using upstream = await startUpstream(answer(keySet()));
  const directory = t.testdir({ file: '', damaged: { 'ca.pem': 'x', 'ca-key.pem': 'y' } });
  for (const name of ['file', 'damaged']) {
    const https = `, https: { listen: "127.0.0.1:0", directory: "${directory}/${name}" }`;
    await t.rejects(started(t, upstream, https), {
      code: 'OWN_AUTHORITY',
      message: /set proxy\.https\.directory to a writable directory/,
    });
  }
});

void t.test('https with a given certificate', async (t) => {
  const { ownIdentity } = await import('../../src/proxy/own-authority.ts');
  const given = await ownIdentity(t.testdirName, ['127.0.0.1'], Date.now());
  const files = t.testdir({
    'c.pem': given.cert,
    'k.pem': given.key,
    'x.pem': 'no',
    'ca.pem': readFileSync(given.caFile),
  });
  await using upstream = await startUpstream(answer(keySet(publicKey('k1'))));
  const { https, caFile } = await started(
    t,
    upstream,
    `, https: { listen: "127.0.0.1:0", cert: "${files}/c.pem", key: "${files}/k.pem" }`,
  );
  t.equal(caFile, null);
  const url = `${https}/v/orders/default/jwks.json`;
  t.equal((await raw(url, {}, { ca: readFileSync(`${files}/ca.pem`) })).status, 200);
  await t.rejects(
    started(
      t,
      upstream,
      `, https: { listen: "127.0.0.1:0", cert: "${files}/x.pem", key: "${files}/k.pem" }`,
    ),
    /proxy\.https\.cert: cannot use .*x\.pem: expected a PEM certificate/,
  );
  await t.rejects(
    started(
      t,
      upstream,
      `, https: { listen: "127.0.0.1:0", cert: "${files}/ca.pem", key: "${files}/k.pem" }`,
    ),
    /proxy\.https\.key: does not fit/,
  );
});

void t.test('a taken port is named with its setting', async (t) => {
  await using upstream = await startUpstream(answer(keySet()));
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  t.teardown(() => squatter.close());
  const address = squatter.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const text = `{ proxy: { listen: "127.0.0.1:${port}" }, issuers: [{ issuer: "${upstream.origin}" }], verifiers: [{ service: a }] }`;
  const read = readConfig({ file: 'a', text, env: {}, hostname: 'h' });
  if (!read.ok) throw new Error('config');
  const parts = new Teardown();
  t.teardown(() => parts.close());
  const events = createSidecarEvents(pino({ level: 'silent' }), () => 0);
  await t.rejects(
    startProxy(
      {
        config: read.config,
        files: { collectorCa: null, issuerCa: new Map(), probeCa: new Map(), https: null },
        hostname: 'h',
        clock: systemClock,
        random: Math.random,
        reporter: new Collected(),
        events,
      },
      parts,
    ),
    {
      code: 'LISTEN_FAILED',
      message: `port ${port} is taken: another program listens on 127.0.0.1:${port}; stop it or set proxy.listen to a free port`,
    },
  );
});

void t.test('jose behind the proxy', async (t) => {
  await using upstream = await startUpstream(answer(keySet(publicKey('k1'))));
  const { http, reporter } = await started(t, upstream);
  const keys = createRemoteJWKSet(new URL(`${http}/v/orders/default/jwks.json`));
  await keys.reload();
  t.ok(createLocalJWKSet(keys.jwks() ?? { keys: [] }));
  await until(() => reporter.kids('orders')?.length === 1, 'served');
});
