import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import t, { type Test } from 'tap';
import { allProfileFacts } from '@keyturn/shared/profiles/catalogue.ts';
import { profiles as builtIn } from '../../src/config/profiles.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { type CollectorConfig, loadConfig } from '../../src/config/config.ts';

function facts(id: string, over: Partial<ProfileFacts> = {}): ProfileFacts {
  return {
    id,
    name: id,
    refreshS: 600,
    refetchesOnUnknownKid: true,
    cooldownS: 30,
    newKidRefusedS: 30,
    removedKeyAcceptedS: 600,
    replacesWholeSet: true,
    severalCaches: false,
    cachesVerifiedTokens: false,
    staticKeys: false,
    dropNow: 'Restart it.',
    jwksBytesMax: null,
    jwksKeysMax: null,
    algs: ['RS256'],
    unknownKeySpoilsSet: false,
    ...over,
  };
}

const unknown = facts('unknown', { newKidRefusedS: null, removedKeyAcceptedS: null });
const profiles = {
  unknown,
  facts: new Map(
    [
      facts('npm-jose'),
      facts('npm-jwks-rsa', { replacesWholeSet: false }),
      facts('haproxy', { staticKeys: true, newKidRefusedS: null, removedKeyAcceptedS: null }),
      facts('lazy', { refetchesOnUnknownKid: false, cooldownS: null, newKidRefusedS: 600 }),
    ].map((one) => [one.id, one]),
  ),
};

const ISSUER = `
issuers:
  - issuer: https://issuer.example
    jwks_uri: https://issuer.example/jwks
`;

