import t from 'tap';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import { emptyFleet, enrol } from '../../src/core/fleet.ts';
import type { Liveness, Verifier } from '../../src/core/fleet.ts';
import type {
  HeldCounts,
  HeldKeySet,
  RotationRecord,
  VerifierRecord,
} from '../../src/core/records.ts';
import type { RotationFacts } from '../../src/core/standing.ts';
import { servedCounts, standingOf } from '../../src/core/standing.ts';
import type { HeldProbe, ProbedKey } from '../../src/core/probes/record.ts';
import { answersOf, KNOWS } from '../support/probing.ts';
import { ISSUER, keyOf, NEW, OLD, policyOf, profileOf, serviceOf } from '../support/policies.ts';

const PUBLISHED = 100_000;
const WITHDRAWN = 200_000;
const NOW = 300_000;

const LAZY = { refetchesOnUnknownKid: true, cooldownS: 30 };
const PER_KID = { replacesWholeSet: false, refetchesOnUnknownKid: true, cooldownS: 0 };

interface Situation {
  readonly source?: VerifierRecord['source'];
  readonly liveness?: Liveness;
  readonly observedAtMs?: number | null;
  readonly profile?: Partial<ProfileFacts>;
  readonly set?: Partial<HeldKeySet> | null;
  readonly accepted?: { readonly kid: string; readonly atMs: number };
  readonly facts?: Partial<RotationFacts>;
  readonly rotation?: Partial<RotationRecord>;
  readonly probe?: ProbePart;
}

interface ProbePart {
  readonly issuer?: string;
  readonly key?: ProbedKey;
  readonly knowsAtMs?: number;
  readonly untilMs?: number;
  readonly lacksAtMs?: number;
  readonly bogusAtMs?: number;
}

function heldProbe(part: ProbePart): HeldProbe {
  const key = part.key ?? NEW;
  const { knowsAtMs, untilMs = NOW + 60_000, lacksAtMs } = part;
  return {
    issuer: part.issuer ?? ISSUER,
    latest:
      knowsAtMs === undefined
        ? null
        : {
            rotationId: 'r',
            key,
            atMs: knowsAtMs,
            validUntilMs: untilMs,
            answers: answersOf(KNOWS),
          },
    refusedNew: lacksAtMs === undefined ? null : { key, atMs: lacksAtMs },
    bogusAcceptedAtMs: part.bogusAtMs ?? null,
  };
}

function verifierIn(situation: Situation): Verifier {
  const policy = policyOf([serviceOf('orders', { profile: profileOf(situation.profile) })]);
  const set: HeldKeySet = {
    issuer: ISSUER,
    keys: [OLD],
    dataAtMs: NOW,
    attemptAtMs: NOW,
    consecutiveFailures: 0,
    lastError: null,
    nextRefreshAtMs: null,
    cooldownUntilMs: null,
    documentSha256: null,
    servedAtMs: situation.source === 'proxy' ? NOW : null,
    secretsAtMs: null,
    ...situation.set,
  };
  const counts: HeldCounts[] =
    situation.accepted === undefined
      ? []
      : [
          {
            issuer: ISSUER,
            key: { kind: 'kid', kid: situation.accepted.kid },
            outcomes: { ok: 1 },
            highestIatS: null,
            highestExpS: null,
            longestLifetimeS: null,
            acceptedWithoutExp: 0,
            acceptedWithoutIat: 0,
            lastAcceptedAtMs: situation.accepted.atMs,
          },
        ];
  const observedAtMs = situation.observedAtMs === undefined ? NOW : situation.observedAtMs;
  const record: VerifierRecord = {
    id: { service: 'orders', instance: 'a', cache: 'jwks' },
    bootId: '',
    epoch: 1,
    seq: 1,
    profile: '',
    source: situation.source ?? 'in_process',
    issuers: [ISSUER],
    cacheKind: 'any',
    firstSeenAtMs: 0,
    receivedAtMs: observedAtMs,
    observedAtMs,
    keySets: situation.set === null ? [] : [set],
    counts,
    carried: [],
    otherBoots: [],
    departedAtMs: null,
    duplicateAtMs: null,
    probes: situation.probe === undefined ? [] : [heldProbe(situation.probe)],
  };
  return enrol(emptyFleet(policy, 0), policy, record, situation.liveness ?? 'reporting', 0);
}

