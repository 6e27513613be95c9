import t from 'tap';
import * as codec from '../../src/wire/codec.ts';

const THUMBPRINT = Buffer.alloc(32, 7);
const KEY = { kid: 'k1', thumbprint: THUMBPRINT, alg: 'RS256' };
const SET = {
  issuer: 'https://issuer.example',
  keys: [KEY],
  consecutiveFailures: 0,
  lastError: 0,
  documentSha256: Buffer.alloc(0),
};
const ROW = {
  issuer: 'https://issuer.example',
  key: { $case: 'kid', value: 'k1' },
  outcomes: [{ outcome: 1, count: 5 }],
  acceptedWithoutExp: 0,
  acceptedWithoutIat: 0,
};
const REPORT = {
  handle: 1,
  epoch: 1,
  seq: 1,
  observedAgeMs: 0,
  keySets: [SET],
  counts: [ROW],
  dropped: 0,
};
const VERIFIER = {
  handle: 1,
  service: 'checkout',
  instance: 'pod-1',
  cache: 'main',
  profile: 'npm-jose',
  source: 1,
  issuers: ['https://issuer.example'],
  keyKind: 0,
};
const HELLO = {
  bootId: Buffer.alloc(16, 1),
  agentVersion: '0.1.0',
  verifiers: [VERIFIER],
  wallUnixMs: 0,
};

const times = <T>(length: number, value: T): T[] => Array.from({ length }, () => value);
const inKey = (change: object) => ({
  ...REPORT,
  keySets: [{ ...SET, keys: [{ ...KEY, ...change }] }],
});
const inSet = (change: object) => ({ ...REPORT, keySets: [{ ...SET, ...change }] });
const inRow = (change: object) => ({ ...REPORT, counts: [{ ...ROW, ...change }] });
const inVerifier = (change: object) => ({ ...HELLO, verifiers: [{ ...VERIFIER, ...change }] });

/** What came, the field named, and the sentence. */
type Row = readonly [what: string, message: unknown, field: string, sentence: string | RegExp];

