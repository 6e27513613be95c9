import { readFileSync } from 'node:fs';
import t from 'tap';
import { AgentOptionsError, createAgent } from '../../src/index.ts';
import { AGENT_VERSION } from '../../src/version.ts';
import { signingKey } from './jwks-server.ts';
import { observed } from './observed.ts';

const ISSUER = 'https://login.example.com';

t.test('every problem of the options at once', async (t) => {
  const bad = {
    service: '',
    instance: 'a b',
    issuers: ['', 7, { issuer: ISSUER, jwksUri: 'nowhere' }],
    collector: 'collector.example:7461',
    onEvent: 'log',
  };
  try {
    createAgent(bad as never);
    t.fail('expected an error');
  } catch (error) {
    t.ok(error instanceof AgentOptionsError);
    t.equal((error as AgentOptionsError).code, 'AGENT_OPTIONS_INVALID');
    t.same(
      (error as AgentOptionsError).problems.map((problem) => problem.replace(/:.*/, '')),
      [
        'service',
        'instance',
        'issuers[0]',
        'issuers[1]',
        'issuers[2].jwksUri',
        'collector',
        'onEvent',
      ],
    );
  }
  const rows: readonly (readonly [object, RegExp])[] = [
    [{}, /service: expected a name, got nothing; issuer: expected either issuer or issuers/],
    [{ service: 's', issuer: ISSUER, issuers: [] }, /either issuer or issuers/],
    [{ service: 's', issuers: [] }, /1 to 16 issuers/],
    [{ service: 's', issuer: ISSUER, collector: '127.0.0.1' }, /collector: expected host:port/],
    [{ service: 's', issuer: ISSUER, tls: { cert: 'x' } }, /both cert and key/],
    [{ service: 's', issuer: ISSUER, tls: { cafile: 'x' } }, /tls\.cafile/],
  ];
  for (const [options, message] of rows) t.throws(() => createAgent(options as never), message);
});

t.test('a collector elsewhere is fine with TLS, one next door without', async (t) => {
  for (const options of [
    { collector: 'collector.example:7461', tls: true },
    { collector: 'localhost:7461' },
    { collector: '[::1]:7461' },
    { collector: 'unix:/run/keyturn.sock' },
    {},
  ]) {
    const agent = createAgent({ service: 'orders', issuer: ISSUER, ...options });
    await agent.close();
  }
  t.pass();
});

t.test('a verifier of another library', async (t) => {
  const { agent, uplink, row, set } = observed({ issuer: ISSUER });
  const verifier = agent.verifier({ cache: 'fast', profile: 'npm-fast-jwt' });
  const { jwk } = await signingKey('k1');
  verifier.setKeys(ISSUER, { jwks: [jwk, { kty: 'oct', k: 'secret', kid: 'no' }, {}] });
  verifier.count(ISSUER, 'k1', 'ok', { iat: 10, exp: 20 });
  verifier.count(ISSUER, 'k1', 'bad_signature');
  t.same(
    set()?.keys.map(({ kid }) => kid),
    ['k1'],
  );
  t.match(row('k1'), { outcomes: { ok: 1, bad_signature: 1 }, highestExp: 20 });
  t.same(uplink.urgencies, ['soon', 'soon', 'now'], 'the first attributable failure is urgent');
  verifier.setKeys(ISSUER, { jwks: undefined as never });
  t.equal(agent.faults.get('verifier.setKeys'), 1);
  t.throws(() => agent.verifier({ cache: 'fast' }), /"fast" is taken/);
  t.throws(() => agent.verifier({ cache: 'no good' }), AgentOptionsError);
  t.throws(
    () => agent.verifier({ cache: 'other', issuers: ['https://elsewhere.example'] }),
    /issuers: "https:\/\/elsewhere.example" is not the agent's/,
  );
  verifier.close();
  t.equal(uplink.removed.length, 1);
});

t.test('the version said is the version published', async (t) => {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  t.equal(AGENT_VERSION, version);
});