function rotationIn(situation: Situation): RotationRecord {
  return {
    id: 'r',
    issuer: ISSUER,
    keyKind: 'public',
    oldKid: 'old',
    oldThumbprint: OLD.thumbprint,
    newKid: 'new',
    newThumbprint: NEW.thumbprint,
    ...situation.rotation,
  } as RotationRecord;
}

function standingIn(situation: Situation, withdrawn: boolean) {
  const rotation = rotationIn(situation);
  const facts = {
    publishedAtMs: PUBLISHED,
    rolledBackAtMs: null,
    withdrawnAtMs: withdrawn ? WITHDRAWN : null,
    ...situation.facts,
  };
  return standingOf(verifierIn(situation), rotation, facts, NOW);
}

const HOLDS: Situation = { set: { keys: [OLD, NEW] } };
const PROXY = { source: 'proxy' } as const;
const NEVER_FETCHED = { keys: [], dataAtMs: null, attemptAtMs: null };

const NEW_KEY: readonly [string, Situation, string][] = [
  ['holds it', HOLDS, 'present'],
  ['lacks it after a fresh fetch', {}, 'absent'],
  ['lacks it, fetched before', { set: { dataAtMs: 50_000 } }, 'stale'],
  ['nothing fetched, nothing promised', { set: NEVER_FETCHED }, 'stale'],
  ['no set for this issuer', { set: null }, 'stale'],
  ['silent, whatever it held', { ...HOLDS, liveness: 'silent' }, 'silent'],
  ['said hello only', { ...HOLDS, liveness: 'joined', observedAtMs: null }, 'never_seen'],
  ['holds it by a report from before', { ...HOLDS, observedAtMs: 99_999 }, 'stale'],
  ['holds it by a report of that moment', { ...HOLDS, observedAtMs: PUBLISHED }, 'present'],
  ['holds it, not published everywhere', { ...HOLDS, facts: { publishedAtMs: null } }, 'stale'],
  ['another key under the kid', { set: { keys: [OLD, keyOf('new', 'x')] } }, 'absent'],
  ['both keys under the kid', { set: { keys: [NEW, keyOf('new', 'x')] } }, 'absent'],
  ['nobody knows the thumbprint', { ...HOLDS, rotation: { newThumbprint: null } }, 'absent'],
  ['holds it and has used it', { ...HOLDS, accepted: { kid: 'new', atMs: 150_000 } }, 'verified'],
  ['used it before publication', { ...HOLDS, accepted: { kid: 'new', atMs: 99_000 } }, 'present'],
  ['used it, and lost it', { accepted: { kid: 'new', atMs: 150_000 } }, 'absent'],
  [
    'used it once, tells keys of unknown age without it',
    { set: { dataAtMs: null }, accepted: { kid: 'new', atMs: 150_000 } },
    'stale',
  ],
  ['used it, keys not known', { set: null, accepted: { kid: 'new', atMs: 150_000 } }, 'verified'],
  [
    'one of several caches used it, keys not known',
    { set: null, accepted: { kid: 'new', atMs: 150_000 }, profile: { severalCaches: true } },
    'stale',
  ],
  ['would fetch it', { set: { dataAtMs: 50_000 }, profile: LAZY }, 'fetchable'],
  [
    'would fetch it, and cannot',
    { set: { dataAtMs: 50_000, consecutiveFailures: 1 }, profile: LAZY },
    'stale',
  ],
  ['would fetch, has never been able to', { set: NEVER_FETCHED, profile: LAZY }, 'stale'],
  [
    'would fetch, how often nobody knows',
    { profile: { refetchesOnUnknownKid: true, cooldownS: null } },
    'absent',
  ],
  ['lacks it, fetched at that moment', { set: { dataAtMs: PUBLISHED } }, 'absent'],
  ['used it at that moment', { ...HOLDS, accepted: { kid: 'new', atMs: PUBLISHED } }, 'verified'],
  ['joined, by a record with a report', { ...HOLDS, liveness: 'joined' }, 'never_seen'],
  [
    'used it, holds nothing of known age',
    { set: NEVER_FETCHED, accepted: { kid: 'new', atMs: 150_000 } },
    'verified',
  ],
  [
    'used it, fetched nothing',
    { set: { keys: [] }, accepted: { kid: 'new', atMs: 150_000 } },
    'absent',
  ],
  ['another kid of the same key', { set: { keys: [{ ...NEW, kid: 'x' }] } }, 'absent'],
  ['no set, would fetch', { set: null, profile: LAZY }, 'stale'],
  [
    'configured with nothing',
    { set: { keys: [], dataAtMs: null }, profile: { staticKeys: true } },
    'stale',
  ],
  ['configured, nobody knows how', { set: null, profile: { staticKeys: true } }, 'stale'],
  [
    'another key under the kid, thumbprint not known',
    { set: { keys: [keyOf('new', 'x')] }, rotation: { newThumbprint: null } },
    'absent',
  ],
  [
    'another key under the kid, and nobody knows which is published',
    {
      set: { keys: [keyOf('new', 'x')] },
      rotation: { newThumbprint: null },
      facts: { publishedAtMs: null },
    },
    'stale',
  ],
  ['behind the proxy, tells nothing', { ...PROXY, set: null }, 'stale'],
  ['configured with it', { ...HOLDS, profile: { staticKeys: true } }, 'present'],
  [
    'configured without it, long ago',
    { set: { dataAtMs: 50_000 }, profile: { staticKeys: true } },
    'absent',
  ],
  ['behind the proxy, served it', { ...HOLDS, ...PROXY }, 'served'],
  ['behind the proxy, served without it', PROXY, 'absent'],
  ['behind the proxy, served before', { ...PROXY, set: { servedAtMs: 50_000 } }, 'stale'],
  [
    'behind the proxy, never came',
    { ...PROXY, set: { ...NEVER_FETCHED, servedAtMs: null } },
    'stale',
  ],
  [
    'behind the proxy, never came, but would',
    { ...PROXY, set: { keys: [], servedAtMs: null }, profile: LAZY },
    'stale',
  ],
  ['behind the proxy, keeps keys one by one', { ...HOLDS, ...PROXY, profile: PER_KID }, 'served'],
  [
    'behind the proxy, one by one with a cooldown',
    { ...HOLDS, ...PROXY, profile: { ...PER_KID, cooldownS: 30 } },
    'fetchable',
  ],
  [
    'behind the proxy, several caches',
    { ...HOLDS, ...PROXY, profile: { severalCaches: true } },
    'stale',
  ],
];

