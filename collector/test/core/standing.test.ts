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
import { standingOf } from '../../src/core/standing.ts';
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
    probes: [],
  };
  return enrol(emptyFleet(policy, 0), policy, record, situation.liveness ?? 'reporting', 0);
}

function standingIn(situation: Situation, withdrawn: boolean) {
  const rotation = {
    id: 'r',
    issuer: ISSUER,
    keyKind: 'public',
    oldKid: 'old',
    oldThumbprint: OLD.thumbprint,
    newKid: 'new',
    newThumbprint: NEW.thumbprint,
    ...situation.rotation,
  } as RotationRecord;
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
];

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
