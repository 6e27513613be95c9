import { connect } from 'node:net';
import t from 'tap';
import { refuseForeign } from '../../src/api/browser-guard.ts';
import { alertUrl, runbookUrl } from '../../src/links.ts';
import { ISSUER, OLD_KEY, startRig, TOKEN } from './rig.ts';

const START = { issuer: ISSUER, alg: 'RS256', new_kid: 'new', by: 'alice' };

t.test('who may change state', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const start = (headers: Record<string, string>) =>
    rig.call('POST', '/v1/rotations', { body: START, token: null, headers });

  const missing = await start({});
  t.match(missing, { status: 401, json: { type: 'urn:keyturn:problem:token-missing' } });
  t.equal(missing.headers['www-authenticate'], 'Bearer realm="keyturn"');
  const wrong = await start({ authorization: 'Bearer wrong' });
  t.equal(wrong.status, 401);
  t.equal(wrong.headers['www-authenticate'], 'Bearer realm="keyturn", error="invalid_token"');
  t.notMatch(wrong.text, /wrong\b(?!")/);
  for (const authorization of [
    `Basic ${TOKEN}`,
    'Bearer',
    `Bearer ${TOKEN} ${TOKEN}`,
    `Bearer ${'x'.repeat(5_000)}`,
  ]) {
    t.equal((await start({ authorization })).status, 400, authorization.slice(0, 30));
  }
  t.equal(rig.engine.state().rotations.size, 0, 'nothing was started');
  t.equal(
    (await start({ authorization: `bearer ${TOKEN}` })).status,
    201,
    'the scheme has no case',
  );
  for (const [method, path] of [
    ['POST', '/v1/rotations/r-1/steps'],
    ['POST', '/v1/rotations/r-1/attestations'],
    ['POST', '/v1/rotations/r-1/waivers'],
    ['DELETE', '/v1/verifiers/orders/orders-1?by=alice&reason=x'],
    ['DELETE', '/v1/verifiers/orders/orders-1/main?by=alice&reason=x'],
    ['GET', '/v1/operator'],
  ] as const) {
    t.equal((await rig.call(method, path, { token: null })).status, 401, `${method} ${path}`);
  }
  t.equal((await rig.call('GET', '/v1/operator')).status, 200);
});

t.test(
  'every answer carries the security headers and none opens it to other origins',
  async (t) => {
    const rig = await startRig();
    t.teardown(() => rig.close());
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/v1/status'],
      ['GET', '/v1/nowhere'],
      ['POST', '/v1/rotations'],
      ['OPTIONS', '/v1/rotations'],
      ['GET', '/%zz'],
    ] as const) {
      const { headers } = await rig.call(method, path, { token: null });
      t.match(
        headers,
        {
          'cache-control': 'no-store',
          'content-security-policy': /default-src 'none'; frame-ancestors 'none'/,
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
        },
        `${method} ${path}`,
      );
      t.notOk(Object.keys(headers).some((name) => name.startsWith('access-control-')));
      t.notOk(headers['x-powered-by']);
    }
  },
);

t.test('browsers of other origins get nothing', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const own = `http://127.0.0.1:${rig.port}`;
  const status = async (headers: Record<string, string>, path = '/v1/status'): Promise<number> =>
    (await rig.call('GET', path, { headers, token: null })).status;
  t.equal(await status({}), 200);
  t.equal(await status({ host: `localhost:${rig.port}` }), 200);
  t.equal(await status({ host: `LOCALHOST:${rig.port}` }), 200);
  t.equal(await status({ host: 'evil.example' }), 421);
  t.equal(await status({ host: `evil.example:${rig.port}` }), 421);
  t.equal(await status({ host: `localhost.evil.example:${rig.port}` }), 421);
  t.equal(await status({ host: 'localhost' }), 421, 'port 80 is somebody else');
  t.equal(await status({ host: `127.0.0.1:${rig.port + 1}` }), 421);
  t.equal(await status({ origin: own }), 200);
  t.equal(await status({ origin: 'https://evil.example' }), 403);
  t.equal(await status({ origin: 'null' }), 403);
  t.equal(await status({ origin: `http://127.0.0.1:${rig.port + 1}` }), 403);
  t.equal(await status({ origin: `https://127.0.0.1:${rig.port}` }), 403);
  t.equal(await status({ 'sec-fetch-site': 'same-origin' }), 200);
  t.equal(await status({ 'sec-fetch-site': 'none' }), 200);
  t.equal(await status({ 'sec-fetch-site': 'cross-site' }), 403);
  t.equal(
    await status({ 'sec-fetch-site': 'same-site' }),
    403,
    'every port of localhost is one site',
  );
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  t.equal(
    await status({ ...link, 'sec-fetch-dest': 'document' }, '/'),
    200,
    'a person follows a link',
  );
  const followed = { ...link, 'sec-fetch-dest': 'document' };
  t.equal(await status(followed, runbookUrl('', 'Watchdog')), 200, 'from a chat to a runbook');
  t.equal(await status(followed, alertUrl('', 'al-none')), 200, 'from an incident to its alert');
  t.equal(await status(followed, '/verifiers/orders/orders-1/main'), 200, 'to one verifier');
  for (const page of ['/', runbookUrl('', 'Watchdog'), alertUrl('', 'al-none')]) {
    t.equal(await status({ ...link, 'sec-fetch-dest': 'iframe' }, page), 403, page);
  }
  for (const path of ['/v1/status', '/v1/alerts/al-none', '/alerts/a/b', '/metrics']) {
    t.equal(await status(followed, path), 403, path);
  }
});

