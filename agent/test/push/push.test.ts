import { existsSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { manualClock } from '@keyturn/shared/manual-clock.ts';
import { Teardown } from '@keyturn/shared/teardown.ts';
import t, { type Test } from 'tap';
import { readConfig } from '../../src/config.ts';
import { startPush } from '../../src/push/push.ts';
import { createSidecarEvents } from '../../src/sidecar-events.ts';
import { publicKey } from '../proxy/upstream.ts';
import { RecordingReporter } from './recording-reporter.ts';

const ISSUER = 'https://login.example';
const THUMBPRINT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
const KEY = { kid: 'k1', thumbprint: THUMBPRINT, alg: 'RS256' };

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function started(t: Test, push = '') {
  const text = `
push: { listen: "127.0.0.1:0", lease: 45s${push} }
issuers: [{ issuer: "${ISSUER}" }, { issuer: "https://b.example" }]
verifiers:
  - { service: a, instance: i, name: c, via: push, issuers: ["${ISSUER}"], profile: py-pyjwt }
  - { service: p, instance: i, issuers: ["${ISSUER}"] }
`;
  const read = readConfig({ file: 'agent.yaml', text, env: {}, hostname: 'h' });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const clock = manualClock();
  const reporter = new RecordingReporter(() => clock.monotonicMs());
  const events = createSidecarEvents(pino({ level: 'silent' }), () => clock.monotonicMs());
  const parts = new Teardown();
  t.teardown(() => parts.close());
  const { origin } = await startPush({ config: read.config, reporter, clock, events }, parts);
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    over: { headers?: Record<string, string>; socketPath?: string } = {},
  ): Promise<Answer> => {
    const bytes = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const { socketPath } = over;
    const request = httpRequest(`${socketPath === undefined ? origin : 'http://any.name'}${path}`, {
      method,
      agent: false,
      headers: { 'content-type': 'application/json', ...over.headers },
      ...(socketPath === undefined ? {} : { socketPath }),
    });
    request.on('error', () => undefined);
    request.end(bytes);
    const [response] = await once(request, 'response');
    response.setEncoding('utf8');
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode, body: JSON.parse(text) };
  };
  return { origin, call, clock, reporter, parts };
}

const PATH = '/v1/verifiers/a/i/c';

void t.test('keys, outcomes, heartbeat, goodbye', async (t) => {
  const { call, clock, reporter } = await started(t);
  t.strictSame(reporter.take(), [], 'nobody is reported who has said nothing');

  const keys = {
    boot: 'b1',
    issuer: ISSUER,
    keys: [KEY],
    data_age_ms: 5_000,
    next_refresh_in_ms: 1,
  };
  t.match(await call('PUT', `${PATH}/keys`, keys), {
    status: 200,
    body: { applied: true, lease_ms: 45_000, heartbeat_ms: 15_000, keys_wanted: [] },
  });
  t.strictSame(reporter.take(), ['add a/i/c', 'soon a/i/c']);
  clock.advance(1_000);
  t.match(reporter.report('a/i/c'), {
    observedAgeMs: 1_000,
    keySets: [{ issuer: ISSUER, keys: [KEY], dataAgeMs: 6_000, servedAgeMs: null }],
  });

  t.match(await call('POST', `${PATH}/heartbeat`, { boot: 'b1' }), { status: 200 });
  t.equal(reporter.report('a/i/c')?.observedAgeMs, 0, 'said again just now');
  t.strictSame(reporter.take(), [], 'the uplink has its own heartbeat');

  const outcomes = [
    {
      issuer: ISSUER,
      kid: 'k1',
      outcome: 'ok',
      count: 3,
      iat: 100,
      exp: 700,
      lifetime_s: 900 / 1.2 - 100,
    },
  ];
  t.match(await call('POST', `${PATH}/outcomes`, { boot: 'b1', seq: 1, outcomes }), {
    body: { applied: true },
  });
  t.match(reporter.report('a/i/c')?.counts, [
    {
      key: { kid: 'k1' },
      outcomes: { ok: 3 },
      highestIat: 100,
      highestExp: 700,
      longestLifetimeS: 650,
      acceptedWithoutExp: 0,
    },
  ]);
  t.strictSame(reporter.take(), ['soon a/i/c']);
  t.match(
    await call('POST', `${PATH}/outcomes`, { boot: 'b1', seq: 1, outcomes }),
    { status: 200, body: { applied: false } },
    'a retry',
  );
  t.match(reporter.report('a/i/c')?.counts, [{ outcomes: { ok: 3 } }], 'is not counted twice');
  const failed = [
    { issuer: ISSUER, kid: 'k9', outcome: 'unknown_kid', count: 2 },
    { issuer: ISSUER, kid: null, outcome: 'malformed', count: 0 },
  ];
  await call('POST', `${PATH}/outcomes`, { boot: 'b1', seq: 7, outcomes: failed });
  t.strictSame(reporter.take(), ['now a/i/c'], 'the first failure of a key does not wait');

  t.match(await call('DELETE', `${PATH}?boot=b0`), { status: 409 }, 'not by another process');
  t.match(await call('DELETE', PATH), { status: 400, body: { error: /boot: expected/ } });
  t.match(await call('DELETE', `${PATH}?boot=b1`), { status: 200 });
  t.strictSame(reporter.take(), ['remove a/i/c']);
  t.match(await call('POST', `${PATH}/heartbeat`, { boot: 'b1' }), {
    status: 409,
    body: { error: /this boot ended/ },
  });
  clock.advance(100_000);
  t.strictSame(reporter.take(), [], 'no lease after a goodbye');

  t.match(await call('POST', `${PATH}/heartbeat`, { boot: 'b2' }), {
    status: 200,
    body: { keys_wanted: [ISSUER] },
  });
  t.strictSame(reporter.take(), ['add a/i/c', 'soon a/i/c']);
  t.match(reporter.report('a/i/c')?.counts[0], { outcomes: { ok: 3 } }, 'totals never go down');
});

