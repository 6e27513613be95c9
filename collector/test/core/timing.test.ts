import t from 'tap';
import type { KeyRecord, RotationRecord, UsageRecord } from '../../src/core/records.ts';
import {
  dropMs,
  lastOldSignatureMs,
  longestLifetimeMs,
  oldTokensGoneAtMs,
  populationMs,
  propagationMs,
} from '../../src/core/timing.ts';
import { issuerOf, ISSUER, OLD, policyOf, profileOf } from '../support/policies.ts';

const T0 = 1_800_000_000_000;

function usageOf(part: Partial<UsageRecord> = {}): UsageRecord {
  return {
    issuer: ISSUER,
    kid: 'old',
    firstAcceptedAtMs: T0,
    lastAcceptedAtMs: T0,
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    ...part,
  };
}

function rotationOf(part: Partial<RotationRecord> = {}): RotationRecord {
  return {
    id: 'r',
    issuer: ISSUER,
    alg: 'RS256',
    oldAlg: 'RS256',
    oldKid: 'old',
    oldThumbprint: OLD.thumbprint,
    newKid: 'new',
    newThumbprint: null,
    startedAtMs: T0,
    startedBy: 'tester',
    declared: {},
    switchedAtMs: T0,
    switchSeenAtMs: null,
    firstSwitchedAtMs: T0,
    rolledBackAtMs: null,
    failuresAtSwitch: 0,
    endedAtMs: null,
    outcome: null,
    tainted: false,
    origin: 'declared',
    endedBecause: null,
    findings: [],
    keyKind: 'public',
    ...part,
  };
}

function keyRecord(declaredLifetimeMs: number | null): KeyRecord {
  return {
    issuer: ISSUER,
    key: OLD,
    firstSeenAtMs: T0,
    publishedAtMs: T0,
    withdrawnAtMs: null,
    tombstone: null,
    declaredLifetimeMs,
    unclaimed: false,
  };
}

t.test('Pv: tiers in series add', (t) => {
  const issuer = issuerOf({
    originSpreadMs: 1_000,
    sharedCachesMs: 600_000,
    failedFetchMs: 30_000,
    sharedSecrets: false,
  });
  const rows: [string, Parameters<typeof profileOf>[0], number | null][] = [
    ['all of them', { newKidRefusedS: 600 }, 1_000 + 600_000 + 30_000 + 600_000],
    ['a verifier that refetches at once', { newKidRefusedS: 0 }, 631_000],
    ['no bound known', { newKidRefusedS: null }, null],
    ['configured keys never come by themselves', { newKidRefusedS: 60, staticKeys: true }, null],
  ];
  for (const [name, profile, expected] of rows) {
    t.equal(propagationMs(issuer, profileOf(profile)), expected, name);
  }
  t.end();
});

t.test('drop: how long a withdrawn key lingers', (t) => {
  const issuer = issuerOf({
    originSpreadMs: 1_000,
    sharedCachesMs: 600_000,
    failedFetchMs: 30_000,
    sharedSecrets: false,
  });
  const rows: [string, Parameters<typeof profileOf>[0], number | null][] = [
    ['spread, caches and the profile', { removedKeyAcceptedS: 60 }, 661_000],
    ['never dropped', { removedKeyAcceptedS: null }, null],
    ['configured keys stay', { removedKeyAcceptedS: 60, staticKeys: true }, null],
  ];
  for (const [name, profile, expected] of rows) {
    t.equal(dropMs(issuer, profileOf(profile)), expected, name);
  }
  t.end();
});

t.test('a population: spread, caches and the time its share refreshes in', (t) => {
  const issuer = issuerOf({
    originSpreadMs: 1_000,
    sharedCachesMs: 600_000,
    failedFetchMs: 30_000,
  });
  t.equal(populationMs(issuer, { percentile: 99, withinMs: 86_400_000 }), 87_001_000);
  t.end();
});