t.test('Host names and addresses', async (t) => {
  const request = {
    method: 'GET',
    path: '/',
    origin: undefined,
    fetchSite: undefined,
    fetchMode: undefined,
    fetchDest: undefined,
  };
  const rows: [
    string | undefined,
    { tls?: boolean; hosts?: string[]; address?: string },
    boolean,
  ][] = [
    ['[::1]:7460', {}, true],
    [undefined, {}, false],
    ['', {}, false],
    ['keyturn.internal:7460', { hosts: ['keyturn.internal'] }, true],
    ['KEYTURN.internal:7460', { hosts: ['keyturn.INTERNAL'] }, true],
    ['keyturn.internal', { hosts: ['keyturn.internal'] }, false],
    ['keyturn.internal', { tls: true, hosts: ['keyturn.internal:443'] }, true],
    ['keyturn.internal:443', { tls: true, hosts: ['keyturn.internal:443'] }, true],
    ['keyturn.internal:7460', { hosts: ['keyturn.internal:443'] }, false],
    ['10.0.0.7:7460', { address: '10.0.0.7' }, true],
    ['10.0.0.7:7460', { address: '::ffff:10.0.0.7' }, true],
    ['[fd00::7]:7460', { address: 'fd00::7' }, true],
    ['[fd00::7]:7460', { hosts: ['fd00::7'] }, true],
    ['10.0.0.8:7460', { address: '10.0.0.7' }, false],
    ['127.0.0.1:7460@evil.example', {}, false],
  ];
  for (const [host, { tls = false, hosts = [], address }, allowed] of rows) {
    const guard = (): void =>
      refuseForeign({ ...request, host }, { tls, port: 7460, hosts, address });
    if (allowed) t.doesNotThrow(guard, host ?? 'none');
    else t.throws(guard, { code: 'HOST_UNKNOWN' }, host ?? 'none');
  }
});

t.test('sizes and kinds', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const post = (call: Parameters<typeof rig.call>[2]) => rig.call('POST', '/v1/rotations', call);
  t.equal((await post({ body: { ...START, by: 'x'.repeat(70_000) } })).status, 413);
  t.equal((await post({ rawBody: '{}', headers: { 'content-type': 'text/plain' } })).status, 415);
  t.equal(
    (
      await post({
        rawBody: 'a=b',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
    ).status,
    415,
  );
  t.equal(
    (await post({ rawBody: '{}', headers: { 'content-type': 'application/json; charset=utf-8' } }))
      .status,
    400,
  );
  t.equal((await post({ rawBody: '' })).status, 400);
  t.equal((await post({ rawBody: 'not json' })).status, 400);
  t.equal((await post({ rawBody: '[]' })).status, 400);
  t.equal((await post({ rawBody: '{"__proto__":{"by":"x"}}' })).status, 400);
  t.equal((await post({ rawBody: '['.repeat(30_000) })).status, 400);
  t.equal((await rig.call('GET', `/v1/status?${'x'.repeat(5_000)}`)).status, 414);
  t.equal(
    (await rig.call('GET', '/v1/status', { headers: { 'x-long': 'x'.repeat(20_000) } })).status,
    431,
  );
  t.match(await rig.call('GET', '/v1/nowhere'), {
    status: 404,
    headers: { 'content-type': /^application\/problem\+json/ },
    json: { type: 'urn:keyturn:problem:not-found' },
  });
  t.equal((await rig.call('PUT', '/v1/status', { body: {} })).status, 404);
  t.equal((await rig.call('GET', '/../../etc/passwd')).status, 404);
  t.match(await rig.call('GET', '/%zz'), { status: 400 });
});

t.test('what is not HTTP does no harm', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  for (const bytes of [
    '\u0016\u0003\u0001',
    'GET\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '\r\n'.repeat(100),
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connect(rig.port, '127.0.0.1');
      socket.once('error', () => undefined);
      socket.once('close', () => {
        resolve();
      });
      socket.once('data', () => socket.destroy());
      socket.end(bytes);
    });
  }
  t.equal((await rig.call('GET', '/healthz')).status, 200);
});