void t.test('silence', async (t) => {
  const { call, clock, reporter } = await started(t);
  await call('PUT', `${PATH}/keys`, { boot: 'b1', issuer: ISSUER, keys: [KEY] });
  clock.advance(44_999);
  await call('POST', `${PATH}/heartbeat`, { boot: 'b1' });
  reporter.take();
  clock.advance(44_999);
  t.strictSame(reporter.take(), []);
  clock.advance(1);
  t.strictSame(reporter.take(), ['silence a/i/c'], 'no goodbye: the collector must miss it');
  t.strictSame(reporter.kids('a/i/c'), [], 'what it held then says nothing of now');
  t.match(await call('POST', `${PATH}/heartbeat`, { boot: 'b1' }), {
    body: { keys_wanted: [ISSUER] },
  });
  t.strictSame(reporter.take(), ['add a/i/c', 'soon a/i/c'], 'it speaks again');
  t.strictSame(reporter.kids('a/i/c'), []);
});

void t.test('a restart forgets keys, not totals, and the old process is turned away', async (t) => {
  const { call, reporter } = await started(t);
  const outcomes = [{ issuer: ISSUER, kid: 'k1', outcome: 'ok', count: 1 }];
  await call('PUT', `${PATH}/keys`, { boot: 'b1', issuer: ISSUER, keys: [KEY] });
  await call('POST', `${PATH}/outcomes`, { boot: 'b1', seq: 900, outcomes });
  t.match(await call('POST', `${PATH}/outcomes`, { boot: 'b2', seq: 1, outcomes }), {
    body: { applied: true, keys_wanted: [ISSUER] },
  });
  t.strictSame(reporter.kids('a/i/c'), []);
  t.match(
    reporter.report('a/i/c')?.counts,
    [{ outcomes: { ok: 2 }, acceptedWithoutExp: 2 }],
    'no claims told: unknown, not expired',
  );
  t.match(await call('PUT', `${PATH}/keys`, { boot: 'b1', issuer: ISSUER, keys: [KEY] }), {
    status: 409,
  });
  t.strictSame(reporter.kids('a/i/c'), []);
});

void t.test('keys as JWK, as key set, and none', async (t) => {
  const { call, reporter } = await started(t);
  const [one, two] = [publicKey('k1'), publicKey('k2')];
  await call('PUT', `${PATH}/keys`, {
    boot: 'b',
    issuer: ISSUER,
    keys: [{ jwk: one }, KEY, { kid: 'x', thumbprint: THUMBPRINT }],
  });
  t.match(reporter.report('a/i/c')?.keySets[0]?.keys, [
    { kid: 'k1', alg: 'ES256', thumbprint: /^[\w-]{43}$/ },
    KEY,
    { kid: 'x', alg: '' },
  ]);
  await call('PUT', `${PATH}/keys`, { boot: 'b', issuer: ISSUER, jwks: { keys: [one, two] } });
  t.strictSame(reporter.kids('a/i/c'), ['k1', 'k2']);
  await call('PUT', `${PATH}/keys`, { boot: 'b', issuer: ISSUER, keys: [] });
  t.strictSame(reporter.kids('a/i/c'), []);
});

