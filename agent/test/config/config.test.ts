import t from 'tap';
import { readConfig, type AgentConfig } from '../../src/config.ts';

const ISSUERS = 'issuers:\n  - issuer: https://login.example\n';
const VERIFIERS = 'verifiers:\n  - service: orders\n';

function read(text: string, env: Record<string, string> = {}, hostname = 'host-1') {
  return readConfig({ file: 'agent.yaml', text, env, hostname });
}

function config(text: string, env: Record<string, string> = {}): AgentConfig {
  const result = read(text, env);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}

function problems(text: string, env: Record<string, string> = {}): readonly string[] {
  const result = read(text, env);
  return result.ok ? [] : result.problems;
}

void t.test('defaults', (t) => {
  const { collector, proxy, push, issuers, verifiers, logLevel } = config(ISSUERS + VERIFIERS);
  t.strictSame(collector, { address: { host: '127.0.0.1', port: 7461 }, ca: null });
  t.strictSame(proxy.listen, { host: '127.0.0.1', port: 7462 });
  t.equal(proxy.https, null);
  t.equal(proxy.cacheControl, 'no-cache');
  t.match(push, { listen: { port: 7463 }, socket: null, accept: 'declared', leaseMs: 45_000 });
  t.match(issuers, [
    {
      refreshMs: 15_000,
      timeoutMs: 5_000,
      maxStaleMs: 86_400_000,
      maxBytes: 1_048_576,
      jwksUri: null,
    },
  ]);
  t.equal(String(issuers[0]?.discovery), 'https://login.example/.well-known/openid-configuration');
  t.strictSame(verifiers, [
    {
      id: { service: 'orders', instance: 'host-1', cache: 'default' },
      profile: '',
      issuers: ['https://login.example'],
      via: 'proxy',
      keys: 'any',
      namesInstance: false,
      probe: null,
    },
  ]);
  t.equal(logLevel, 'info');
  t.end();
});

void t.test('everything set', (t) => {
  const all = config(`
collector: { address: collector.example:7461, tls: { ca: /etc/ca.pem } }
service: shop
instance: pod-7
proxy:
  listen: localhost:1
  https: { listen: 0.0.0.0:2, directory: /var/lib/keyturn }
  hosts: [jwks.internal]
  cache_control: upstream
push: { listen: '[::1]:3', socket: /run/k.sock, socket_mode: 0660, accept: any, lease: 1m30s }
issuers:
  - { issuer: urn:x, alias: x, jwks_uri: https://keys.example/x, refresh: 1m, fresh_for: 0s, timeout: 250ms, max_stale: 7d, max_bytes: 4096, ca: ca.pem }
  - { issuer: http://10.0.0.1/y/, alias: y, allow_http: true }
verifiers:
  - { name: a, profile: npm-jose }
  - { name: b, service: other, instance: i9, issuers: ['urn:x'], via: push, probe: { url: 'https://b.example/me', header: X-Token, scheme: none, accept: [200, 403], timeout: 1s, ca: b.pem } }
log: { level: debug }
`);
  t.match(all.collector, { address: { host: 'collector.example' }, ca: '/etc/ca.pem' });
  t.match(all.proxy.https, { listen: { host: '0.0.0.0', port: 2 }, given: null });
  t.match(all.push, { listen: { host: '::1' }, socketMode: 0o660, accept: 'any', leaseMs: 90_000 });
  t.match(all.issuers[0], { alias: 'x', freshForMs: 0, timeoutMs: 250, discovery: null });
  t.equal(String(all.issuers[1]?.discovery), 'http://10.0.0.1/y/.well-known/openid-configuration');
  t.match(all.verifiers, [
    {
      id: { service: 'shop', instance: 'pod-7', cache: 'a' },
      issuers: ['urn:x', 'http://10.0.0.1/y/'],
    },
    { id: { service: 'other', instance: 'i9', cache: 'b' }, namesInstance: true, via: 'push' },
  ]);
  const probe = all.verifiers[1]?.probe;
  t.match(probe, { header: 'X-Token', scheme: '', timeoutMs: 1_000, ca: 'b.pem' });
  t.same([...(probe?.accept ?? [])], [200, 403]);
  t.same([...(probe?.reject ?? [])], [401], 'a default gives way to what was said');
  t.end();
});

