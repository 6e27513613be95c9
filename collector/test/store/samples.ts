import type { AlertRecord, SilenceRecord } from '../../src/core/alerts/alert.ts';
import type { NoticeRecord } from '../../src/core/alerts/notice.ts';
import type { SeriesRecord } from '../../src/core/detectors/series-record.ts';
import type {
  AttestationRecord,
  AuditEntry,
  KeyRecord,
  RehearsalRecord,
  RotationRecord,
  UsageRecord,
  VerifierRecord,
  WaiverRecord,
} from '../../src/core/records.ts';
import type { EvidenceRecord } from '../../src/core/snapshot/evidence-record.ts';

const ISSUER = 'https://issuer.example';

export function verifier(
  instance: string,
  epoch: number,
  seq: number,
  over: Partial<VerifierRecord> = {},
): VerifierRecord {
  return {
    id: { service: 'orders', instance, cache: 'main' },
    bootId: '00112233445566778899aabbccddeeff',
    epoch,
    seq,
    profile: 'npm-jose',
    source: 'in_process',
    issuers: [ISSUER],
    cacheKind: 'any',
    firstSeenAtMs: 1_700_000_000_000,
    receivedAtMs: 1_700_000_001_000 + seq,
    observedAtMs: 1_700_000_000_900 + seq,
    keySets: [
      {
        issuer: ISSUER,
        keys: [{ kid: 'k1', thumbprint: 't'.repeat(43), alg: 'ES256' }],
        dataAtMs: 1_700_000_000_000,
        attemptAtMs: null,
        consecutiveFailures: 0,
        lastError: 'timeout',
        nextRefreshAtMs: null,
        cooldownUntilMs: null,
        documentSha256: null,
        servedAtMs: null,
        secretsAtMs: null,
      },
    ],
    counts: [
      {
        issuer: ISSUER,
        key: { kind: 'kid', kid: 'k1' },
        outcomes: { ok: 10 + seq, unknown_kid: 1 },
        highestIatS: 1_700_000_000,
        highestExpS: 1_700_000_300,
        longestLifetimeS: 300,
        acceptedWithoutExp: 0,
        acceptedWithoutIat: 0,
        lastAcceptedAtMs: 1_700_000_000_500,
      },
      {
        issuer: ISSUER,
        key: { kind: 'none' },
        outcomes: {},
        highestIatS: null,
        highestExpS: null,
        longestLifetimeS: null,
        acceptedWithoutExp: 0,
        acceptedWithoutIat: 0,
        lastAcceptedAtMs: null,
      },
    ],
    carried: [{ issuer: ISSUER, key: { kind: 'other' }, outcomes: { ok: 3 } }],
    otherBoots: [],
    departedAtMs: null,
    duplicateAtMs: null,
    probes: [],
    ...over,
  };
}

export function key(kid: string, thumbprint: string): KeyRecord {
  return {
    issuer: ISSUER,
    key: { kid, thumbprint, alg: 'ES256' },
    firstSeenAtMs: 1,
    publishedAtMs: 2,
    withdrawnAtMs: null,
    tombstone: null,
    declaredLifetimeMs: null,
    unclaimed: false,
  };
}

export function usage(kid: string | null, lastAcceptedAtMs: number): UsageRecord {
  return {
    issuer: ISSUER,
    kid,
    firstAcceptedAtMs: 1,
    lastAcceptedAtMs,
    highestIatS: 5,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 1,
    acceptedWithoutIat: 0,
  };
}

export function evidence(rotationId: string, number: number): EvidenceRecord {
  return {
    rotationId,
    number,
    atMs: 12,
    occasion: {
      kind: 'step',
      step: 'activate',
      by: 'ana | <b>',
      overrideReason: null,
      reason: null,
    },
    verdict: {
      gate: 'activate',
      status: 'open',
      weakestGrade: 'present',
      advised: false,
      checks: [
        {
          id: 'fleet_heard',
          status: 'pass',
          class: 'coverage',
          message: '1 service report in full',
          offenderCount: 0,
          sinceMs: null,
          clearsAtMs: null,
        },
      ],
    },
    moments: {
      publishedAtMs: 11,
      switchedAtMs: 12,
      switchSeenAtMs: null,
      lastOldSignatureAtMs: 12,
      lastOldAcceptedAtMs: null,
      oldTokensGoneAtMs: 400,
      withdrawnAtMs: null,
    },
    overlap: {
      propagationMs: 600_000,
      propagationOf: 'orders',
      publishSafetyMs: 3_600_000,
      switchSpreadMs: 0,
      lifetimeMs: 300_000,
      skewMs: 60_000,
      retireSafetyMs: 3_600_000,
      requiredMs: 8_160_000,
    },
    policySha256: 'c'.repeat(64),
    services: [
      {
        name: 'orders',
        declared: true,
        required: true,
        kind: 'instrumented',
        way: 'evidence',
        evidence: 'present',
        profile: 'npm-jose',
        instancesDeclared: 1,
        instancesMax: null,
        instancesLive: 1,
        verifiers: 1,
        silent: 0,
        joined: 0,
        uncounted: 0,
        byNew: { present: 1 },
        byOld: { held: 1 },
      },
    ],
    verifiers: [
      {
        service: 'orders',
        instance: 'a',
        cache: 'main',
        profile: 'npm-jose',
        source: 'in_process',
        liveness: 'reporting',
        holdsNew: 'present',
        holdsNewSinceMs: 11,
        holdsOld: 'held',
        holdsOldSinceMs: 2,
        detail: 'holds the new key',
        reportedAtMs: 12,
      },
    ],
    verifiersLeftOut: 0,
    attestations: [attestation],
    waivers: [waiver],
  };
}