void t.test('shared secrets, by their ids alone', async (t) => {
  const { call, reporter } = await started(t);
  const put = (more: object) => call('PUT', `${PATH}/keys`, { boot: 'b', issuer: ISSUER, ...more });
  const set = () => reporter.report('a/i/c')?.keySets[0];
  const secret = { kid: 's', alg: 'HS256' };
  await put({ keys: [KEY, secret] });
  t.match(set(), { keys: [KEY, { ...secret, thumbprint: '' }], secretsAgeMs: 0 });
  await put({ keys: [KEY] });
  t.match(set(), { keys: [KEY], secretsAgeMs: null }, 'a list without one says nothing of secrets');
  await put({ keys: [KEY], no_secrets: true });
  t.match(set(), { keys: [KEY], secretsAgeMs: 0 }, 'unless it says so');
  await put({ jwks: { keys: [publicKey('k1')] }, keys: [secret] });
  t.strictSame(reporter.kids('a/i/c'), ['k1', 's'], 'besides a document');
});

void t.test('a key report that cannot be read leaves nothing known', async (t) => {
  const { call, reporter } = await started(t);
  const good = { boot: 'b', issuer: ISSUER, keys: [KEY] };
  for (const body of [
    '{',
    { ...good, keys: [{ kid: 'k' }] },
    { ...good, issuer: 'https://c.example' },
    ' '.repeat(70_000),
  ]) {
    await call('PUT', `${PATH}/keys`, good);
    t.strictSame(reporter.kids('a/i/c'), ['k1']);
    const { status } = await call('PUT', `${PATH}/keys`, body);
    t.ok(status === 400 || status === 413);
    t.strictSame(reporter.kids('a/i/c'), []);
  }
});