void t.test('one problem at a time', (t) => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['broken YAML', 'issuers: [', /^agent\.yaml:1:\d+: broken YAML: /],
    ['broken YAML further down', 'service: a\nissuers:\n\t- x', /^agent\.yaml:3:1: broken YAML: /],
    ['key twice', 'service: a\nservice: b\n', /^agent\.yaml:2:1: broken YAML: .*unique/],
    [
      'alias bomb',
      `a: &a [1]\n${Array.from(
        { length: 9 },
        (_, i) =>
          `b${i}: &b${i} [${Array(12)
            .fill(i ? `*b${i - 1}` : '*a')
            .join(',')}]`,
      ).join('\n')}`,
      /alias/i,
    ],
    ['a list', '- a', /^agent\.yaml: expected a section with keys, got a list of 1$/],
    ['nothing', '', /^agent\.yaml: issuers: expected a list, got nothing$/],
    [
      'unknown key',
      `${ISSUERS}isuers: []`,
      /^agent\.yaml:3:1: isuers: unknown key "isuers"; did you mean issuers\?$/,
    ],
    [
      'unknown key, nothing near',
      `${ISSUERS}zzz: 1`,
      /unknown key "zzz"; known here: collector, service, /,
    ],
    [
      'unknown key below',
      `${ISSUERS}proxy:\n  lisen: x`,
      /^agent\.yaml:4:3: proxy\.lisen: unknown key "lisen"; did you mean listen\?$/,
    ],
    [
      'unknown key in a list',
      `${ISSUERS}    jwks_url: x`,
      /^agent\.yaml:3:5: issuers\.0\.jwks_url: .*did you mean jwks_uri\?$/,
    ],
    [
      'wrong unit',
      `${ISSUERS}    refresh: 15 sec`,
      /^agent\.yaml:3:14: issuers\.0\.refresh: expected a duration with a unit .* got "15 sec"$/,
    ],
    ['no unit', `${ISSUERS}    refresh: 15`, /expected a duration with a unit .* got 15$/],
    [
      'too long',
      `${ISSUERS}push: { lease: 2h }`,
      /push\.lease: expected between 1s and 1h, got 2h$/,
    ],
    [
      'section is text',
      `${ISSUERS}proxy: yes`,
      /^agent\.yaml:3:8: proxy: expected a section with keys, got "yes"$/,
    ],
    [
      'address',
      `${ISSUERS}proxy: { listen: 7462 }`,
      /proxy\.listen: expected host:port such as 127\.0\.0\.1:7462, got 7462$/,
    ],
    [
      'port',
      `${ISSUERS}proxy: { listen: "127.0.0.1:70000" }`,
      /expected host:port .* got "127\.0\.0\.1:70000"$/,
    ],
    [
      'proxy in the open',
      `${ISSUERS}proxy: { listen: "0.0.0.0:7462" }`,
      /keep proxy\.listen on 127\.0\.0\.1 and set proxy\.https\.listen to 0\.0\.0\.0:7462/,
    ],
    [
      'push in the open',
      `${ISSUERS}push: { listen: "[::]:7463" }`,
      /push\.listen: \[::\]:7463 can be reached .* or set push\.socket/,
    ],
    [
      'collector in the clear',
      `${ISSUERS}collector: { address: "c.example:7461" }`,
      /set collector\.tls\.ca to the PEM file/,
    ],
    [
      'socket mode',
      `${ISSUERS}push: { socket_mode: 0666 }`,
      /expected "0600" \(own user\) or "0660" \(own group too\), got 666$/,
    ],
    [
      'socket mode in octal notation',
      `${ISSUERS}push: { socket_mode: 0o600 }`,
      /expected "0600" .* got 384$/,
    ],
    [
      'half a certificate',
      `${ISSUERS}proxy: { https: { listen: "0.0.0.0:1", cert: a } }`,
      /proxy\.https\.cert: proxy\.https\.key is missing/,
    ],
    [
      'Cache-Control with a line break',
      `${ISSUERS}proxy: { cache_control: "a\\nb" }`,
      /expected a header value/,
    ],
    [
      'one of',
      `${ISSUERS}verifiers: [{ service: a, via: prox }]`,
      /verifiers\.0\.via: expected one of proxy, push, got "prox"$/,
    ],
    [
      'tokens in the clear',
      `${ISSUERS}verifiers: [{ service: a, probe: { url: "http://api.example/me" } }]`,
      /verifiers\.0\.probe\.url: http:\/\/api\.example\/me is plain http to another machine/,
    ],
    [
      'a header that is several',
      `${ISSUERS}verifiers: [{ service: a, probe: { url: "https://a/", header: "A: b" } }]`,
      /probe\.header: expected the name of a header/,
    ],
    [
      'a header that frames the request',
      `${ISSUERS}verifiers: [{ service: a, probe: { url: "https://a/", header: Transfer-Encoding } }]`,
      /probe\.header: expected the name of a header for tokens/,
    ],
    [
      'yes and no at once',
      `${ISSUERS}verifiers: [{ service: a, probe: { url: "https://a/", accept: [401] } }]`,
      /probe\.reject: expected statuses that accept does not have, got 401$/,
    ],
    ['no issuers', 'issuers: []', /issuers: expected at least 1 entry, got a list of 0$/],
    [
      'issuer twice',
      `${ISSUERS}  - issuer: https://login.example`,
      /issuers\.1\.issuer: "https:\/\/login\.example" is already the issuer of issuers\.0$/,
    ],
    [
      'nothing to discover',
      'issuers: [{ issuer: "urn:x" }]',
      /is no http or https URL, so there is nothing to discover: set jwks_uri, or shared_secrets: true$/,
    ],
    [
      'jwks_uri',
      `${ISSUERS}    jwks_uri: ftp://x`,
      /issuers\.0\.jwks_uri: expected an http or https URL, got "ftp:\/\/x"$/,
    ],
    ['password', `${ISSUERS}    jwks_uri: https://a:b@c/`, /without a user name or password/],
    [
      'plain http',
      'issuers: [{ issuer: "http://login.example" }]',
      /issuers\.0\.issuer: .*plain http from another machine.*allow_http: true/,
    ],
    [
      'plain http jwks_uri',
      `${ISSUERS}    jwks_uri: http://10.0.0.1/`,
      /issuers\.0\.jwks_uri: .*plain http/,
    ],
    [
      'bytes',
      `${ISSUERS}    max_bytes: 1 MiB`,
      /max_bytes: expected a whole number from 256 to 16777216, got "1 MiB"$/,
    ],
    ['no service', `${ISSUERS}verifiers: [{ name: a }]`, /verifiers\.0: has no service/],
    [
      'hostile name',
      `${ISSUERS}verifiers: [{ service: "a b\\u202e" }]`,
      /verifiers\.0\.service: expected letters, digits .* got "a b\\u\{202e\}"$/,
    ],
    [
      'number as a name',
      `${ISSUERS}verifiers: [{ service: 7 }]`,
      /expected a name \(put numbers in quotes\), got 7$/,
    ],
    [
      'verifier twice',
      `${ISSUERS}${VERIFIERS}  - service: orders`,
      /verifiers\.1: orders\/host-1\/default is already verifiers\.0: give each a name of its own$/,
    ],
    [
      'unknown issuer',
      `${ISSUERS}verifiers: [{ service: a, issuers: [x] }]`,
      /verifiers\.0\.issuers\.0: "x" is not under issuers/,
    ],
    [
      'issuers without alias',
      `${ISSUERS}  - issuer: https://b.example\n${VERIFIERS}`,
      /takes 2 issuers through the proxy.*set alias on the issuer "https:\/\/login\.example"/,
    ],
    [
      'too many issuers',
      `issuers:\n${Array.from({ length: 17 }, (_, i) => `  - { issuer: "https://${i}.example", alias: a${i} }\n`).join('')}${VERIFIERS}`,
      /takes all 17 issuers of this file, expected at most 16/,
    ],
  ];
  for (const [why, text, message] of rows) {
    const found = problems(text);
    t.ok(
      found.some((line) => message.test(line)),
      why,
      { found, expected: String(message) },
    );
  }
  t.end();
});

