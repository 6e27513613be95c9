import { createHash } from 'node:crypto';
import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { IssuerPolicy, Policy, ServicePolicy } from '../../src/core/policy.ts';

export const ISSUER = 'https://issuer.test';
export const VANTAGE = 'https://issuer.test/jwks';
export const START_MS = Date.UTC(2026, 0, 1);

/** A key with a thumbprint made from its kid (and a variant for kid reuse). */
export function keyOf(kid: string, variant = ''): KeyRef {
  const thumbprint = createHash('sha256').update(`${kid}${variant}`).digest('base64url');
  return { kid, thumbprint, alg: 'RS256' };
}

export const OLD = keyOf('old');
export const NEW = keyOf('new');

/** A profile that keeps one whole set and refreshes it every 60 s. */
export function profileOf(part: Partial<ProfileFacts> = {}): ProfileFacts {
  return {
    id: 'test-profile',
    name: 'Test profile',
    refreshS: 60,
    refetchesOnUnknownKid: false,
    cooldownS: null,
    newKidRefusedS: 60,
    removedKeyAcceptedS: 60,
    replacesWholeSet: true,
    severalCaches: false,
    cachesVerifiedTokens: false,
    staticKeys: false,
    dropNow: 'Restart it.',
    jwksBytesMax: null,
    jwksKeysMax: null,
    algs: ['RS256'],
    unknownKeySpoilsSet: false,
    ...part,
  };
}

export function serviceOf(name: string, part: Partial<ServicePolicy> = {}): ServicePolicy {
  return {
    name,
    declared: true,
    kind: 'instrumented',
    issuers: [ISSUER],
    instances: 1,
    instancesMax: null,
    required: true,
    profile: profileOf(),
    evidence: 'present' satisfies Grade,
    population: null,
    shippingIntervalMs: null,
    keys: 'any',
    ...part,
  };
}

export function issuerOf(part: Partial<IssuerPolicy> = {}): IssuerPolicy {
  return {
    issuer: ISSUER,
    control: 'ours',
    vantages: [VANTAGE],
    watchIntervalMs: 15_000,
    maxTokenLifetimeMs: 600_000,
    skewMs: 10_000,
    originSpreadMs: 0,
    switchSpreadMs: 0,
    plannedLeadMs: null,
    sharedCachesMs: 0,
    failedFetchMs: 0,
    canary: null,
    sharedSecrets: false,
    ...part,
  };
}

export function policyOf(services: readonly ServicePolicy[], part: Partial<Policy> = {}): Policy {
  return {
    issuers: new Map([[ISSUER, issuerOf()]]),
    services: new Map(services.map((service) => [service.name, service])),
    profiles: new Map(),
    unknownProfile: profileOf({ id: 'unknown', newKidRefusedS: null, removedKeyAcceptedS: null }),
    publishSafetyMs: 60_000,
    retireSafetyMs: 60_000,
    heartbeatMs: 15_000,
    leaseHeartbeats: 3,
    reconnectWindowMs: 120_000,
    verifiersMax: 1_000,
    uncountedBlocksRetire: false,
    stableForMs: 0,
    rollback: { windowMs: 86_400_000, requireRehearsal: false, rehearsalValidForMs: 86_400_000 },
    emergency: { publishSafetyMs: 60_000, retireGraceMs: 0, skip: [] },
    alerts: {
      onAlert: 'close',
      calmForMs: 300_000,
      stalledAfterMs: 604_800_000,
      receivers: [],
      alertmanagers: [],
    },
    ...part,
  };
}