export const rotation: RotationRecord = {
  id: 'r1',
  issuer: ISSUER,
  alg: 'ES256',
  oldAlg: 'RS256',
  keyKind: 'public',
  oldKid: 'k1',
  oldThumbprint: 't'.repeat(43),
  newKid: 'k2',
  newThumbprint: null,
  startedAtMs: 10,
  startedBy: 'ci',
  declared: { publish: { atMs: 11, by: 'ci', overrideReason: null, reason: null } },
  switchedAtMs: null,
  switchSeenAtMs: null,
  firstSwitchedAtMs: null,
  rolledBackAtMs: null,
  failuresAtSwitch: 0,
  endedAtMs: null,
  outcome: null,
  tainted: false,
  origin: 'declared',
  endedBecause: null,
  findings: [],
};

export const attestation: AttestationRecord = {
  id: 'a1',
  rotationId: 'r1',
  service: 'orders',
  instance: null,
  fact: 'holds_new',
  by: 'ana',
  reason: 'checked by hand',
  atMs: 20,
  expiresAtMs: 30,
};

export const waiver: WaiverRecord = {
  id: 'w1',
  rotationId: 'r1',
  gate: 'activate',
  checkId: 'coverage',
  by: 'ana',
  reason: 'decommissioned',
  atMs: 20,
  expiresAtMs: 30,
};

export function rehearsal(number: number): RehearsalRecord {
  return {
    rotationId: 'r1',
    number,
    by: 'ana',
    atMs: 20 + number,
    status: 'unknown',
    checks: [
      {
        id: 'old_key_held',
        status: 'unknown',
        class: 'evidence',
        message: 'nothing shows it',
        offenders: ['orders/a/main undecided'],
        offenderCount: 1,
      },
    ],
  };
}

export const alert: AlertRecord = {
  id: 'al-1',
  name: 'KidReused',
  labels: { issuer: 'https://issuer.example', kid: 'k1' },
  severity: 'critical',
  status: 'firing',
  sinceMs: 40,
  firedAtMs: 41,
  resolvedAtMs: null,
  changedAtMs: 41,
  transition: 2,
  summary: 'kid k1 stands for 2 keys',
  details: ['x (ES256)', 'y (ES256)'],
  acknowledged: { by: 'ana', reason: 'on it', atMs: 50 },
  told: { severity: 'warning', noData: true, resolved: false },
};

export const silence: SilenceRecord = {
  id: 's1',
  name: null,
  labels: { service: 'orders' },
  by: 'ana',
  reason: 'being moved',
  atMs: 20,
  expiresAtMs: 30,
};

export function notice(id: string): NoticeRecord {
  return {
    id,
    receiver: 'pager',
    news: { kind: 'alert', change: 'worse', alert },
    createdAtMs: 41,
    attempts: 1,
    nextAtMs: 42,
    lastError: 'ECONNREFUSED',
    givenUpAtMs: null,
  };
}

export const series: SeriesRecord = {
  id: '["attributable","issuer","https://issuer.example",""]',
  score: 1.5,
  failures: 2,
  tokens: 90,
  sinceMs: 40,
  rate: 0.02,
  calm: 0,
  reasons: { unknown_kid: 2 },
  firing: { atMs: 41, rotationId: 'r1', isOwn: true },
  resolvedAtMs: null,
  baseline: { latestHour: 7, hours: [[1, 900]], usual: 0.001 },
  updatedAtMs: 41,
};

export function auditEntry(action: string, rotationId: string | null = null): AuditEntry {
  return {
    atMs: 1_700_000_000_000,
    kind: 'decision',
    rotationId,
    actor: 'keyturn',
    action,
    message: `Did ${action}.`,
    detail: { z: 1, a: { y: [1, 2], b: null } },
  };
}
