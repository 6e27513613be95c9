import { chmodSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { request as requestTls } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { credentials, Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { createAgent } from '@keyturn/agent';
import { ReadinessServiceClient, RotationServiceClient } from '@keyturn/shared/wire/services.ts';
import { makeAuthority } from '../../collector/test/issuer/authority.ts';
import type { CollectorProcess } from '../harness/collector-process.ts';
import { startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { PROGRAMS } from '../harness/programs.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';

async function started(t: Test, settings: Readonly<Record<string, unknown>> = {}) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const collector = await startCollectorProcess(directory, settings);
  cleanup.add('collector', () => collector.child.kill());
  return { cleanup, directory, collector };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request with exactly these headers; `fetch` would not send some of them. */
function ask(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly ca?: string;
    readonly body?: string;
  } = {},
): Promise<Answer> {
  const { body, ...rest } = options;
  const open = url.startsWith('https:') ? requestTls : request;
  return new Promise((resolve, reject) => {
    const sent = open(url, { agent: false, ...rest }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    sent.on('error', reject).end(body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const BY = { by: 'test', reason: 'test' };
const ROTATION = '/v1/rotations/r-20260101-abcdef';

/** Everything over HTTP that changes state, with a body that would do. */
const ACTS: readonly (readonly [method: string, path: string, body: unknown])[] = [
  [
    'POST',
    '/v1/rotations',
    { issuer: 'https://a.example', alg: 'ES256', new_kid: 'b', by: 'test' },
  ],
  ['POST', `${ROTATION}/steps`, { step: 'abort', by: 'test' }],
  ['POST', `${ROTATION}/attestations`, { ...BY, service: 'a', fact: 'holds_new', valid_for_s: 60 }],
  [
    'POST',
    `${ROTATION}/waivers`,
    { ...BY, gate: 'activate', check_id: 'fleet_heard', valid_for_s: 60 },
  ],
];

t.jobs = 2;

t.test('what changes state over HTTP needs the operator token', async (t) => {
  const { collector } = await started(t);
  const { paths } = (await collector.api.get('/openapi.json')).body;
  const documented = Object.entries(paths as Record<string, Record<string, unknown>>).flatMap(
    ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const changing = documented.filter(
    (each) => !each.startsWith('GET ') && !each.endsWith('/check'),
  );
  t.ok(changing.length >= 5, changing.join(', '));
  for (const each of changing) {
    const [method = '', template = ''] = each.split(' ');
    const url = collector.url + template.replaceAll(/\{[^}]+\}/g, 'x');
    for (const authorization of [undefined, 'Bearer wrong-wrong-wrong-wrong', 'Basic b3A6b3A=']) {
      const headers = { ...JSON_TYPE, ...(authorization === undefined ? {} : { authorization }) };
      const answer = await ask(url, {
        method,
        headers,
        ...(method === 'POST' ? { body: '{}' } : {}),
      });
      const refused = authorization?.startsWith('Basic') === true ? 400 : 401;
      t.equal(answer.status, refused, `${each} with ${authorization ?? 'no token'}`);
      t.ok(answer.headers['www-authenticate'], 'says what it wants');
    }
  }
  for (const [method, path, body] of ACTS) {
    const answer = await ask(collector.url + path, {
      method,
      headers: { ...JSON_TYPE, authorization: `Bearer ${collector.token}` },
      body: JSON.stringify(body),
    });
    t.ok([400, 404, 409].includes(answer.status), `${path}: past the door with the token`);
  }
  t.equal((await ask(`${collector.url}/v1/status`)).status, 200, 'reading needs none');
});

t.test('what changes state over gRPC needs the operator token', async (t) => {
  const { collector, cleanup } = await started(t);
  const client = new RotationServiceClient(collector.grpc, credentials.createInsecure());
  cleanup.add('client', () => {
    client.close();
  });
  const call = (method: string, authorization: string | undefined): Promise<number> => {
    const metadata = new Metadata();
    if (authorization !== undefined) metadata.set('authorization', authorization);
    const definition =
      RotationServiceClient.service[method as keyof typeof RotationServiceClient.service];
    return new Promise((resolve) => {
      client.makeUnaryRequest(
        definition.path,
        // An empty message is what is sent: nobody without the token gets as far as its contents.
        () => Buffer.alloc(0),
        (bytes: Buffer) => bytes,
        {},
        metadata,
        (error: ServiceError | null) => {
          resolve(error?.code ?? status.OK);
        },
      );
    });
  };
  const changing = Object.keys(RotationServiceClient.service).filter(
    (method) => !/^(?:get|list)/.test(method),
  );
  t.ok(changing.length >= 5, changing.join(', '));
  for (const method of changing) {
    t.equal(await call(method, undefined), status.UNAUTHENTICATED, `${method} without a token`);
    t.equal(await call(method, 'Bearer wrong-wrong-wrong-wrong'), status.UNAUTHENTICATED);
    const code = await call(method, `Bearer ${collector.token}`);
    t.not(code, status.UNAUTHENTICATED, `${method} with the token: ${status[code]}`);
  }
  t.equal(await call('listRotations', undefined), status.OK, 'reading needs none');
});

t.test('browsers on behalf of other sites get nothing', async (t) => {
  const { collector } = await started(t);
  const { host } = new URL(collector.url);
  const FOREIGN: readonly (readonly [Readonly<Record<string, string>>, number])[] = [
    [{ host: 'evil.example' }, 421],
    [{ host: `evil.example:${host.split(':')[1] ?? ''}` }, 421],
    [{ host: '127.0.0.1:1' }, 421],
    [{ host, origin: 'https://evil.example' }, 403],
    [{ host, origin: 'null' }, 403],
    [{ host, origin: 'http://localhost:1' }, 403],
    [{ host, 'sec-fetch-site': 'cross-site' }, 403],
    [{ host, 'sec-fetch-site': 'same-site' }, 403],
  ];
  for (const [headers, expected] of FOREIGN) {
    for (const path of ['/v1/status', '/healthz', '/openapi.json', '/v1/events', '/none']) {
      const answer = await ask(collector.url + path, { headers });
      t.equal(answer.status, expected, `${path} ${JSON.stringify(headers)}`);
    }
    const authorization = `Bearer ${collector.token}`;
    const act = await ask(`${collector.url}/v1/rotations`, {
      method: 'POST',
      headers: { ...headers, ...JSON_TYPE, authorization },
      body: JSON.stringify(ACTS[0]?.[2]),
    });
    t.equal(act.status, expected, 'an act with the right token too');
  }
  const preflight = await ask(`${collector.url}/v1/rotations`, {
    method: 'OPTIONS',
    headers: { host, origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  t.equal(preflight.status, 403);
  const form = await ask(`${collector.url}/v1/rotations`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Bearer ${collector.token}`,
    },
    body: 'issuer=a',
  });
  t.equal(form.status, 415, 'no form');

  const answers = [preflight, form];
  for (const path of ['/', '/v1/status', '/v1/verifiers', '/v1/rotations', '/openapi.json', '/x']) {
    answers.push(await ask(collector.url + path));
    answers.push(await ask(collector.url + path, { headers: { origin: collector.url } }));
  }
  for (const { headers } of answers) {
    const cors = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
    t.same(cors, [], 'no CORS header');
    t.equal(headers['x-content-type-options'], 'nosniff');
  }
});

t.test('an address others can reach is refused without TLS', async (t) => {
  const cleanup = teardownWith(t);
  const cwd = await tempDirectory(cleanup);
  for (const [http, grpc] of [
    ['0.0.0.0:0', '[::]:0'],
    ['192.0.2.1:0', '0.0.0.0:0'],
  ] as const) {
    const ended = await runToEnd({
      args: [PROGRAMS.collector, '--check'],
      cwd,
      env: plainEnvironment({ KEYTURN_LISTEN_HTTP: http, KEYTURN_LISTEN_GRPC: grpc }),
    });
    t.equal(ended.code, 2);
    for (const said of [`listen.http: ${http}`, `listen.grpc: ${grpc}`]) {
      t.ok(ended.stderr.includes(`${said} can be reached from other machines`), said);
    }
    t.match(ended.stderr, /set listen\.tls\.cert and listen\.tls\.key .*or listen on 127\.0\.0\.1/);
  }
  const file = join(cwd, 'agent.yaml');
  const sidecar = {
    collector: { address: 'collector.example:7461' },
    proxy: { listen: '0.0.0.0:0' },
    push: { listen: '0.0.0.0:0' },
    issuers: [{ issuer: 'https://a.example' }],
  };
  await writeFile(file, stringify(sidecar));
  const ended = await runToEnd({ args: [PROGRAMS.agent, '--check', '--config', file], cwd });
  t.equal(ended.code, 2, 'the sidecar');
  for (const said of [
    /proxy\.listen: 0\.0\.0\.0:0 can be reached .*set proxy\.https\.listen/,
    /push\.listen: 0\.0\.0\.0:0 can be reached .*use a loopback address/,
    /collector\.address: collector\.example:7461 is not on this machine.*set collector\.tls\.ca/,
  ]) {
    t.match(ended.stderr, said, 'says what to set');
  }
  t.throws(
    () => createAgent({ service: 'a', issuer: 'https://a.example', collector: 'far.example:7461' }),
    { message: /far\.example:7461 is not on this machine, so tls is needed: set tls/ },
    'the library too',
  );
});

t.test('the operator token is its owner’s alone', async (t) => {
  const { collector, directory } = await started(t);
  t.equal(statSync(collector.tokenFile).mode & 0o777, 0o600, 'made so');
  t.equal(statSync(join(directory, 'data')).mode & 0o077, 0, 'in a directory of its owner');
  t.match(collector.token, /^[\w-]{43}$/, '32 random bytes');
  const log = collector.child.lastLines();
  t.notOk(log.includes(collector.token), 'never logged');
  await collector.child.stop();
  t.equal((await readFile(collector.tokenFile, 'utf8')).trim(), collector.token);

  chmodSync(collector.tokenFile, 0o640);
  const ended = await runToEnd({
    args: [PROGRAMS.collector, '--config', join(directory, 'collector.yaml')],
    cwd: directory,
  });
  t.equal(ended.code, 1);
  t.match(ended.stderr, /operator-token can be used by others \(mode 640\): run `chmod 600 /);
  t.notOk(ended.stderr.includes(collector.token));
});

t.test('TLS for people, tools and agents', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const { ca, server } = await makeAuthority();
  await mkdir(join(directory, 'tls'));
  await writeFile(join(directory, 'tls/cert.pem'), server.cert);
  await writeFile(join(directory, 'tls/key.pem'), server.key, { mode: 0o600 });
  await writeFile(join(directory, 'tls/ca.pem'), ca);
  const issuer = 'http://127.0.0.1:9';
  const collector: CollectorProcess = await startCollectorProcess(directory, {
    listen: {
      http: '127.0.0.1:0',
      grpc: '127.0.0.1:0',
      tls: { cert: 'tls/cert.pem', key: 'tls/key.pem' },
    },
    issuers: [{ issuer, jwks_uri: `${issuer}/jwks` }],
  });
  cleanup.add('collector', () => collector.child.kill());
  const https = collector.url.replace('http:', 'https:');

  t.equal((await ask(`${https}/v1/status`, { ca })).status, 200);
  await t.rejects(ask(`${https}/v1/status`), 'who does not know the authority does not trust it');
  await t.rejects(ask(`${collector.url}/v1/status`), 'nothing is served in the clear');
  t.match(collector.child.lastLines(), /dashboard {4}https:/, 'the address it prints is right');

  const readiness = new ReadinessServiceClient(
    collector.grpc,
    credentials.createSsl(Buffer.from(ca)),
  );
  cleanup.add('client', () => {
    readiness.close();
  });
  const check = promisify(readiness.checkGate.bind(readiness)) as (
    message: unknown,
  ) => Promise<unknown>;
  await t.rejects(check({ rotationId: 'none', gate: 1 }), { code: status.NOT_FOUND });

  const agent = createAgent({
    service: 'orders',
    instance: 'tls-1',
    issuer,
    collector: collector.grpc,
    tls: { ca },
  });
  cleanup.add('agent', () => agent.close());
  agent.verifier({ cache: 'jwks' });
  await eventually('the agent reports over TLS', async () => {
    const { body } = await ask(`${https}/v1/verifiers`, { ca });
    return body.includes('tls-1') ? true : undefined;
  });
  const cli = await runToEnd({
    args: [PROGRAMS.cli, 'status', '--collector', https],
    env: plainEnvironment({ NODE_EXTRA_CA_CERTS: join(directory, 'tls/ca.pem') }),
  });
  t.equal(cli.code, 0, cli.stderr);
});