const OLD_KEY: readonly [string, Situation, boolean, string][] = [
  ['holds it', {}, false, 'held'],
  ['holds it after withdrawal', {}, true, 'held'],
  ['silent', { liveness: 'silent' }, true, 'unknown'],
  ['said hello only', { liveness: 'joined', observedAtMs: null }, true, 'unknown'],
  ['lacks it, still published', { set: { keys: [NEW] } }, false, 'unknown'],
  ['lacks it, withdrawn', { set: { keys: [NEW] } }, true, 'dropped'],
  ['lacked it before withdrawal', { set: { keys: [NEW] }, observedAtMs: 199_999 }, true, 'unknown'],
  ['nothing known of its keys', { set: null }, true, 'unknown'],
  ['nothing fetched', { set: NEVER_FETCHED }, true, 'unknown'],
  [
    'lacks it and accepted it after its last fetch',
    { set: { keys: [NEW], dataAtMs: 250_000 }, accepted: { kid: 'old', atMs: 260_000 } },
    true,
    'held',
  ],
  [
    'lacks it and accepted it before its last fetch',
    { set: { keys: [NEW], dataAtMs: 250_000 }, accepted: { kid: 'old', atMs: 240_000 } },
    true,
    'dropped',
  ],
  [
    'lacks it, and remembers tokens',
    { set: { keys: [NEW] }, profile: { cachesVerifiedTokens: true } },
    true,
    'unknown',
  ],
  ['behind the proxy, served it', PROXY, true, 'served'],
  ['behind the proxy, served without', { ...PROXY, set: { keys: [NEW] } }, true, 'dropped'],
  [
    'behind the proxy, last served before',
    { ...PROXY, set: { keys: [NEW], servedAtMs: 150_000 } },
    true,
    'unknown',
  ],
  [
    'behind the proxy, keeps keys one by one',
    { ...PROXY, set: { keys: [NEW] }, profile: PER_KID },
    true,
    'unknown',
  ],
  [
    'behind the proxy, several caches',
    { ...PROXY, set: { keys: [NEW] }, profile: { severalCaches: true } },
    true,
    'unknown',
  ],
  ['another key under the kid', { set: { keys: [keyOf('old', 'x')] } }, true, 'dropped'],
  ['nobody knows its thumbprint', { rotation: { oldThumbprint: null } }, true, 'dropped'],
  ['reporting, by a record without a report', { observedAtMs: null }, true, 'unknown'],
  ['joined, by a record with a report', { liveness: 'joined' }, false, 'unknown'],
  [
    'a report of the moment of withdrawal',
    { set: { keys: [NEW] }, observedAtMs: WITHDRAWN },
    true,
    'dropped',
  ],
  [
    'lacks it, keys of before, and accepted it as it was withdrawn',
    { set: { keys: [NEW], dataAtMs: 150_000 }, accepted: { kid: 'old', atMs: WITHDRAWN } },
    true,
    'dropped',
  ],
  [
    'lacks it, keys of before, and accepted it since',
    { set: { keys: [NEW], dataAtMs: 150_000 }, accepted: { kid: 'old', atMs: WITHDRAWN + 1 } },
    true,
    'held',
  ],
  [
    'lacks it and accepted it at its last fetch',
    { set: { keys: [NEW], dataAtMs: 250_000 }, accepted: { kid: 'old', atMs: 250_000 } },
    true,
    'dropped',
  ],
  [
    'behind the proxy, served at the withdrawal',
    { ...PROXY, set: { keys: [NEW], servedAtMs: WITHDRAWN } },
    true,
    'dropped',
  ],
  [
    'behind the proxy, never came',
    { ...PROXY, set: { keys: [NEW], servedAtMs: null } },
    true,
    'unknown',
  ],
  [
    'keeps keys one by one, and says so itself',
    { set: { keys: [NEW] }, profile: PER_KID },
    true,
    'dropped',
  ],
  [
    'several caches, and it says so itself',
    { set: { keys: [NEW] }, profile: { severalCaches: true } },
    true,
    'dropped',
  ],
];