const REPORT_ROWS: readonly Row[] = [
  ['not a message', 'x', 'report', 'expected a message, got "x"'],
  ['nothing', undefined, 'report', 'expected a message, got nothing'],
  ['epoch 0', { ...REPORT, epoch: 0 }, 'epoch', 'expected a whole number from 1, got 0'],
  ['seq 0', { ...REPORT, seq: 0 }, 'seq', 'expected a whole number from 1, got 0'],
  [
    'seq beyond exact numbers',
    { ...REPORT, seq: 2 ** 53 },
    'seq',
    /^expected a whole number from 1, got 9007199254740992$/,
  ],
  [
    'negative dropped',
    { ...REPORT, dropped: -1 },
    'dropped',
    'expected a whole number from 0 to 4294967295, got -1',
  ],
  [
    '17 key sets',
    { ...REPORT, keySets: times(17, SET) },
    'key_sets',
    'expected at most 16 entries, got 17',
  ],
  [
    'key sets that are no list',
    { ...REPORT, keySets: {} },
    'key_sets',
    'expected a list, got an object',
  ],
  [
    '10,000 kids',
    inSet({ keys: times(10_000, KEY) }),
    'key_sets[0].keys',
    'expected at most 128 entries, got 10000',
  ],
  [
    'one issuer twice',
    { ...REPORT, keySets: [SET, SET] },
    'key_sets[1].issuer',
    'expected each issuer once, got it twice',
  ],
  [
    'one key twice',
    inSet({ keys: [KEY, KEY] }),
    'key_sets[0].keys[1].kid',
    'expected each key once, got it twice',
  ],
  [
    'issuer of 513 bytes',
    inSet({ issuer: 'i'.repeat(513) }),
    'key_sets[0].issuer',
    'expected at most 512 bytes, got 513',
  ],
  [
    'kid of 1 MB',
    inKey({ kid: 'k'.repeat(1_048_576) }),
    'key_sets[0].keys[0].kid',
    'expected at most 128 bytes, got 1048576',
  ],
  [
    'empty kid',
    inKey({ kid: '' }),
    'key_sets[0].keys[0].kid',
    'expected text, got an empty string',
  ],
  [
    'kid that clears the terminal',
    inKey({ kid: '\u001b[2Jk' }),
    'key_sets[0].keys[0].kid',
    'expected printable characters only, got "\\u001b[2Jk"',
  ],
  [
    'kid that reorders text',
    inKey({ kid: 'a\u202eb' }),
    'key_sets[0].keys[0].kid',
    'expected printable characters only, got "a\\u{202e}b"',
  ],
  ['kid that is a number', inKey({ kid: 7 }), 'key_sets[0].keys[0].kid', 'expected text, got 7'],
  [
    'thumbprint of 31 bytes',
    inKey({ thumbprint: Buffer.alloc(31) }),
    'key_sets[0].keys[0].thumbprint',
    'expected 32 bytes, got 31 bytes',
  ],
  [
    'thumbprint as text',
    inKey({ thumbprint: 'abc' }),
    'key_sets[0].keys[0].thumbprint',
    'expected 32 bytes, got "abc"',
  ],
  [
    'thumbprint of a shared secret',
    inKey({ alg: 'HS256' }),
    'key_sets[0].keys[0].thumbprint',
    'expected none with a shared secret: its thumbprint is a digest of the secret',
  ],
  [
    'digest of a shared secret as text',
    inKey({ alg: 'HS512', thumbprint: 'deadbeef' }),
    'key_sets[0].keys[0].thumbprint',
    'expected none with a shared secret: its thumbprint is a digest of the secret',
  ],
  [
    'shared secret misspelt, with a thumbprint',
    inKey({ alg: 'hs256' }),
    'key_sets[0].keys[0].thumbprint',
    'expected none with a shared secret: its thumbprint is a digest of the secret',
  ],
  [
    'algorithm that is no secret one',
    inKey({ alg: 'HS1024', thumbprint: Buffer.alloc(0) }),
    'key_sets[0].keys[0].alg',
    'expected one of HS256, HS384, HS512',
  ],
  [
    'public key without thumbprint',
    inKey({ thumbprint: Buffer.alloc(0) }),
    'key_sets[0].keys[0].thumbprint',
    'expected 32 bytes, got 0 bytes',
  ],
  [
    'key without thumbprint and alg',
    inKey({ thumbprint: Buffer.alloc(0), alg: '' }),
    'key_sets[0].keys[0].thumbprint',
    'expected 32 bytes, got 0 bytes',
  ],
  [
    'hash of a document of secrets',
    inSet({
      keys: [{ ...KEY, alg: 'HS256', thumbprint: Buffer.alloc(0) }],
      documentSha256: Buffer.alloc(32),
    }),
    'key_sets[0].document_sha256',
    'expected none with nothing but shared secrets',
  ],
  [
    'age of secrets that is negative',
    inSet({ secretsAgeMs: -1 }),
    'key_sets[0].secrets_age_ms',
    /^expected a whole number from 0/,
  ],
  [
    'alg of 33 bytes',
    inKey({ alg: 'A'.repeat(33) }),
    'key_sets[0].keys[0].alg',
    'expected at most 32 bytes, got 33',
  ],
  [
    'alg with markup',
    inKey({ alg: '<b>' }),
    'key_sets[0].keys[0].alg',
    'expected letters, digits and . _ + - only, got "<b>"',
  ],
  [
    'age of a century',
    inSet({ dataAgeMs: 3.2e12 }),
    'key_sets[0].data_age_ms',
    'expected a whole number from 0 to 315360000000, got 3200000000000',
  ],
  [
    'negative age',
    inSet({ servedAgeMs: -1 }),
    'key_sets[0].served_age_ms',
    /^expected a whole number from 0/,
  ],
  [
    'age that is no number',
    inSet({ attemptAgeMs: Number.NaN }),
    'key_sets[0].attempt_age_ms',
    /got NaN$/,
  ],
  [
    'unknown fetch error',
    inSet({ lastError: 99 }),
    'key_sets[0].last_error',
    /^expected one of timeout, .*, got 99$/,
  ],
  [
    'short document hash',
    inSet({ documentSha256: Buffer.alloc(20) }),
    'key_sets[0].document_sha256',
    'expected 32 bytes, got 20 bytes',
  ],
  [
    '257 rows',
    { ...REPORT, counts: times(257, ROW) },
    'counts',
    'expected at most 256 entries, got 257',
  ],
  [
    'one row twice',
    { ...REPORT, counts: [ROW, ROW] },
    'counts[1].key',
    'expected each issuer and key once, got it twice',
  ],
  [
    'row without a key',
    inRow({ key: undefined }),
    'counts[0].key',
    'expected a message, got nothing',
  ],
  [
    'row of another key',
    inRow({ key: { $case: 'all', value: true } }),
    'counts[0].key',
    'expected kid, none or other, got "all"',
  ],
  [
    'none that is false',
    inRow({ key: { $case: 'none', value: false } }),
    'counts[0].none',
    'expected true, got false',
  ],
  [
    'row with a long kid',
    inRow({ key: { $case: 'kid', value: 'k'.repeat(129) } }),
    'counts[0].kid',
    'expected at most 128 bytes, got 129',
  ],
  [
    'negative count',
    inRow({ outcomes: [{ outcome: 1, count: -5 }] }),
    'counts[0].outcomes[0].count',
    'expected a whole number from 0, got -5',
  ],
  [
    'half a count',
    inRow({ outcomes: [{ outcome: 1, count: 0.5 }] }),
    'counts[0].outcomes[0].count',
    'expected a whole number from 0, got 0.5',
  ],
  [
    'no outcome',
    inRow({ outcomes: [{ outcome: 0, count: 1 }] }),
    'counts[0].outcomes[0].outcome',
    /^expected one of ok, .*, got 0$/,
  ],
  [
    'unknown outcome',
    inRow({ outcomes: [{ outcome: 15, count: 1 }] }),
    'counts[0].outcomes[0].outcome',
    /, got 15$/,
  ],
  [
    'one outcome twice',
    inRow({
      outcomes: [
        { outcome: 2, count: 1 },
        { outcome: 2, count: 1 },
      ],
    }),
    'counts[0].outcomes[1].outcome',
    'expected each outcome once, got it twice',
  ],
  [
    'negative exp',
    inRow({ highestExp: -1 }),
    'counts[0].highest_exp',
    /^expected a whole number from 0/,
  ],
];