void t.test('what is refused, with its sentence', async (t) => {
  const { call, reporter } = await started(t);
  const keys = { boot: 'b', issuer: ISSUER, keys: [KEY] };
  const row = { issuer: ISSUER, kid: 'k', outcome: 'ok', count: 1 };
  const batch = (over: object) => ({ boot: 'b', seq: 1, outcomes: [{ ...row, ...over }] });
  const rows: readonly (readonly [string, string, string, unknown, number, RegExp])[] = [
    ['not JSON', 'PUT', '/keys', '{', 400, /^expected JSON in UTF-8$/],
    ['an array', 'PUT', '/keys', [], 400, /got a list of 0/],
    [
      'unknown key',
      'PUT',
      '/keys',
      { ...keys, isuer: 1 },
      400,
      /unknown key "isuer"; did you mean issuer\?/,
    ],
    [
      'no boot',
      'PUT',
      '/keys',
      { ...keys, boot: undefined },
      400,
      /boot: expected 1 to 64 letters.*got nothing/,
    ],
    [
      'hash of a document',
      'PUT',
      '/keys',
      { ...keys, document_sha256: 'abcd' },
      400,
      /document_sha256: expected 64 hex digits, got "abcd"/,
    ],
    [
      'age that no report can carry',
      'PUT',
      '/keys',
      { ...keys, data_age_ms: 315_360_000_001 },
      400,
      /data_age_ms: expected a whole number from 0 to 315360000000, got 315360000001/,
    ],
    [
      'other issuer',
      'PUT',
      '/keys',
      { ...keys, issuer: 'https://b.example' },
      400,
      /issuer: expected one of "https:\/\/login\.example", got "https:\/\/b\.example"/,
    ],
    [
      'thumbprint of a secret',
      'PUT',
      '/keys',
      { ...keys, keys: [{ ...KEY, alg: 'HS256' }] },
      400,
      /^keys\.0: thumbprint: expected none with a shared secret: its thumbprint is a digest of the secret$/,
    ],
    [
      'the secret itself',
      'PUT',
      '/keys',
      { ...keys, keys: [{ kid: 's', alg: 'HS256', k: 'c2VjcmV0' }] },
      400,
      /unknown key "k"/,
    ],
    [
      'a secret as a JWK',
      'PUT',
      '/keys',
      { ...keys, keys: [{ jwk: { kty: 'oct', kid: 's', alg: 'HS256', k: 'c2VjcmV0' } }] },
      400,
      /member "k" of a private or symmetric key/,
    ],
    [
      'hash of a document of secrets',
      'PUT',
      '/keys',
      { ...keys, keys: [{ kid: 's', alg: 'HS256' }], document_sha256: 'ab'.repeat(32) },
      400,
      /document_sha256: expected none/,
    ],
    ['keys and jwks', 'PUT', '/keys', { ...keys, jwks: { keys: [] } }, 400, /either keys or jwks/],
    ['neither', 'PUT', '/keys', { boot: 'b', issuer: ISSUER }, 400, /either keys or jwks/],
    [
      'thumbprint',
      'PUT',
      '/keys',
      { ...keys, keys: [{ ...KEY, thumbprint: 'x' }] },
      400,
      /keys\.0: thumbprint: expected the RFC 7638.*got "x"/,
    ],
    [
      'kid of 1 kB',
      'PUT',
      '/keys',
      { ...keys, keys: [{ ...KEY, kid: 'k'.repeat(1_000) }] },
      400,
      /keys\.0: kid: expected at most 128 bytes, got 1000/,
    ],
    [
      'hostile kid',
      'PUT',
      '/keys',
      { ...keys, keys: [{ ...KEY, kid: 'a\u202e' }] },
      400,
      /printable/,
    ],
    [
      'private key',
      'PUT',
      '/keys',
      { ...keys, keys: [{ jwk: { ...publicKey('k'), d: 's3cr3t' } }] },
      400,
      /"d" of a private/,
    ],
    [
      'private key in a set',
      'PUT',
      '/keys',
      { boot: 'b', issuer: ISSUER, jwks: { keys: [{ kty: 'oct', k: 's3cr3t' }] } },
      400,
      /jwks: .*"k" of a private/,
    ],
    [
      '129 keys',
      'PUT',
      '/keys',
      { ...keys, keys: Array.from({ length: 129 }, () => KEY) },
      400,
      /keys: expected at most 128 entries/,
    ],
    [
      'negative age',
      'PUT',
      '/keys',
      { ...keys, data_age_ms: -1 },
      400,
      /data_age_ms: expected a whole number from 0/,
    ],
    [
      'error class',
      'PUT',
      '/keys',
      { ...keys, last_error: 'boom' },
      400,
      /last_error: expected one of timeout/,
    ],
    [
      'unknown outcome',
      'POST',
      '/outcomes',
      batch({ outcome: 'okay' }),
      400,
      /outcomes\.0\.outcome: expected one of ok, unknown_kid, .*got "okay"/,
    ],
    [
      'negative count',
      'POST',
      '/outcomes',
      batch({ count: -1 }),
      400,
      /outcomes\.0\.count: expected a whole number from 0 to 1000000000, got -1/,
    ],
    ['half a count', 'POST', '/outcomes', batch({ count: 1.5 }), 400, /count: .*got 1\.5/],
    [
      'no kid said',
      'POST',
      '/outcomes',
      batch({ kid: undefined }),
      400,
      /kid: expected text, got nothing/,
    ],
    [
      'seq',
      'POST',
      '/outcomes',
      { ...batch({}), seq: 0 },
      400,
      /seq: expected a whole number from 1/,
    ],
    [
      'claims of a refused token',
      'POST',
      '/outcomes',
      batch({ outcome: 'expired', exp: 1 }),
      400,
      /with outcome ok only/,
    ],
    [
      'several tokens, lifetime not said',
      'POST',
      '/outcomes',
      batch({ count: 2, iat: 1, exp: 2 }),
      400,
      /expected lifetime_s/,
    ],
    [
      'lifetime that does not fit',
      'POST',
      '/outcomes',
      batch({ count: 2, iat: 1, exp: 100, lifetime_s: 5 }),
      400,
      /to fit iat and exp, got 5/,
    ],
    [
      'time in milliseconds',
      'POST',
      '/outcomes',
      batch({ iat: 1_700_000_000_000 }),
      400,
      /iat: expected Unix seconds/,
    ],
    [
      'other issuer of a row',
      'POST',
      '/outcomes',
      batch({ issuer: 'x' }),
      400,
      /issuer: expected one of/,
    ],
    [
      '257 rows',
      'POST',
      '/outcomes',
      { ...batch({}), outcomes: Array.from({ length: 257 }, () => row) },
      400,
      /at most 256 entries/,
    ],
    ['64 KiB', 'PUT', '/keys', ' '.repeat(65_537), 413, /at most 65536 bytes/],
    ['POST keys', 'POST', '/keys', keys, 405, /PUT …\/keys/],
    ['GET', 'GET', '', undefined, 405, /expected PUT/],
  ];
  for (const [why, method, part, body, status, message] of rows) {
    const answer = await call(method, `${PATH}${part}`, body);
    t.match(answer, { status, body: { error: message } }, why);
    t.notMatch(JSON.stringify(answer), /s3cr3t/);
  }
  const dropped = await call('POST', `${PATH}/outcomes`, {
    boot: 'b',
    seq: 1,
    outcomes: [row, { ...row, count: -1 }],
  });
  t.equal(dropped.status, 400);
  t.strictSame(reporter.take(), [], 'nothing of all this was reported');
});