function load(t: Test, yaml: string, env: Record<string, string> = {}): CollectorConfig {
  const directory = t.testdir();
  const file = path.join(directory, 'collector.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env, cwd: directory, profiles });
}

/** Every problem as `path: message`. */
function problemsOf(t: Test, yaml: string, env: Record<string, string> = {}): readonly string[] {
  try {
    load(t, yaml, env);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.problems.map((one) => `${one.path}: ${one.message}`);
  }
  return [];
}

t.test('no file: loopback, ./data, no issuers', async (t) => {
  const config = loadConfig({ file: null, env: {}, cwd: '/srv/keyturn', profiles });
  t.match(config, {
    listen: {
      http: { host: '127.0.0.1', port: 7460 },
      grpc: { host: '127.0.0.1', port: 7461 },
      tls: null,
    },
    dataDirectory: '/srv/keyturn/data',
    operatorToken: { kind: 'generated' },
    logLevel: 'info',
    issuers: [],
    policy: {
      publishSafetyMs: 3_600_000,
      retireSafetyMs: 3_600_000,
      heartbeatMs: 15_000,
      leaseHeartbeats: 3,
      verifiersMax: 200_000,
      uncountedBlocksRetire: false,
    },
  });
  t.equal(config.policy.services.size, 0);
  t.equal(config.policy.profiles, profiles.facts);
});

t.test('an empty file is like none', async (t) => {
  t.equal(load(t, '# nothing\n').listen.http.port, 7460);
  t.equal(load(t, '').listen.http.port, 7460);
});

t.test('the example is valid and what it calls a default is one', async (t) => {
  const file = path.join(import.meta.dirname, '../../example/collector.yaml');
  const config = loadConfig({ file, env: {}, cwd: '/', profiles });
  t.equal(config.dataDirectory, path.join(path.dirname(file), 'data'));
  const none = loadConfig({ file: null, env: {}, cwd: '/', profiles });
  const { issuers: _i, services: _s, ...shown } = config.policy;
  const { issuers: _j, services: _r, ...defaults } = none.policy;
  t.strictSame(shown, defaults);
  t.match(config.policy.issuers.get('https://login.example.com'), {
    vantages: [
      'https://login.example.com/.well-known/jwks.json',
      'https://login-eu.example.com/.well-known/jwks.json',
    ],
    watchIntervalMs: 15_000,
    maxTokenLifetimeMs: 3_600_000,
    skewMs: 60_000,
    sharedCachesMs: 660_000,
  });
  t.match(config.policy.services.get('orders'), {
    declared: true,
    instances: 3,
    required: true,
    evidence: 'present',
    profile: { id: 'npm-jose' },
  });
  t.match(config.policy.services.get('legacy-gateway')?.profile, {
    refreshS: 3_600,
    newKidRefusedS: 300,
    removedKeyAcceptedS: 3_600,
    jwksBytesMax: 51_200,
    jwksKeysMax: 10,
    algs: ['RS256', 'ES256'],
    unknownKeySpoilsSet: false,
  });
});

t.test('the example names profiles of the catalogue', async (t) => {
  const file = path.join(import.meta.dirname, '../../example/collector.yaml');
  const config = loadConfig({ file, env: {}, cwd: '/', profiles: builtIn() });
  t.strictSame(config.policy.services.get('orders')?.profile, allProfileFacts().get('npm-jose'));
  t.equal(config.policy.unknownProfile.newKidRefusedS, null);
});

t.test(
  'managed products of the catalogue: time where it has a bound, a word where not',
  async (t) => {
    const file = path.join(
      t.testdir({
        'c.yaml': `${ISSUER}
services:
  - {name: rest, kind: managed, profile: aws-apigw-rest-jwt}
  - {name: http, kind: managed, profile: aws-apigw-http-jwt}
  - {name: alb, kind: managed, profile: aws-alb-jwt}
  - {name: shield, kind: managed, profile: cloudflare-api-shield}
`,
      }),
      'c.yaml',
    );
    const { policy } = loadConfig({ file, env: {}, cwd: '/', profiles: builtIn() });
    t.same(
      [...policy.services.values()].map(({ name, evidence }) => `${name} ${evidence}`),
      ['rest timed', 'http attested', 'alb attested', 'shield attested'],
    );
  },
);

t.test('the environment wins over the file', async (t) => {
  const config = load(t, 'listen: {http: "127.0.0.1:1"}\ndata: a\noperator_token_file: b\n', {
    KEYTURN_LISTEN_HTTP: '[::1]:2',
    KEYTURN_LISTEN_GRPC: 'localhost:0',
    KEYTURN_DATA: 'c',
    KEYTURN_OPERATOR_TOKEN: 'a-token-that-is-long-enough',
  });
  t.strictSame(config.listen.http, { host: '::1', port: 2 });
  t.strictSame(config.listen.grpc, { host: 'localhost', port: 0 });
  t.equal(path.basename(config.dataDirectory), 'c');
  t.strictSame(config.operatorToken, { kind: 'given', token: 'a-token-that-is-long-enough' });
});

t.test('evidence by default', async (t) => {
  const config = load(
    t,
    `${ISSUER}
services:
  - {name: a, profile: npm-jose}
  - {name: b}
  - {name: c, profile: haproxy}
  - {name: d, profile: npm-jose, overrides: {static_keys: true}}
`,
  );
  t.strictSame(
    [...config.policy.services.values()].map((s) => s.evidence),
    ['served', 'served', 'attested', 'attested'],
  );
  t.equal(config.policy.services.get('b')?.profile, unknown);
  t.strictSame(config.policy.services.get('a')?.issuers, ['https://issuer.example']);
  t.equal(config.policy.services.get('a')?.instances, null);
});

t.test('an override raises the bounds that follow from it, and never lowers them', async (t) => {
  const cases: readonly [string, string, number | null, number | null][] = [
    // overrides, profile, new key refused, removed key accepted
    ['{refresh: 2h}', 'lazy', 7_200, 7_200],
    ['{refresh: 1s}', 'lazy', 600, 600],
    ['{refresh: unbounded}', 'lazy', null, null],
    ['{refresh: 2h}', 'npm-jose', 30, 7_200],
    ['{cooldown: 10m}', 'npm-jose', 600, 600],
    ['{refetches_on_unknown_kid: false}', 'npm-jose', 600, 600],
    ['{refresh: 2h, new_kid_refused: 5s, removed_key_accepted: unbounded}', 'lazy', 5, null],
  ];
  for (const [overrides, profile, refused, accepted] of cases) {
    const config = load(
      t,
      `${ISSUER}\nservices: [{name: a, profile: ${profile}, overrides: ${overrides}}]`,
    );
    const own = config.policy.services.get('a')?.profile;
    t.strictSame(
      [own?.newKidRefusedS, own?.removedKeyAcceptedS],
      [refused, accepted],
      `${profile} ${overrides}`,
    );
  }
});

t.test(
  'going back and emergencies: what holds when nothing is said, and what is refused',
  async (t) => {
    const defaults = load(t, ISSUER).policy;
    t.strictSame(defaults.rollback, {
      windowMs: 86_400_000,
      requireRehearsal: false,
      rehearsalValidForMs: 86_400_000,
    });
    t.strictSame(defaults.emergency, { publishSafetyMs: 3_600_000, retireGraceMs: 0, skip: [] });

    const quick = load(
      t,
      `${ISSUER}\npolicy: {publish_safety: 2h, emergency: {publish_safety: 1m, retire_grace: 5m, skip: [fleet_heard, rehearsed]}}`,
    ).policy;
    t.strictSame(quick.emergency, {
      publishSafetyMs: 60_000,
      retireGraceMs: 300_000,
      skip: ['fleet_heard', 'rehearsed'],
    });

    const refused: readonly [string, RegExp][] = [
      ['{emergency: {skip: [new_key_known]}}', /skip[^]*expected one of attested, everyone_counts/],
      ['{emergency: {skip: [fleet_herd]}}', /skip[^]*got "fleet_herd"/],
      ['{emergency: {skip: [fleet_heard, fleet_heard]}}', /fleet_heard is there twice/],
      ['{emergency: {skip: fleet_heard}}', /policy\.emergency\.skip/],
      ['{emergency: {retire_grace: -1s}}', /retire_grace/],
      ['{emergency: {publish_safety: 2h}}', /at most policy\.publish_safety/],
      ['{emergency: {unheard_of: 1}}', /unheard_of/],
      ['{rollback_window: 500d}', /rollback_window/],
      ['{rehearsal_valid_for: 1s}', /rehearsal_valid_for/],
      ['{require_rehearsal: true, rollback_window: 0s}', /activate would never open/],
    ];
    for (const [policy, message] of refused) {
      t.throws(() => load(t, `${ISSUER}\npolicy: ${policy}`), { message }, policy);
    }
  },
);

t.test('a service says itself how it gives up a removed key', async (t) => {
  const config = load(
    t,
    `${ISSUER}\nservices: [{name: a, profile: npm-jose, overrides: {drop_now: roll the deployment}}]`,
  );
  t.equal(config.policy.services.get('a')?.profile.dropNow, 'roll the deployment');
});

t.test('limits and algorithms can be stated, and taken away', async (t) => {
  const config = load(
    t,
    `${ISSUER}
services:
  - {name: a, profile: npm-jose, overrides: {jwks_bytes_max: 1000, jwks_keys_max: 5, algs: [ES256], unknown_key_spoils_set: true}}
  - {name: b, profile: npm-jose, overrides: {jwks_bytes_max: unlimited, jwks_keys_max: unlimited, algs: unknown}}
`,
  );
  t.match(config.policy.services.get('a')?.profile, {
    jwksBytesMax: 1_000,
    jwksKeysMax: 5,
    algs: ['ES256'],
    unknownKeySpoilsSet: true,
  });
  t.match(config.policy.services.get('b')?.profile, {
    jwksBytesMax: null,
    jwksKeysMax: null,
    algs: null,
    unknownKeySpoilsSet: false,
  });
});

t.test('who controls an issuer', async (t) => {
  const settings = (control: string): string =>
    `issuers: [{issuer: https://a.example, jwks_uri: https://a.example/jwks${control}}]`;
  const controlOf = (control: string) =>
    load(t, settings(control)).policy.issuers.get('https://a.example')?.control;
  t.equal(controlOf(''), 'ours');
  t.equal(controlOf(', control: third_party'), 'third_party');
  t.throws(() => controlOf(', control: theirs'), /expected one of ours, third_party/);
});

t.test('plans that can be kept are taken', async (t) => {
  const config = load(
    t,
    `issuers: [{issuer: https://issuer.example, jwks_uri: https://a.example/, max_token_lifetime: 2h, switch_spread: 5m, shared_caches: [10m], planned_lead: 1h22m, rotation_period: 4h28m}]
services: [{name: slow, profile: lazy, evidence: timed}, {name: static, profile: haproxy}]`,
  );
  t.match(config.policy.issuers.get('https://issuer.example'), {
    switchSpreadMs: 300_000,
    plannedLeadMs: 4_920_000,
  });
  t.equal(config.policy.stableForMs, 15_000, 'one heartbeat');
  t.equal(load(t, 'policy: {heartbeat: 1s, reconnect_window: 1s}').policy.stableForMs, 1_000);
  t.equal(load(t, 'policy: {stable_for: 2m}').policy.stableForMs, 120_000);
});

t.test('discovery', async (t) => {
  const config = load(
    t,
    `issuers: [{issuer: https://issuer.example/tenant/, discovery: true, vantages: [https://edge.example/jwks]}]`,
  );
  t.strictSame(config.issuers[0]?.sources, [
    {
      vantage: 'https://issuer.example/tenant/.well-known/openid-configuration',
      kind: 'discovery',
    },
    { vantage: 'https://edge.example/jwks', kind: 'jwks' },
  ]);
  t.strictSame(
    config.policy.issuers.get('https://issuer.example/tenant/')?.vantages,
    config.issuers[0]?.sources.map(({ vantage }) => vantage),
    'the rules and the watcher name the same places',
  );
});

t.test('a kind says what is asked of a service', async (t) => {
  const rows: readonly [string, object][] = [
    ['kind: instrumented', { kind: 'instrumented', evidence: 'present' }],
    ['kind: pushed', { kind: 'pushed', evidence: 'present' }],
    ['kind: proxied', { kind: 'proxied', evidence: 'served' }],
    ['kind: proxied, evidence: fetchable', { kind: 'proxied', evidence: 'fetchable' }],
    ['kind: attested', { kind: 'attested', evidence: 'attested' }],
    ['kind: static', { evidence: 'attested', profile: { staticKeys: true } }],
    ['kind: static, profile: npm-jose', { profile: { id: 'npm-jose', staticKeys: true } }],
    ['kind: static, shipping_interval: 30d', { shippingIntervalMs: 30 * 86_400_000 }],
    ['kind: managed, profile: lazy', { kind: 'managed', evidence: 'timed' }],
    ['kind: managed, profile: lazy, evidence: attested', { evidence: 'attested' }],
    ['kind: managed', { kind: 'managed', evidence: 'attested' }],
    ['kind: managed, profile: haproxy', { kind: 'managed', evidence: 'attested' }],
    [
      'kind: unmanaged, refresh_bound: 7d',
      {
        evidence: 'timed',
        population: {
          cohorts: [{ percentile: 100, withinMs: 7 * 86_400_000 }],
          coverPercentile: 99,
          dropsWithRefresh: true,
        },
      },
    ],
    [
      'kind: unmanaged, cover_percentile: 95, cohorts: [{percentile: 50, within: 1h}, {percentile: 99.9, within: 1h}]',
      {
        population: {
          cohorts: [
            { percentile: 50, withinMs: 3_600_000 },
            { percentile: 99.9, withinMs: 3_600_000 },
          ],
          coverPercentile: 95,
        },
      },
    ],
    [
      'kind: unmanaged, refresh_bound: 7d, overrides: {removed_key_accepted: 30d}',
      { population: { dropsWithRefresh: false }, profile: { removedKeyAcceptedS: 30 * 86_400 } },
    ],
    [
      'kind: unmanaged, refresh_bound: 7d, profile: npm-jwks-rsa',
      { population: { dropsWithRefresh: false } },
    ],
    ['instances: {min: 2, max: 20}', { instances: 2, instancesMax: 20 }],
    ['instances: 3', { instances: 3, instancesMax: null }],
    ['profile: haproxy', { kind: 'static' }],
    ['evidence: attested', { kind: 'attested' }],
    ['profile: lazy, evidence: timed', { kind: 'managed' }],
    ['profile: npm-jose', { kind: 'instrumented', evidence: 'served', population: null }],
  ];
  for (const [settings, expected] of rows) {
    const yaml = `${ISSUER}\npolicy: {cover_percentile: 99}\nservices: [{name: a, ${settings}}]`;
    t.match(load(t, yaml).policy.services.get('a'), expected, settings);
  }
});

t.test(
  'a proxied service can be asked for more than documents where there are canaries',
  async (t) => {
    const asked = (canary: string) =>
      problemsOf(
        t,
        `issuers: [{issuer: https://a.example, jwks_uri: https://a.example/jwks${canary}}]
services: [{name: a, kind: proxied, evidence: verified}]`,
      );
    t.same(asked(', canary: {}'), []);
    t.match(asked(''), [
      /^services\.0\.evidence: .*got verified.*set canary for each of its issuers$/,
    ]);
  },
);

const withService = (service: string) => `${ISSUER}\nservices:\n  - ${service}\n`;
const withIssuer = (rest: string) => `issuers: [{issuer: https://issuer.example, ${rest}}]`;

const wrong: readonly [string, string, readonly RegExp[]][] = [
  ['top level', 'just text', [/^: expected a section with keys, got "just text"/]],
  ['unknown key', 'lisen: {}', [/^lisen: unknown key "lisen"; did you mean listen\?/]],
  [
    'unknown key, nothing near',
    'policy: {colour: red}',
    [/^policy\.colour: unknown key "colour"; known here: publish_safety, retire_safety/],
  ],
  [
    'inline token',
    'operator_token: abc',
    [/^operator_token: unknown key .*did you mean operator_token_file\?/],
  ],
  [
    'no unit',
    'policy: {heartbeat: 15}',
    [/^policy\.heartbeat: expected a duration with a unit .* such as 15s or 1h30m, got 15/],
  ],
  ['wrong unit', 'policy: {heartbeat: 15 sec}', [/^policy\.heartbeat: .*got "15 sec"/]],
  ['negative', 'policy: {retire_safety: -1h}', [/^policy\.retire_safety: .*got "-1h"/]],
  [
    'too long',
    'policy: {heartbeat: 1h}',
    [/^policy\.heartbeat: expected between 100ms and 10m, got 1h/, /reconnect_window/].slice(0, 1),
  ],
  [
    'reconnect window longer than the lease',
    'policy: {heartbeat: 1s, reconnect_window: 4s}',
    [/^policy\.reconnect_window: expected at most heartbeat × lease_heartbeats/],
  ],
  ['address', 'listen: {http: 7460}', [/^listen\.http: expected host:port such as .*got 7460/]],
  ['port', 'listen: {http: "127.0.0.1:70000"}', [/^listen\.http: expected host:port/]],
  [
    'open to the network',
    'listen: {http: "0.0.0.0:7460", grpc: "[::]:7461"}',
    [
      /^listen\.http: 0\.0\.0\.0:7460 can be reached from other machines, which needs TLS: set listen\.tls\.cert and listen\.tls\.key/,
      /^listen\.grpc: \[::\]:7461 can be reached/,
    ],
  ],
  [
    'one port for both',
    'listen: {http: "127.0.0.1:1", grpc: "127.0.0.1:1"}',
    [/^listen: http and grpc cannot both listen on 127\.0\.0\.1:1/],
  ],
  [
    'tls files missing',
    'listen: {http: "0.0.0.0:1", tls: {cert: no.pem, key: no-key.pem}}',
    [
      /^listen\.tls\.cert: expected a readable file: ENOENT.*no\.pem/,
      /^listen\.tls\.key: expected a readable file/,
    ],
  ],
  ['tls half', 'listen: {tls: {cert: a.pem}}', [/^listen\.tls\.key: expected a path, got nothing/]],
  ['issuers no list', 'issuers: {}', [/^issuers: expected a list, each entry starting with "- "/]],
  [
    'discovery of an issuer that is no URL',
    'issuers: [{issuer: issuer.example, discovery: true}]',
    [/^issuers\.0\.discovery: expected jwks_uri, since issuer\.example is no address/],
  ],
  [
    'a name with a scheme',
    'listen: {names: [https://keyturn.internal]}',
    [/^listen\.names\.0: expected a host name in lower case/],
  ],
  ['issuer without source', withIssuer(''), [/^issuers\.0: expected jwks_uri, discovery: true or/]],
  [
    'two ways at once',
    withIssuer('jwks_uri: https://a.example/, discovery: true'),
    [/^issuers\.0\.discovery: expected either jwks_uri or discovery: true, got both/],
  ],
  [
    'http to another machine',
    withIssuer('jwks_uri: http://issuer.example/jwks'),
    [
      /^issuers\.0\.jwks_uri: http:\/\/issuer\.example\/jwks can be changed on the way: .*allow_http/,
    ],
  ],
  [
    'password in an address',
    withIssuer('jwks_uri: https://u:p@issuer.example/jwks'),
    [
      /^issuers\.0\.jwks_uri: expected a URL without a user name or password, got one that has them$/,
    ],
  ],
  [
    'no file URL',
    withIssuer('jwks_uri: file:///etc/passwd'),
    [/^issuers\.0\.jwks_uri: expected an http or https URL/],
  ],
  [
    'vantage twice',
    withIssuer('jwks_uri: https://a.example/, vantages: [https://a.example/]'),
    [/^issuers\.0\.vantages: https:\/\/a\.example\/ is there twice/],
  ],
  [
    'CA no certificate',
    withIssuer('jwks_uri: https://a.example/, ca: collector.yaml'),
    [/^issuers\.0\.ca: expected PEM certificates/],
  ],
  [
    'issuer twice',
    `${ISSUER}  - issuer: https://issuer.example\n    jwks_uri: https://b.example/`,
    [/^issuers\.1\.issuer: https:\/\/issuer\.example is there twice/],
  ],
  [
    'unknown issuer',
    withService('{name: a, issuers: [https://issuer.example/]}'),
    [
      /^services\.0\.issuers\.0: https:\/\/issuer\.example\/ is not one of the issuers; the text must match byte for byte; did you mean https:\/\/issuer\.example\?/,
    ],
  ],
  [
    'limits that are none',
    withService('{name: a, overrides: {jwks_bytes_max: 0, jwks_keys_max: 1.5}}'),
    [
      /^services\.0\.overrides\.jwks_bytes_max: expected a whole number from 1 to \d+, or unlimited, got 0/,
      /^services\.0\.overrides\.jwks_keys_max: expected a whole number .*got 1\.5/,
    ],
  ],
  [
    'an algorithm that is none',
    withService('{name: a, overrides: {algs: [RS256, none]}}'),
    [/^services\.0\.overrides\.algs: expected algorithms that sign, got none/],
  ],
  [
    'no algorithms',
    withService('{name: a, overrides: {algs: []}}'),
    [/^services\.0\.overrides\.algs: expected 1 to 32 JWS algorithms such as \[RS256, ES256\], or/],
  ],
  [
    'an algorithm twice',
    withService('{name: a, overrides: {algs: [RS256, RS256]}}'),
    [/^services\.0\.overrides\.algs: expected each algorithm once, got RS256 twice/],
  ],
  [
    'a rotation period shorter than one rotation',
    `${withIssuer('jwks_uri: https://a.example/, max_token_lifetime: 2h, switch_spread: 5m, shared_caches: [10m], rotation_period: 4h20m30s')}
services: [{name: quick, profile: npm-jose}, {name: slow, profile: lazy}, {name: extra, profile: lazy, required: false, overrides: {new_kid_refused: 9d}}]`,
    [
      /^issuers\.0\.rotation_period: expected at least 4h28m, got 4h20m30s: the next rotation would begin before one can end \(22m until slow knows a new key \+ 1h publish_safety \+ 5m switch_spread \+ 2h max_token_lifetime \+ 1m clock_skew \+ 1h retire_safety\)$/,
    ],
  ],
  [
    'a rotation period and nobody knows how long tokens live',
    withIssuer('jwks_uri: https://a.example/, rotation_period: 90d'),
    [/^issuers\.0\.rotation_period: expected max_token_lifetime beside it/],
  ],
  [
    'a planned lead is part of the overlap',
    withIssuer(
      'jwks_uri: https://a.example/, max_token_lifetime: 1h, planned_lead: 7d, rotation_period: 7d',
    ),
    [/expected at least 7d2h1m, got 7d: .*\(7d planned_lead \+ 0s switch_spread \+ 1h max/],
  ],
  [
    'a lead that a service judged by time outlasts',
    `${withIssuer('jwks_uri: https://a.example/, planned_lead: 1h')}
services: [{name: app, profile: lazy, evidence: timed}]`,
    [
      /^issuers\.0\.planned_lead: expected at least 1h12m, got 1h: app is judged by time, and activate stays shut for its 12m \+ 1h publish_safety$/,
    ],
  ],
  [
    'a lead shorter than the time of stability',
    `${withIssuer('jwks_uri: https://a.example/, planned_lead: 10s')}
policy: {stable_for: 1m}`,
    [/^issuers\.0\.planned_lead: expected at least policy\.stable_for \(1m\), got 10s$/],
  ],
  [
    'durations below zero and beyond reason',
    `${withIssuer('jwks_uri: https://a.example/, planned_lead: -1h, rotation_period: 0s, max_token_lifetime: 900d, switch_spread: 2d')}
policy: {stable_for: 25h}`,
    [
      /^issuers\.0\.max_token_lifetime: expected between 1s and 400d, got 900d/,
      /^issuers\.0\.switch_spread: expected between 0ms and 1d, got 2d/,
      /^issuers\.0\.planned_lead: .*got "-1h"/,
      /^issuers\.0\.rotation_period: expected between 1s and 400d/,
      /^policy\.stable_for: expected between 0ms and 1d, got 25h/,
    ],
  ],
  [
    'static keys that are fetched',
    withService(
      '{name: a, overrides: {static_keys: true, refresh: 1h, refetches_on_unknown_kid: true}}',
    ),
    [
      /^services\.0\.overrides\.refresh: expected nothing beside static_keys: true/,
      /^services\.0\.overrides\.refetches_on_unknown_kid: expected nothing beside/,
    ],
  ],
  [
    'a cooldown of fetches that never happen',
    withService(
      '{name: a, profile: lazy, overrides: {cooldown: 1m, refetches_on_unknown_kid: false}}',
    ),
    [/^services\.0\.overrides\.cooldown: expected only where an unknown kid makes it fetch/],
  ],
  ['no issuer at all', 'services: [{name: a}]', [/^services\.0: a takes tokens from no issuer/]],
  [
    'unknown profile',
    withService('{name: a, profile: jose}'),
    [/^services\.0\.profile: there is no profile jose; did you mean npm-jose\?/],
  ],
  [
    'service twice',
    `${withService('{name: a}')}  - {name: a}`,
    [/^services\.1\.name: a is there twice/],
  ],
  ['service name', withService('{name: "a b"}'), [/^services\.0\.name: expected letters, digits/]],
  ['service unnamed', withService('{required: true}'), [/^services\.0\.name: .*got nothing/]],
  [
    'negative instances',
    withService('{name: a, instances: -1}'),
    [/^services\.0\.instances: expected a whole number from 0 to 1000000, got -1/],
  ],
  [
    'grade',
    withService('{name: a, evidence: seen}'),
    [/^services\.0\.evidence: expected one of verified, present, served, .*got "seen"/],
  ],
  [
    'timed without a bound',
    withService('{name: a, profile: haproxy, evidence: timed}'),
    [/^services\.0\.evidence: timed would never pass: profile haproxy knows no bound/],
  ],
  [
    'timed on an unknown profile',
    withService('{name: a, evidence: timed}'),
    [/^services\.0\.evidence: timed would never pass/],
  ],
  ...(
    [
      [
        'kind: static, evidence: present',
        'evidence',
        /attested for kind static, got present: .*use kind pushed/,
      ],
      ['kind: static, evidence: timed', 'evidence', /expected attested for kind static, got timed/],
      [
        'kind: proxied, evidence: verified',
        'evidence',
        /served or fetchable for kind proxied, got verified/,
      ],
      [
        'kind: instrumented, evidence: attested',
        'evidence',
        /kind instrumented, got attested: its verifiers report/,
      ],
      ['kind: pushed, evidence: timed', 'evidence', /kind pushed, got timed/],
      ['kind: attested, evidence: served', 'evidence', /expected attested for kind attested/],
      [
        'kind: managed, evidence: present',
        'evidence',
        /attested or timed for kind managed, got present/,
      ],
      ['kind: managed, evidence: timed', 'evidence', /timed would never pass/],
      [
        'kind: unmanaged, refresh_bound: 1d, evidence: present',
        'evidence',
        /expected timed for kind unmanaged/,
      ],
      [
        'kind: unmanaged, refresh_bound: 1d, instances: 3',
        'instances',
        /expected none for kind unmanaged/,
      ],
      [
        'kind: managed, instances: {min: 1, max: 2}',
        'instances',
        /expected a number for kind managed/,
      ],
      ['instances: {min: 3, max: 2}', 'instances.max', /expected at least min, 3, got 2/],
      ['instances: {min: -1, max: 2}', 'instances.min', /from 0 to 1000000, got -1/],
      ['instances: {min: 1}', 'instances.max', /expected a whole number .*got nothing/],
      ['instances: {min: 1, max: 2, most: 3}', 'instances.most', /unknown key "most"/],
      ['instances: [1, 2]', 'instances', /expected a section with keys/],
      ['instances: many', 'instances', /expected a whole number .*got "many"/],
      [
        'kind: mobile',
        'kind',
        /expected one of instrumented, proxied, pushed, attested, unmanaged, static, managed, got "mobile"/,
      ],
      [
        'kind: proxied, profile: haproxy',
        'kind',
        /profile haproxy are configured: expected kind static/,
      ],
      ['kind: unmanaged, refresh_bound: 1d, profile: haproxy', 'kind', /expected kind static/],
      [
        'kind: static, overrides: {refresh: 1h}',
        'overrides.refresh',
        /kind static fetches nothing/,
      ],
      [
        'kind: static, overrides: {static_keys: false}',
        'overrides.static_keys',
        /expected true for kind static/,
      ],
      [
        'kind: static, overrides: {refetches_on_unknown_kid: true}',
        'overrides.refetches_on_unknown_kid',
        /expected false/,
      ],
      ['kind: unmanaged', '', /expected refresh_bound or cohorts .*got neither/],
      [
        'kind: unmanaged, refresh_bound: 1d, cohorts: [{percentile: 50, within: 1h}]',
        '',
        /got both/,
      ],
      ['kind: unmanaged, refresh_bound: -1d', 'refresh_bound', /expected a duration .*got "-1d"/],
      ['kind: unmanaged, refresh_bound: 0', 'refresh_bound', /expected a duration/],
      ['kind: unmanaged, refresh_bound: 0s', 'refresh_bound', /expected between 1s and 400d/],
      ['kind: unmanaged, refresh_bound: 9999d', 'refresh_bound', /expected between 1s and 400d/],
      ['kind: unmanaged, cohorts: []', 'cohorts', /at least 1 entry/],
      [
        'kind: unmanaged, cohorts: [{percentile: 0, within: 1h}]',
        'cohorts.0.percentile',
        /above 0 and at most 100.*got 0/,
      ],
      [
        'kind: unmanaged, cohorts: [{percentile: 100.1, within: 1h}]',
        'cohorts.0.percentile',
        /got 100\.1/,
      ],
      [
        'kind: unmanaged, cohorts: [{percentile: 99.99999, within: 1h}]',
        'cohorts.0.percentile',
        /at most 4 decimals/,
      ],
      [
        'kind: unmanaged, cohorts: [{percentile: .nan, within: 1h}]',
        'cohorts.0.percentile',
        /above 0/,
      ],
      [
        'kind: unmanaged, cohorts: [{percentile: 50, within: 1h}, {percentile: 50, within: 2h}]',
        'cohorts.1.percentile',
        /expected more than 50, the percentile before, got 50/,
      ],
      [
        'kind: unmanaged, cohorts: [{percentile: 50, within: 2h}, {percentile: 60, within: 1h}]',
        'cohorts.1.within',
        /a larger share cannot be faster/,
      ],
      ['kind: unmanaged, refresh_bound: 1d, cover_percentile: 0', 'cover_percentile', /above 0/],
      [
        'kind: unmanaged, refresh_bound: 1d, overrides: {new_kid_refused: 1h}',
        'overrides.new_kid_refused',
        /left out for kind unmanaged/,
      ],
      [
        'refresh_bound: 1d',
        'refresh_bound',
        /expected only with kind unmanaged, got it with kind instrumented/,
      ],
      [
        'kind: static, cohorts: [{percentile: 50, within: 1h}]',
        'cohorts',
        /only with kind unmanaged/,
      ],
      ['kind: attested, cover_percentile: 50', 'cover_percentile', /only with kind unmanaged/],
      ['kind: attested, shipping_interval: 30d', 'shipping_interval', /only with kind static/],
      ['kind: static, shipping_interval: 1ms', 'shipping_interval', /expected between 1m and 400d/],
    ] as const
  ).map(([settings, at, message]): (typeof wrong)[number] => [
    settings,
    withService(`{name: a, ${settings}}`),
    [
      new RegExp(
        `^services\\.0${at === '' ? '' : `\\.${at.replaceAll('.', '\\.')}`}: .*${message.source}`,
      ),
    ],
  ]),
  [
    'cover nobody',
    'policy: {cover_percentile: 0}',
    [/^policy\.cover_percentile: expected a percentile above 0 and at most 100.*got 0/],
  ],
  [
    'override without unit',
    withService('{name: a, overrides: {refresh: 600}}'),
    [/^services\.0\.overrides\.refresh: expected a duration with a unit .*or unbounded, got 600/],
  ],
  [
    'no issuers',
    withService('{name: a, issuers: []}'),
    [/^services\.0\.issuers: expected at least 1 entry, got a list of 0/],
  ],
  ['required', withService('{name: a, required: "yes"}'), [/expected true or false, got "yes"/]],
  [
    'hostile text is not repeated as it came',
    withService('{name: "a\\u001b[31m\\n", profile: x}'),
    [/got "a\\u001b\[31m\\n"/, /there is no profile x/].slice(0, 1),
  ],
];

t.test('every mistake gets a sentence', async (t) => {
  for (const [name, yaml, expected] of wrong) {
    await t.test(name, async (t) => {
      const problems = problemsOf(t, yaml);
      t.equal(problems.length, expected.length, problems.join(' | '));
      for (const [index, pattern] of expected.entries()) t.match(problems[index], pattern);
    });
  }
});

t.test('all problems at once, with their places, in the order of the file', async (t) => {
  const yaml = `listen:
  http: 0.0.0.0:7460
issuers:
  - issuer: https://issuer.example
    jwks_url: https://issuer.example/jwks
services:
  - name: a
    issuers: [https://issuer.exmaple]
    profile: npm-josé
  - name: b
    instances: many
policy:
  heartbeat: 5
`;
  try {
    load(t, yaml, { KEYTURN_LISTEN_GRPC: 'nowhere' });
    t.fail('accepted');
  } catch (thrown) {
    t.match(thrown, { code: 'CONFIG' });
    const lines = (thrown as ConfigError).message.split('\n');
    t.match(lines[0], /collector\.yaml has 7 problems:$/);
    t.match(lines.slice(1), [
      /^ {2}KEYTURN_LISTEN_GRPC: expected host:port/,
      /^ {2}line 2, column 9: listen\.http: 0\.0\.0\.0:7460 can be reached/,
      /^ {2}line 5, column 5: issuers\.0\.jwks_url: unknown key "jwks_url"; did you mean jwks_uri\?/,
      /^ {2}line 8, column 15: services\.0\.issuers\.0: .*did you mean https:\/\/issuer\.example\?/,
      /^ {2}line 9, column 14: services\.0\.profile: there is no profile npm-josé; did you mean npm-jose\?/,
      /^ {2}line 11, column 16: services\.1\.instances: expected a whole number .*got "many"/,
      /^ {2}line 13, column 14: policy\.heartbeat: .*got 5/,
    ]);
  }
});

t.test('a file full of mistakes is not repeated whole', async (t) => {
  const services = Array.from({ length: 500 }, (_, n) => `  - {name: s${n}, profil: x}`);
  t.throws(() => load(t, `${ISSUER}services:\n${services.join('\n')}`), {
    message: /has 500 problems:\n(?: {2}line .*\n){50} {2}and 450 more$/,
  });
});

t.test('broken YAML is told with line and column', async (t) => {
  const cases: readonly [string, RegExp][] = [
    ['listen:\n  http: [1, 2\n', /line 3, column 1: .*flow/i],
    ['listen: {}\nlisten: {}\n', /line 2, column 1: broken YAML: Map keys must be unique/],
    ['a: 1\n\tb: 2\n', /line 2, column \d+: /],
    ['a: *nowhere\n', /Unresolved alias/],
    ['a: !!js/function x\n', /line 1, column 4: broken YAML: Unresolved tag/],
    ['a: 1\n---\nb: 2\n', /multiple documents/i],
  ];
  for (const [yaml, message] of cases) {
    t.throws(() => load(t, yaml), { code: 'CONFIG', message }, JSON.stringify(yaml));
  }
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e', 'f']
    .map((n, i) => `${n}: &${n} [${Array(9).fill(`*${'abcde'[i]}`).join(', ')}]`)
    .join('\n')}`;
  t.throws(() => load(t, bomb), { code: 'CONFIG', message: /alias/i }, 'alias bomb');
  t.throws(() => load(t, `#${'x'.repeat(1_100_000)}`), { message: /at most 1048576 characters/ });
});

t.test('a settings file that cannot be read', async (t) => {
  const directory = t.testdir();
  mkdirSync(path.join(directory, 'dir'));
  for (const [file, message] of [
    ['missing.yaml', /missing\.yaml has a problem:\n.*cannot be read: ENOENT/],
    ['dir', /EISDIR/],
  ] as const) {
    t.throws(() => loadConfig({ file, env: {}, cwd: directory, profiles }), {
      code: 'CONFIG',
      message,
    });
  }
});

t.test('the log level is from the environment', async (t) => {
  t.equal(load(t, '', { KEYTURN_LOG_LEVEL: 'debug' }).logLevel, 'debug');
  t.equal(load(t, '', { KEYTURN_LOG_LEVEL: '' }).logLevel, 'info', 'empty counts as not set');
  t.same(problemsOf(t, '', { KEYTURN_LOG_LEVEL: 'loud' }), [
    'KEYTURN_LOG_LEVEL: expected one of trace, debug, info, warn, error, silent, got "loud"',
  ]);
});

t.test('a bad operator token is refused and not shown', async (t) => {
  const problems = problemsOf(t, '', { KEYTURN_OPERATOR_TOKEN: 's3cret' });
  t.match(problems, [/^KEYTURN_OPERATOR_TOKEN: expected 20 to 512 .* got 6 characters/]);
  t.notMatch(problems.join(), /s3cret/);
  t.match(
    problemsOf(t, '', {
      KEYTURN_OPERATOR_TOKEN: 'a-token-that-is-long-enough',
      KEYTURN_OPERATOR_TOKEN_FILE: 'x',
    }),
    [/got both/],
  );
});

t.test('the name in receipts', async (t) => {
  t.equal(load(t, ISSUER).name, 'keyturn');
  t.equal(load(t, `name: https://keyturn.example${ISSUER}`).name, 'https://keyturn.example');
  t.match(problemsOf(t, `name: 7${ISSUER}`), [/^name: expected a name.*, got 7/]);
  t.match(problemsOf(t, `name: "a\\u202Eb"${ISSUER}`), [/^name: expected printable/]);
  t.match(problemsOf(t, `name: ${'x'.repeat(300)}${ISSUER}`), [/^name: .*256 bytes, got 300/]);
});