const HELLO_ROWS: readonly Row[] = [
  [
    'boot id of 15 bytes',
    { ...HELLO, bootId: Buffer.alloc(15) },
    'hello.boot_id',
    'expected 16 bytes, got 15 bytes',
  ],
  [
    'long version',
    { ...HELLO, agentVersion: 'v'.repeat(65) },
    'hello.agent_version',
    'expected at most 64 bytes, got 65',
  ],
  [
    'clock that is no number',
    { ...HELLO, wallUnixMs: Number.POSITIVE_INFINITY },
    'hello.wall_unix_ms',
    /got Infinity$/,
  ],
  [
    'empty service',
    inVerifier({ service: '' }),
    'hello.verifiers[0].service',
    'expected a name, got an empty string',
  ],
  [
    'instance with a slash',
    inVerifier({ instance: 'a/b' }),
    'hello.verifiers[0].instance',
    /^expected letters, digits .*, got "a\/b"$/,
  ],
  [
    'cache of 65 bytes',
    inVerifier({ cache: 'c'.repeat(65) }),
    'hello.verifiers[0].cache',
    'expected at most 64 bytes, got 65',
  ],
  [
    'kind of keys from the future',
    inVerifier({ keyKind: 7 }),
    'hello.verifiers[0].key_kind',
    'expected one of any, public, secret, got 7',
  ],
  [
    'source not given',
    inVerifier({ source: 0 }),
    'hello.verifiers[0].source',
    'expected one of in_process, pushed, proxy, got 0',
  ],
  [
    '17 issuers',
    inVerifier({ issuers: Array.from({ length: 17 }, (_, i) => `i${i}`) }),
    'hello.verifiers[0].issuers',
    'expected at most 16 entries, got 17',
  ],
  [
    'one issuer twice',
    inVerifier({ issuers: ['a', 'a'] }),
    'hello.verifiers[0].issuers[1]',
    'expected each issuer once, got it twice',
  ],
  [
    'one handle twice',
    { ...HELLO, verifiers: [VERIFIER, { ...VERIFIER, instance: 'pod-2' }] },
    'hello.verifiers[1].handle',
    'expected each handle once, got it twice',
  ],
  [
    'one verifier twice',
    { ...HELLO, verifiers: [VERIFIER, { ...VERIFIER, handle: 2 }] },
    'hello.verifiers[1].service',
    'expected each service, instance and cache once, got it twice',
  ],
];