void t.test('all problems at once, also between sections that are well formed', (t) => {
  const found = problems(
    `collector: { address: c.example:1 }
proxy: { lisen: a }
push: { lease: 5 }
issuers: [{ issuer: https://a.example }]
verifiers: [{ service: a, issuers: [b] }]
`,
    { KEYTURN_AGENT_COLECTOR_ADDRESS: 'x', KEYTURN_AGENT_LOG_LEVEL: 'loud' },
  );
  for (const message of [
    /^agent\.yaml:1:23: collector\.address: .*set collector\.tls\.ca/,
    /^agent\.yaml:2:10: proxy\.lisen: unknown key/,
    /^agent\.yaml:3:16: push\.lease: expected a duration/,
    /^agent\.yaml:5:\d+: verifiers\.0\.issuers\.0: "b" is not under issuers/,
    /^environment: unknown name KEYTURN_AGENT_COLECTOR_ADDRESS; did you mean KEYTURN_AGENT_COLLECTOR_ADDRESS\?$/,
    /^environment: KEYTURN_AGENT_LOG_LEVEL \(log\.level\): expected one of debug, .* got "loud"$/,
  ]) {
    t.ok(
      found.some((line) => message.test(line)),
      String(message),
      { found },
    );
  }
  t.equal(found.length, 6);
  const lines = found.flatMap((line) => /^agent\.yaml:(\d+)/.exec(line)?.[1] ?? []);
  t.same(lines, ['1', '2', '3', '5'], 'in the order of the file');
  t.end();
});

void t.test('the environment overrules the file', (t) => {
  const set = config(`${ISSUERS}${VERIFIERS}proxy: { listen: "127.0.0.1:1" }`, {
    KEYTURN_AGENT_PROXY_LISTEN: '127.0.0.1:9',
    KEYTURN_AGENT_INSTANCE: 'pod-1',
    KEYTURN_AGENT_COLLECTOR_ADDRESS: 'c.example:1',
    KEYTURN_AGENT_COLLECTOR_TLS_CA: '/ca.pem',
    KEYTURN_AGENT_PUSH_SOCKET: '',
    KEYTURN_URL: 'of another program',
  });
  t.equal(set.proxy.listen.port, 9);
  t.equal(set.verifiers[0]?.id.instance, 'pod-1');
  t.match(set.collector, { address: { host: 'c.example' }, ca: '/ca.pem' });
  t.equal(set.push.socket, null, 'empty counts as not set');
  t.match(problems('- a', { KEYTURN_AGENT_SERVICE: 'x' }), [
    /expected a section with keys, got a list/,
  ]);
  t.end();
});

void t.test('a host name that cannot name an instance', (t) => {
  const result = read(ISSUERS + VERIFIERS, {}, 'bad host_');
  t.match(result, { ok: true, config: { verifiers: [{ id: { instance: 'host' } }] } });
  t.end();
});