/** What people read of each way to have the new key, or not. */
const DETAILS: readonly [string, Situation, string][] = [
  ['silent', { liveness: 'silent' }, 'stopped reporting without a goodbye'],
  [
    'said hello only',
    { liveness: 'joined', observedAtMs: null },
    'said hello and has not reported yet',
  ],
  [
    'reporting, by a record without a report',
    { observedAtMs: null },
    'said hello and has not reported yet',
  ],
  [
    'another key under the kid',
    { set: { keys: [OLD, keyOf('new', 'x')] } },
    'holds other key material under the new kid',
  ],
  [
    'a report from before',
    { observedAtMs: 99_999 },
    'last report is older than the publication of the new key',
  ],
  [
    'a report from before the rollback',
    { ...HOLDS, observedAtMs: 150_000, facts: { rolledBackAtMs: 150_000 } },
    'last report is older than the rollback',
  ],
  ['holds it', HOLDS, 'holds the new key'],
  [
    'used it',
    { ...HOLDS, accepted: { kid: 'new', atMs: PUBLISHED } },
    'accepted a token signed by the new key',
  ],
  ['lacks it after a fetch', {}, 'fetched after publication and did not get the new key'],
  [
    'lacks it, fetched before',
    { set: { dataAtMs: 99_999 } },
    'holds keys fetched before the new key was published',
  ],
  [
    'would fetch it',
    { set: { dataAtMs: 50_000 }, profile: LAZY },
    'does not hold the new key; it would fetch when it meets an unknown kid',
  ],
  [
    'configured without it',
    { profile: { staticKeys: true } },
    'its configured keys do not have the new one',
  ],
  ['served it', { ...HOLDS, ...PROXY }, 'was served a document with the new key'],
  [
    'never came to the proxy',
    { ...PROXY, set: { servedAtMs: null } },
    'has never fetched from the proxy',
  ],
  [
    'behind the proxy, would fetch',
    { ...PROXY, profile: LAZY },
    'has not fetched the new key; it would when it meets an unknown kid',
  ],
  [
    'behind the proxy, may not keep it',
    { ...HOLDS, ...PROXY, profile: { ...PER_KID, cooldownS: 30 } },
    'was served the new key, which this kind of verifier may not keep; it fetches when it meets an unknown kid',
  ],
  [
    'several behind the proxy',
    { ...HOLDS, ...PROXY, profile: { severalCaches: true } },
    'was served the new key, but several caches may stand behind this address',
  ],
  [
    'served without it',
    { ...PROXY, set: { servedAtMs: PUBLISHED } },
    'was served a fresh document without the new key',
  ],
  [
    'served before',
    { ...PROXY, set: { servedAtMs: 99_999 } },
    'has not fetched since the new key was published',
  ],
];