const TOKEN = 'aGVhZGVy.Y2xhaW1z.c2lnbmF0dXJl';
const CANARY = { role: 1, token: TOKEN };
const PROBE = {
  id: 'p1',
  handle: 1,
  issuer: 'https://issuer.example',
  expiresInMs: 1_000,
  apartMs: 1_000,
  canaries: [CANARY],
};
const RESULT = {
  probeId: 'p1',
  handle: 1,
  ageMs: 5,
  answers: [{ role: 1, outcome: 1, status: 200 }],
};
const inProbe = (change: object) => ({ probes: [{ ...PROBE, ...change }], withdrawnIds: [] });
const inCanary = (change: object) => inProbe({ canaries: [{ ...CANARY, ...change }] });
const inResult = (change: object) => ({ results: [{ ...RESULT, ...change }] });

const PROBE_ROWS: readonly Row[] = [
  [
    '65 probes',
    { probes: times(65, PROBE), withdrawnIds: [] },
    'probes.probes',
    'expected at most 64 entries, got 65',
  ],
  [
    'one probe twice',
    { probes: [PROBE, PROBE], withdrawnIds: [] },
    'probes.probes[1].id',
    'expected each probe once, got it twice',
  ],
  [
    'a probe without an id',
    inProbe({ id: '' }),
    'probes.probes[0].id',
    'expected a name, got an empty string',
  ],
  [
    'an issuer that clears the terminal',
    inProbe({ issuer: '\u001b[2J' }),
    'probes.probes[0].issuer',
    /^expected printable characters only/,
  ],
  ['four tokens', inProbe({ canaries: times(4, CANARY) }), 'probes.probes[0].canaries', /got 4$/],
  [
    'one role twice',
    inProbe({ canaries: [CANARY, CANARY] }),
    'probes.probes[0].canaries[1].role',
    'expected each role once, got it twice',
  ],
  [
    'a role nobody knows',
    inCanary({ role: 9 }),
    'probes.probes[0].canaries[0].role',
    'expected one of next, current, bogus, got 9',
  ],
  [
    'a token that would break out of its header',
    inCanary({ token: `${TOKEN}\r\nx: y` }),
    'probes.probes[0].canaries[0].token',
    /^expected a compact JWS .*, got 36 bytes that are none$/,
  ],
  [
    'an unsigned token',
    inCanary({ token: 'aGVhZGVy.Y2xhaW1z.' }),
    'probes.probes[0].canaries[0].token',
    /^expected a compact JWS/,
  ],
  [
    'a token of 5,000 bytes',
    inCanary({ token: `a.b.${'c'.repeat(4_996)}` }),
    'probes.probes[0].canaries[0].token',
    'expected a token of at most 4096 bytes, got 5000',
  ],
  [
    'a token that is no text',
    inCanary({ token: { secret: TOKEN } }),
    'probes.probes[0].canaries[0].token',
    'expected text, got something else',
  ],
  [
    'an id to withdraw that is none',
    { probes: [], withdrawnIds: ['a/b'] },
    'probes.withdrawn_ids[0]',
    /^expected letters, digits/,
  ],
];

