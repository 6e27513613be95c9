import t from 'tap';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import { emptyFleet, enrol, type Liveness } from '../../../src/core/fleet.ts';
import type {
  HeldCounts,
  HeldKeySet,
  RotationRecord,
  VerifierRecord,
} from '../../../src/core/records.ts';
import { standingOf } from '../../../src/core/standing.ts';
import { ISSUER, keyOf, policyOf, profileOf, serviceOf } from '../../support/policies.ts';
import { BOTH_SECRETS, NEW_SECRET, OLD_SECRET } from '../../support/secret-rotating.ts';

const STARTED = 100_000;
const NOW = 300_000;

interface Situation {
  readonly source?: VerifierRecord['source'];
  readonly liveness?: Liveness;
  readonly observedAtMs?: number | null;
  readonly profile?: Partial<ProfileFacts>;
  readonly set?: Partial<HeldKeySet> | null;
  readonly accepted?: { readonly kid: string; readonly atMs: number };
  readonly takesAnything?: boolean;
  readonly rotation?: Partial<RotationRecord>;
}

function countsOf(accepted: Situation['accepted']): HeldCounts[] {
  if (accepted === undefined) return [];
  return [
    {
      issuer: ISSUER,
      key: { kind: 'kid', kid: accepted.kid },
      outcomes: { ok: 1 },
      highestIatS: null,
      highestExpS: null,
      longestLifetimeS: null,
      acceptedWithoutExp: 0,
      acceptedWithoutIat: 0,
      lastAcceptedAtMs: accepted.atMs,
    },
  ];
}

function standingIn(situation: Situation) {
  const policy = policyOf([serviceOf('orders', { profile: profileOf(situation.profile) })]);
  const set: HeldKeySet = {
    issuer: ISSUER,
    keys: BOTH_SECRETS,
    dataAtMs: null,
    attemptAtMs: null,
    consecutiveFailures: 0,
    lastError: null,
    nextRefreshAtMs: null,
    cooldownUntilMs: null,
    documentSha256: null,
    servedAtMs: null,
    secretsAtMs: NOW,
    ...situation.set,
  };
  const observedAtMs = situation.observedAtMs === undefined ? NOW : situation.observedAtMs;
  const record: VerifierRecord = {
    id: { service: 'orders', instance: 'a', cache: 'secrets' },
    bootId: '',
    epoch: 1,
    seq: 1,
    profile: '',
    source: situation.source ?? 'in_process',
    issuers: [ISSUER],
    cacheKind: 'secret',
    firstSeenAtMs: 0,
    receivedAtMs: observedAtMs,
    observedAtMs,
    keySets: situation.set === null ? [] : [set],
    counts: countsOf(situation.accepted),
    carried: [],
    otherBoots: [],
    departedAtMs: null,
    duplicateAtMs: null,
    probes:
      situation.takesAnything === true
        ? [{ issuer: ISSUER, latest: null, refusedNew: null, bogusAcceptedAtMs: 1 }]
        : [],
  };
  const verifier = enrol(
    emptyFleet(policy, 0),
    policy,
    record,
    situation.liveness ?? 'reporting',
    0,
  );
  const rotation = {
    id: 'r',
    issuer: ISSUER,
    keyKind: 'secret',
    alg: 'HS256',
    oldKid: OLD_SECRET.kid,
    oldThumbprint: null,
    newKid: NEW_SECRET.kid,
    newThumbprint: null,
    startedAtMs: STARTED,
    rolledBackAtMs: null,
    ...situation.rotation,
  } as RotationRecord;
  const facts = { publishedAtMs: null, rolledBackAtMs: null, withdrawnAtMs: null };
  return standingOf(verifier, rotation, facts, NOW);
}

const UNTOLD = { secretsAtMs: null };
const NEW_USED = { accepted: { kid: 's2', atMs: 150_000 } };
const ROLLED_BACK = { rotation: { rolledBackAtMs: 200_000 } };