t.test('what a report proves about the new key, in words', (t) => {
  for (const [name, situation, expected] of DETAILS) {
    t.equal(standingIn(situation, false).detail, expected, name);
  }
  t.end();
});

t.test('a switch that was rolled back leaves nothing to stand on', (t) => {
  const facts = { rolledBackAtMs: 150_000 };
  const rows: [string, Situation, string][] = [
    ['a report of that moment', { ...HOLDS, observedAtMs: 150_000 }, 'stale'],
    ['a report since', { ...HOLDS, observedAtMs: 150_001 }, 'present'],
    ['a token of that moment', { ...HOLDS, accepted: { kid: 'new', atMs: 150_000 } }, 'present'],
    ['a token since', { ...HOLDS, accepted: { kid: 'new', atMs: 150_001 } }, 'verified'],
    [
      'rolled back before publication',
      { ...HOLDS, facts: { rolledBackAtMs: 50_000 }, accepted: { kid: 'new', atMs: 99_999 } },
      'present',
    ],
    ['a probe of that moment', { ...HOLDS, probe: { knowsAtMs: 150_000 } }, 'present'],
    ['a probe since', { ...HOLDS, probe: { knowsAtMs: 150_001 } }, 'verified'],
    ['a refusal before, and nothing since', { ...HOLDS, probe: { lacksAtMs: 140_000 } }, 'absent'],
  ];
  for (const [name, situation, expected] of rows) {
    t.equal(standingIn({ facts, ...situation }, false).holdsNew, expected, name);
  }
  t.end();
});