const RESULT_ROWS: readonly Row[] = [
  ['257 results', { results: times(257, RESULT) }, 'results', /got 257$/],
  [
    'one result twice',
    { results: [RESULT, RESULT] },
    'results[1].probe_id',
    'expected each probe once, got it twice',
  ],
  ['a result of nothing', inResult({ probeId: '' }), 'results[0].probe_id', /^expected a name/],
  [
    'an age of two days',
    inResult({ ageMs: 172_800_000 }),
    'results[0].age_ms',
    'expected a whole number from 0 to 86400000, got 172800000',
  ],
  [
    'an outcome nobody knows',
    inResult({ answers: [{ role: 1, outcome: 0 }] }),
    'results[0].answers[0].outcome',
    'expected one of accepted, rejected, unreachable, unclear, got 0',
  ],
  [
    'one role twice',
    inResult({ answers: times(2, { role: 1, outcome: 1 }) }),
    'results[0].answers[1].role',
    'expected each role once, got it twice',
  ],
  [
    'a status nobody has',
    inResult({ answers: [{ role: 1, outcome: 1, status: 1_000 }] }),
    'results[0].answers[0].status',
    /from 0 to 999, got 1000$/,
  ],
];

const SETTINGS = {
  reportIntervalMs: 15_000,
  leaseMs: 45_000,
  holdDownRemainingMs: 0,
  reconnectWindowMs: 1_000,
  watchedKeys: [],
};

const ANSWER_ROWS: readonly (readonly [string, codec.Checked<unknown>, string, string | RegExp])[] =
  [
    [
      'welcome without settings',
      codec.welcomeFromWire({ assignments: [], settings: undefined }),
      'welcome.settings',
      'expected a message, got nothing',
    ],
    [
      'interval that would spin an agent',
      codec.settingsFromWire({ ...SETTINGS, reportIntervalMs: 0 }),
      'settings.report_interval_ms',
      'expected a whole number from 50 to 86400000, got 0',
    ],
    [
      'epoch 0 for an accepted verifier',
      codec.welcomeFromWire({
        assignments: [{ handle: 1, epoch: 0, committedSeq: 0, refused: '' }],
        settings: SETTINGS,
      }),
      'welcome.assignments[0].epoch',
      'expected a whole number from 1, got 0',
    ],
    [
      'ack that says nothing',
      codec.ackFromWire({ handle: 1, epoch: 1, seq: 1, result: 0, reason: '' }),
      'ack.result',
      'expected one of applied, ignored, superseded, rejected, got 0',
    ],
    [
      'gate not given',
      codec.gateFromWire(0),
      'gate',
      'expected one of publish, activate, retire, purge, rollback, got 0',
    ],
    ['step not given', codec.stepFromWire(0), 'step', /^expected one of publish, /],
    [
      'fact not known',
      codec.factFromWire(9),
      'fact',
      'expected one of holds_new, rejects_old, got 9',
    ],
    [
      'one goodbye twice',
      codec.goodbyeFromWire({ handles: [1, 1], reason: '' }),
      'goodbye.handles[1]',
      'expected each handle once, got it twice',
    ],
  ];

t.test('the messages the tables spoil are good ones', (t) => {
  t.match(codec.reportFromWire(REPORT), { ok: true });
  t.match(codec.helloFromWire(HELLO), { ok: true });
  t.match(codec.settingsFromWire(SETTINGS), { ok: true });
  t.end();
});

t.test('reports', (t) => {
  for (const [what, message, field, sentence] of REPORT_ROWS) {
    t.match(codec.reportFromWire(message), { ok: false, field, message: sentence }, what);
  }
  t.end();
});