void t.test('who may push', async (t) => {
  const { call, clock } = await started(t);
  const beat = { boot: 'b' };
  const rows: readonly (readonly [string, string, number, RegExp, Record<string, string>?])[] = [
    [
      'not declared',
      '/v1/verifiers/a/i/other/heartbeat',
      403,
      /a\/i\/other is not under verifiers with via: push; add it there, or set push\.accept: any/,
    ],
    [
      'behind the proxy',
      '/v1/verifiers/p/i/default/heartbeat',
      403,
      /p\/i\/default is behind the proxy/,
    ],
    ['no name', '/v1/verifiers/a/i/-/heartbeat', 404, /cache: expected letters/],
    ['name in bad encoding', '/v1/verifiers/a/i/%zz/heartbeat', 404, /percent-encoding/],
    ['other path', '/v2/verifiers', 404, /\/v1\/verifiers/],
    ['a page', `${PATH}/heartbeat`, 403, /browsers/, { origin: 'http://127.0.0.1:1' }],
    ['a form', `${PATH}/heartbeat`, 415, /application\/json/, { 'content-type': 'text/plain' }],
    [
      'a name that was rebound',
      `${PATH}/heartbeat`,
      403,
      /expected Host to name this machine .* got "evil\.example:7463"/,
      { host: 'evil.example:7463' },
    ],
    ['by name', `${PATH}/heartbeat`, 200, /^$/, { host: 'localhost:9' }],
  ];
  for (const [why, path, status, error, headers = {}] of rows) {
    const answer = await call('POST', path, beat, { headers });
    t.equal(answer.status, status, why);
    t.match({ error: '', ...answer.body }, { error }, why);
  }
  t.match(await call('GET', '/healthz'), { status: 200 });
  clock.advance(0);
});

void t.test('accept: any has a bound; those that said goodbye make room', async (t) => {
  const { call, reporter } = await started(t, ', accept: any');
  for (let i = 0; i < 256; i += 1) {
    t.equal((await call('POST', `/v1/verifiers/s/i/c${i}/heartbeat`, { boot: 'b' })).status, 200);
  }
  const one = '/v1/verifiers/s/i/more/heartbeat';
  t.match(await call('POST', one, { boot: 'b' }), {
    status: 429,
    body: { error: /at most 256 pushing verifiers, s\/i\/more is one more/ },
  });
  await call('DELETE', '/v1/verifiers/s/i/c7?boot=b');
  t.match(await call('POST', one, { boot: 'b' }), {
    status: 200,
    body: { keys_wanted: [ISSUER, 'https://b.example'] },
  });
  t.ok(reporter.take().includes('remove s/i/c7'));
});

void t.test('over a Unix socket', async (t) => {
  const path = join(t.testdir(), 'push.sock');
  const first = await started(t, `, socket: "${path}", socket_mode: 0660`);
  t.equal(statSync(path).mode & 0o777, 0o660);
  const keys = { boot: 'b', issuer: ISSUER, keys: [KEY] };
  t.match(await first.call('PUT', `${PATH}/keys`, keys, { socketPath: path }), { status: 200 });
  t.strictSame(first.reporter.kids('a/i/c'), ['k1']);
  t.match(
    await first.call('PUT', `${PATH}/keys`, keys, { socketPath: path, headers: { origin: 'x' } }),
    { status: 403 },
  );
  await t.rejects(started(t, `, socket: "${path}"`), {
    code: 'LISTEN_FAILED',
    message: /another process listens there.*set push\.socket/,
  });
  await first.parts.close();
  t.notOk(existsSync(path), 'removed at the end');

  const file = join(t.testdirName, 'file');
  writeFileSync(file, '');
  await t.rejects(started(t, `, socket: "${file}"`), { message: /it is no socket/ });
  t.ok(existsSync(file), 'never removes a file');
});

void t.test('a client that hangs up half way is nobody else’s trouble', async (t) => {
  const { origin, call } = await started(t);
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  socket.write(
    `PUT ${PATH}/keys HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  );
  await once(socket, 'connect');
  socket.destroy();
  t.match(await call('GET', '/healthz'), { status: 200 });
});