t.test('what probes prove beside the report', (t) => {
  const seen = { kid: 'new', atMs: 160_000 };
  const rows: [string, Situation, string, RegExp?][] = [
    [
      'knows it',
      { ...HOLDS, probe: { knowsAtMs: 150_000 } },
      'verified',
      /^accepted a canary token of the new key, and refused a bogus one$/,
    ],
    [
      'knows it, and took a real one',
      { ...HOLDS, probe: { knowsAtMs: 150_000 }, accepted: seen },
      'verified',
      /^accepted a token signed by the new key$/,
    ],
    ['knew it, and has lost it', { probe: { knowsAtMs: 150_000 } }, 'absent'],
    ['of that moment', { ...HOLDS, probe: { knowsAtMs: PUBLISHED } }, 'present'],
    ['of another issuer', { ...HOLDS, probe: { knowsAtMs: 150_000, issuer: 'x' } }, 'present'],
    [
      'of another key',
      { ...HOLDS, probe: { knowsAtMs: 150_000, key: keyOf('new', 'x') } },
      'present',
    ],
    [
      'while the key is known by its kid alone',
      {
        probe: { knowsAtMs: 150_000, key: { kid: 'new', thumbprint: '' } },
        rotation: { newThumbprint: null },
        set: null,
      },
      'verified',
    ],
    ['that is over', { ...HOLDS, probe: { knowsAtMs: 150_000, untilMs: NOW } }, 'present'],
    [
      'that is all but over',
      { ...HOLDS, probe: { knowsAtMs: 150_000, untilMs: NOW + 1 } },
      'verified',
    ],
    [
      'refused it',
      { ...HOLDS, probe: { lacksAtMs: 150_000 } },
      'absent',
      /^refused a canary token of the new key while it accepted the current one$/,
    ],
    ['refused it as it was published', { ...HOLDS, probe: { lacksAtMs: PUBLISHED } }, 'absent'],
    ['refused it before', { ...HOLDS, probe: { lacksAtMs: 99_999 } }, 'present'],
    [
      'refused another',
      { ...HOLDS, probe: { lacksAtMs: 150_000, key: keyOf('other') } },
      'present',
    ],
    [
      'refused it, and took a real one since',
      { ...HOLDS, probe: { lacksAtMs: 150_000 }, accepted: seen },
      'verified',
    ],
    [
      'refused it, and took a real one then',
      { ...HOLDS, probe: { lacksAtMs: 160_000 }, accepted: seen },
      'absent',
    ],
    [
      'refused it, and another cache took a real one',
      { ...HOLDS, probe: { lacksAtMs: 150_000 }, accepted: seen, profile: { severalCaches: true } },
      'absent',
    ],
    ['takes anything', { ...HOLDS, probe: { bogusAtMs: 1 }, accepted: seen }, 'present'],
    [
      'takes anything, and knew it',
      { ...HOLDS, probe: { bogusAtMs: 1, knowsAtMs: 150_000 } },
      'present',
    ],
    [
      'took anything, for another issuer',
      { ...HOLDS, probe: { bogusAtMs: 1, issuer: 'x' }, accepted: seen },
      'verified',
    ],
    [
      'behind the proxy, served it',
      { ...HOLDS, ...PROXY, probe: { knowsAtMs: 150_000 } },
      'verified',
      /^accepted a canary/,
    ],
    [
      'behind the proxy, served before',
      { ...PROXY, set: { servedAtMs: 140_000 }, probe: { knowsAtMs: 150_000 } },
      'verified',
    ],
    [
      'behind the proxy, served without it then',
      { ...PROXY, set: { servedAtMs: 150_000 }, probe: { knowsAtMs: 150_000 } },
      'absent',
    ],
    [
      'behind the proxy, never came',
      { ...PROXY, set: null, probe: { knowsAtMs: 150_000 } },
      'verified',
    ],
    [
      'several behind the proxy',
      { ...HOLDS, ...PROXY, probe: { knowsAtMs: 150_000 }, profile: { severalCaches: true } },
      'stale',
    ],
  ];
  for (const [name, situation, expected, detail] of rows) {
    const standing = standingIn(situation, false);
    t.equal(standing.holdsNew, expected, name);
    if (detail !== undefined) t.match(standing.detail, detail, name);
  }
  t.end();
});

t.test('since when something is so', (t) => {
  const verifier = verifierIn(HOLDS);
  const rotation = rotationIn({});
  const facts = { publishedAtMs: PUBLISHED, rolledBackAtMs: null, withdrawnAtMs: null };
  const at = (nowMs: number) => {
    const standing = standingOf(verifier, rotation, facts, nowMs);
    verifier.standings.set(rotation.id, standing);
    return [
      standing.holdsNew,
      standing.holdsNewSinceMs,
      standing.holdsOld,
      standing.holdsOldSinceMs,
    ];
  };
  t.same(at(NOW), ['present', NOW, 'held', NOW]);
  t.same(at(NOW + 1), ['present', NOW, 'held', NOW], 'it goes on');
  verifier.record = { ...verifier.record, keySets: verifierIn({}).record.keySets };
  t.same(at(NOW + 2), ['absent', NOW + 2, 'held', NOW], 'one changes, the other does not');
  verifier.record = { ...verifier.record, keySets: [] };
  t.same(at(NOW + 3), ['stale', NOW + 3, 'unknown', NOW + 3]);
  t.end();
});