t.test('what a report proves about the new secret', (t) => {
  const rows: [string, Situation, string, string?][] = [
    ['says that it holds it', {}, 'present', 'holds the new secret'],
    ['lacks it', { set: { keys: [OLD_SECRET] } }, 'absent', 'does not hold the new secret'],
    ['holds nothing', { set: { keys: [] } }, 'absent', 'does not hold the new secret'],
    [
      'holds the id for another algorithm',
      { set: { keys: [OLD_SECRET, { ...NEW_SECRET, alg: 'HS512' }] } },
      'absent',
      'holds the id of the new secret for HS512, not for HS256',
    ],
    [
      'holds another secret of another algorithm',
      { set: { keys: [{ ...OLD_SECRET, alg: 'HS512' }] } },
      'absent',
      'does not hold the new secret',
    ],
    [
      'holds a public key under the id',
      { set: { keys: [...BOTH_SECRETS, keyOf('s2')] } },
      'absent',
      'holds a public key under the id of the new secret',
    ],
    ['holds a public key under another id', { set: { keys: [NEW_SECRET, keyOf('p')] } }, 'present'],
    ['silent', { liveness: 'silent' }, 'silent'],
    ['said hello only', { liveness: 'joined', observedAtMs: null }, 'never_seen'],
    [
      'behind the proxy',
      { source: 'proxy', ...NEW_USED },
      'stale',
      'is behind the proxy, where no secret is ever seen',
    ],
    [
      'a report from before the start',
      { observedAtMs: STARTED - 1 },
      'stale',
      'last report is older than the rotation',
    ],
    ['a report of the moment of the start', { observedAtMs: STARTED }, 'present'],
    [
      'a report from before the rollback',
      { observedAtMs: 200_000, ...ROLLED_BACK },
      'stale',
      'last report is older than the rollback',
    ],
    ['a report since the rollback', { observedAtMs: 200_001, ...ROLLED_BACK }, 'present'],
    ['tells nothing of secrets', { set: UNTOLD }, 'stale', 'has not said which secrets it holds'],
    ['tells nothing at all', { set: null }, 'stale', 'has not said which secrets it holds'],
    ['of another issuer', { set: { issuer: 'x' } }, 'stale', 'has not said which secrets it holds'],
    [
      'holds it and has used it',
      NEW_USED,
      'verified',
      'accepted a token signed with the new secret',
    ],
    ['used it before the start', { accepted: { kid: 's2', atMs: STARTED - 1 } }, 'present'],
    ['used it as it started', { accepted: { kid: 's2', atMs: STARTED } }, 'verified'],
    ['used the old one', { accepted: { kid: 's1', atMs: 150_000 } }, 'present'],
    ['used it before the rollback', { ...ROLLED_BACK, ...NEW_USED }, 'present'],
    [
      'used it as it was rolled back',
      { ...ROLLED_BACK, accepted: { kid: 's2', atMs: 200_000 } },
      'present',
    ],
    [
      'used it since the rollback',
      { ...ROLLED_BACK, accepted: { kid: 's2', atMs: 200_001 } },
      'verified',
    ],
    ['used it, and says it lacks it', { set: { keys: [OLD_SECRET] }, ...NEW_USED }, 'absent'],
    ['used it, and tells nothing', { set: UNTOLD, ...NEW_USED }, 'verified'],
    [
      'one of several used it, and they tell nothing',
      { set: UNTOLD, ...NEW_USED, profile: { severalCaches: true } },
      'stale',
    ],
    [
      'one of several used it, and they hold it',
      { ...NEW_USED, profile: { severalCaches: true } },
      'verified',
    ],
    ['takes anything', { ...NEW_USED, takesAnything: true }, 'present'],
    [
      'takes anything, and tells nothing',
      { set: UNTOLD, ...NEW_USED, takesAnything: true },
      'stale',
    ],
  ];
  for (const [name, situation, grade, detail] of rows) {
    const standing = standingIn(situation);
    t.equal(standing.holdsNew, grade, name);
    if (detail !== undefined) t.equal(standing.detail, detail, name);
  }
  t.end();
});

t.test('what a report proves about the old secret', (t) => {
  const without = { keys: [NEW_SECRET] };
  const used = (atMs: number) => ({ accepted: { kid: 's1', atMs } });
  const rows: [string, Situation, string][] = [
    ['holds it', {}, 'held'],
    ['lists others', { set: without }, 'dropped'],
    ['lists none', { set: { keys: [] } }, 'dropped'],
    [
      'another algorithm is the same secret',
      { set: { keys: [{ ...OLD_SECRET, alg: 'HS512' }] } },
      'held',
    ],
    ['a public key under the id', { set: { keys: [keyOf('s1')] } }, 'dropped'],
    ['silent', { set: without, liveness: 'silent' }, 'unknown'],
    ['silent, held it', { liveness: 'silent' }, 'unknown'],
    ['said hello only', { set: without, liveness: 'joined', observedAtMs: null }, 'unknown'],
    ['behind the proxy', { set: without, source: 'proxy' }, 'unknown'],
    ['tells nothing of secrets', { set: { ...without, secretsAtMs: null } }, 'unknown'],
    ['tells nothing at all', { set: null }, 'unknown'],
    ['a report from before the start', { set: without, observedAtMs: STARTED - 1 }, 'unknown'],
    ['a report of the moment of the start', { set: without, observedAtMs: STARTED }, 'dropped'],
    ['remembers tokens', { set: without, profile: { cachesVerifiedTokens: true } }, 'unknown'],
    ['accepted a token as it dropped it', { set: without, ...used(NOW + 10_000) }, 'dropped'],
    ['accepted a token long after', { set: without, ...used(NOW + 10_001) }, 'held'],
    ['accepted one before', { set: without, ...used(NOW - 50_000) }, 'dropped'],
  ];
  for (const [name, situation, expected] of rows) {
    t.equal(standingIn(situation).holdsOld, expected, name);
  }
  t.end();
});