t.test('hellos', (t) => {
  for (const [what, message, field, sentence] of HELLO_ROWS) {
    t.match(codec.helloFromWire(message), { ok: false, field, message: sentence }, what);
  }
  t.end();
});

t.test('probes, without a token in any sentence', (t) => {
  t.match(codec.probeOrdersFromWire({ probes: [PROBE], withdrawnIds: [] }), { ok: true });
  t.match(codec.probeResultsFromWire({ results: [RESULT] }), { ok: true });
  for (const [what, message, field, sentence] of PROBE_ROWS) {
    const read = codec.probeOrdersFromWire(message);
    t.match(read, { ok: false, field, message: sentence }, what);
    if (!read.ok) t.notMatch(read.message, /aGVhZGVy|Y2xhaW1z|cccc/, what);
  }
  for (const [what, message, field, sentence] of RESULT_ROWS) {
    t.match(codec.probeResultsFromWire(message), { ok: false, field, message: sentence }, what);
  }
  t.end();
});

t.test('everything else', (t) => {
  for (const [what, result, field, sentence] of ANSWER_ROWS) {
    t.match(result, { ok: false, field, message: sentence }, what);
  }
  t.end();
});

t.test('one bad report does not spoil the others, and is named by its place', (t) => {
  const read = codec.reportsFromWire({ reports: [REPORT, { ...REPORT, seq: 2, dropped: -1 }] });
  t.match(read, {
    ok: true,
    value: [
      { handle: 1, epoch: 1, seq: 1, report: { ok: true } },
      { handle: 1, epoch: 1, seq: 2, report: { ok: false, field: 'reports[1].dropped' } },
    ],
  });
  t.match(codec.reportsFromWire({ reports: times(1_001, REPORT) }), {
    ok: false,
    field: 'reports',
    message: 'expected at most 1000 entries, got 1001',
  });
  t.end();
});

t.test('a verdict that cannot be read is never open', (t) => {
  for (const status of [0, 5, undefined, 'open']) {
    t.match(codec.verdictFromWire({ status }), { ok: false });
  }
  t.end();
});

t.test('numbers the wire cannot carry are brought to the careful side', (t) => {
  const key = { kind: 'none' } as const;
  const row = {
    issuer: 'i',
    key,
    outcomes: {},
    highestIat: 1_700_000_000.2,
    highestExp: -4,
    longestLifetimeS: Number.POSITIVE_INFINITY,
    acceptedWithoutExp: Number.NaN,
    acceptedWithoutIat: 1,
    lastAcceptedAgeMs: 12.9,
  };
  const set = {
    issuer: 'i',
    keys: [],
    dataAgeMs: 12.1,
    attemptAgeMs: Number.NaN,
    consecutiveFailures: 2 ** 40,
    lastError: null,
    nextRefreshInMs: -3,
    cooldownInMs: 1e15,
    documentSha256: null,
    servedAgeMs: null,
    secretsAgeMs: null,
  };
  const stamp = { handle: 1, epoch: 1, seq: 1, observedAgeMs: 2 ** 40, dropped: 0 };
  const read = codec.reportFromWire(
    codec.reportToWire({ ...stamp, keySets: [set], counts: [row] }),
  );
  t.match(read, {
    ok: true,
    value: {
      observedAgeMs: 0xffff_ffff,
      keySets: [
        {
          dataAgeMs: 13,
          attemptAgeMs: 315_360_000_000,
          consecutiveFailures: 0xffff_ffff,
          nextRefreshInMs: 0,
          cooldownInMs: 315_360_000_000,
        },
      ],
      counts: [
        {
          highestIat: 1_700_000_001,
          highestExp: 0,
          longestLifetimeS: 253_402_300_799,
          acceptedWithoutExp: 0,
          lastAcceptedAgeMs: 12,
        },
      ],
    },
  });
  t.end();
});