t.test('whose served documents are the key set', (t) => {
  const rows: [string, Partial<ProfileFacts>, boolean][] = [
    ['whole sets', {}, true],
    ['whole sets in several caches', { severalCaches: true }, false],
    ['one by one', { replacesWholeSet: false }, false],
    ['refetches at once', PER_KID, true],
    ['refetches at once, several caches', { ...PER_KID, severalCaches: true }, true],
    ['refetches after a cooldown', { ...PER_KID, cooldownS: 1 }, false],
    ['refetches, how often nobody knows', { ...PER_KID, cooldownS: null }, false],
    ['a cooldown of nothing, without refetch', { replacesWholeSet: false, cooldownS: 0 }, false],
    ['configured keys', { staticKeys: true }, false],
  ];
  for (const [name, profile, expected] of rows) {
    t.equal(servedCounts(profileOf(profile)), expected, name);
  }
  t.end();
});

t.test('what a report proves about the new key', (t) => {
  for (const [name, situation, expected] of NEW_KEY) {
    const standing = standingIn(situation, false);
    t.equal(standing.holdsNew, expected, name);
    t.ok(standing.detail.length > 0, `${name}: says why`);
  }
  t.end();
});

t.test('what a report proves about the old key', (t) => {
  for (const [name, situation, withdrawn, expected] of OLD_KEY) {
    t.equal(standingIn(situation, withdrawn).holdsOld, expected, name);
  }
  t.end();
});

t.test('who decides about tokens of this rotation, by what it holds or has accepted', (t) => {
  const other = keyOf('other');
  const secret = { kid: 'old', thumbprint: '', alg: 'HS256' };
  const rows: [string, Situation, boolean][] = [
    ['holds the old key', {}, true],
    ['holds the new key', { set: { keys: [NEW] } }, true],
    ['holds others', { set: { keys: [other] } }, false],
    ['holds nothing', { set: { keys: [] } }, false],
    ['tells nothing', { set: null }, false],
    ['of another issuer', { set: { issuer: 'x' } }, false],
    ['holds a secret under the id', { set: { keys: [secret] } }, false],
    [
      'a secret, of a rotation of secrets',
      { set: { keys: [secret] }, rotation: { keyKind: 'secret' } },
      true,
    ],
    ['a key, of a rotation of secrets', { rotation: { keyKind: 'secret' } }, false],
    ['accepted the old key', { set: { keys: [other] }, accepted: { kid: 'old', atMs: 1 } }, true],
    ['accepted the new key', { set: { keys: [other] }, accepted: { kid: 'new', atMs: 1 } }, true],
    ['accepted another', { set: { keys: [other] }, accepted: { kid: 'other', atMs: 1 } }, false],
  ];
  for (const [name, situation, expected] of rows) {
    t.equal(standingIn(situation, false).decides, expected, name);
  }
  t.end();
});

t.test('who falls silent decides as it did; who is heard again, as it shows', (t) => {
  const facts = { publishedAtMs: PUBLISHED, rolledBackAtMs: null, withdrawnAtMs: null };
  const rotation = rotationIn({});
  const shown = verifierIn({});
  const decided = (now: Situation, before: boolean | null) => {
    const verifier = verifierIn({ set: { keys: [] }, ...now });
    if (before !== null) {
      const standing = standingOf(shown, rotation, facts, NOW);
      verifier.standings.set(rotation.id, { ...standing, decides: before });
    }
    return standingOf(verifier, rotation, facts, NOW).decides;
  };
  const joined = { liveness: 'joined', observedAtMs: null } as const;
  for (const unheard of [{ liveness: 'silent' }, joined] as const) {
    t.equal(decided(unheard, true), true);
    t.equal(decided(unheard, false), false);
    t.equal(decided(unheard, null), false);
  }
  t.equal(decided({}, true), false);
  t.end();
});