t.test('Tmax: the longest ever declared or seen', (t) => {
  const rows: [string, number | null, UsageRecord[], KeyRecord[], number | null][] = [
    ['nothing known', null, [], [], null],
    ['declared', 600_000, [], [], 600_000],
    ['seen longer', 600_000, [usageOf({ longestLifetimeS: 7_200 })], [], 7_200_000],
    ['seen shorter', 600_000, [usageOf({ longestLifetimeS: 60 })], [], 600_000],
    ['seen only', null, [usageOf({ longestLifetimeS: 60 })], [], 60_000],
    ['under another key', 600_000, [usageOf({ kid: 'older', longestLifetimeS: 900 })], [], 900_000],
    ['at another issuer', 600_000, [usageOf({ issuer: 'x', longestLifetimeS: 900 })], [], 600_000],
    ['declared longer before', 60_000, [], [keyRecord(86_400_000)], 86_400_000],
    ['declared before, not now', null, [], [keyRecord(86_400_000)], 86_400_000],
    ['declared shorter before', 60_000, [], [keyRecord(5)], 60_000],
    ['declared longer and shorter', null, [], [keyRecord(9), keyRecord(5)], 9],
    ['never declared at all', null, [], [keyRecord(null)], null],
    ['used, and no lifetime seen', null, [usageOf()], [], null],
    ['never declared for the key', 60_000, [], [keyRecord(null)], 60_000],
  ];
  for (const [name, maxTokenLifetimeMs, usage, keys, expected] of rows) {
    t.equal(longestLifetimeMs(issuerOf({ maxTokenLifetimeMs }), usage, keys), expected, name);
  }
  t.end();
});

t.test('Tsw: the last moment the old key may have signed', (t) => {
  const rows: [string, Partial<RotationRecord>, UsageRecord | undefined, number | null][] = [
    ['never declared', { switchedAtMs: null }, usageOf({ highestIatS: 1 }), null],
    ['declared', {}, undefined, T0],
    ['seen later than declared', { switchSeenAtMs: T0 + 5_000 }, undefined, T0 + 5_000],
    ['an iat before', {}, usageOf({ highestIatS: T0 / 1_000 - 60 }), T0],
    ['an iat after', {}, usageOf({ highestIatS: T0 / 1_000 + 60 }), T0 + 60_000],
  ];
  for (const [name, rotation, usage, expected] of rows) {
    t.equal(lastOldSignatureMs(rotationOf(rotation), usage, 0), expected, name);
  }
  t.equal(
    lastOldSignatureMs(rotationOf({}), undefined, 5_000),
    T0 + 5_000,
    'the spread of signers',
  );
  t.equal(
    lastOldSignatureMs(rotationOf({ switchSeenAtMs: T0 + 9_000 }), undefined, 5_000),
    T0 + 9_000,
    'seen later than the spread',
  );
  t.end();
});

t.test('the earliest moment without tokens of the old key', (t) => {
  const issuer = issuerOf({ skewMs: 10_000 });
  const policy = policyOf([], { retireSafetyMs: 60_000 });
  const gone = (usage: UsageRecord | undefined, tmaxMs: number | null, switchedAtMs = T0) =>
    oldTokensGoneAtMs(rotationOf({ switchedAtMs }), usage, tmaxMs, issuer, policy);
  t.equal(gone(undefined, 600_000), T0 + 600_000 + 70_000);
  t.equal(gone(usageOf(), 600_000), T0 + 600_000 + 70_000, 'accepted ones say nothing');
  t.equal(gone(undefined, null), null);
  const short = usageOf({ highestExpS: T0 / 1_000 + 60 });
  t.equal(gone(short, 600_000), T0 + 600_000 + 70_000, 'an exp within it');
  t.equal(gone(short, null), null, 'an exp bounds no token nobody has met');
  t.equal(
    oldTokensGoneAtMs(rotationOf({ switchedAtMs: null }), undefined, 1, issuer, policy),
    null,
  );
  const long = usageOf({ highestExpS: T0 / 1_000 + 9_000 });
  t.equal(gone(long, 600_000), T0 + 9_000_000 + 70_000, 'an exp beyond it');
  t.end();
});
