import type { Policy, ServicePolicy } from '@keyturn/collector/core/policy.ts';
import { CANARY_AUDIENCE } from '@keyturn/shared/model/probe.ts';
import { allProfileFacts, UNKNOWN_PROFILE } from '@keyturn/shared/profiles/catalogue.ts';
import { ISSUER } from './issuer.ts';
import { factsOf, type Kind, KINDS, paced } from './kinds.ts';
import { holdingSecrets } from './secret-plan.ts';
import type { ServicePlan, WorldPlan } from './plan.ts';
import { populationPolicy } from './unseen.ts';

/** As they are when an issuer's settings say `canary: {}`. */
const CANARIES = {
  audience: CANARY_AUDIENCE,
  maxLifetimeMs: 900_000,
  apartMs: 60_000,
  perSecond: 20,
};

/** Fetches that fail for longer than this are beyond what the settings allow for. */
export const FAILED_FETCH_MS = 60_000;

/** The collector's settings in a world. */
export function policyOf(
  plan: WorldPlan,
  vantages: readonly string[],
  tmaxMs: number | null,
): Policy {
  const services = plan.services.filter(({ declared }) => declared).map(servicePolicyOf);
  const population = plan.turns.unseen?.population ?? null;
  if (population !== null) services.push(populationPolicy(population, ISSUER));
  return {
    issuers: new Map([
      [
        ISSUER,
        {
          issuer: ISSUER,
          control: plan.thirdParty === null ? 'ours' : 'third_party',
          vantages,
          watchIntervalMs: plan.watchMs,
          maxTokenLifetimeMs: tmaxMs,
          skewMs: plan.skewMs,
          originSpreadMs: plan.originSpreadMs,
          switchSpreadMs: 0,
          plannedLeadMs: null,
          sharedCachesMs: plan.edges.reduce((sum, ms) => sum + ms, 0) + plan.pace.proxyFreshMs,
          failedFetchMs: FAILED_FETCH_MS,
          canary: plan.canaries === null ? null : CANARIES,
          sharedSecrets: plan.keyKind === 'secret',
        },
      ],
    ]),
    services: new Map(services.map((service) => [service.name, service])),
    profiles: allProfileFacts(),
    unknownProfile: UNKNOWN_PROFILE,
    publishSafetyMs: plan.publishSafetyMs,
    retireSafetyMs: plan.retireSafetyMs,
    heartbeatMs: plan.heartbeatMs,
    leaseHeartbeats: 3,
    reconnectWindowMs: 10_000,
    verifiersMax: 1_000,
    uncountedBlocksRetire: plan.uncountedBlocksRetire,
    stableForMs: plan.stableForMs,
    rollback: { windowMs: 86_400_000, requireRehearsal: false, rehearsalValidForMs: 86_400_000 },
    alerts: {
      onAlert: 'close',
      calmForMs: 300_000,
      stalledAfterMs: 604_800_000,
      receivers: [],
      alertmanagers: [],
    },
    emergency: {
      publishSafetyMs: plan.turns.emergency?.publishSafetyMs ?? plan.publishSafetyMs,
      retireGraceMs: plan.turns.emergency?.graceMs ?? 0,
      skip: plan.turns.emergency?.skip ?? [],
    },
  };
}

/** The kind of a planned service. */
export function kindOf(service: ServicePlan): Kind {
  const kind = KINDS[service.kind];
  if (kind === undefined) throw new RangeError(`no kind ${service.kind}`);
  return service.holdsSecrets ? holdingSecrets(kind) : paced(kind, service.slower);
}

function servicePolicyOf(service: ServicePlan): ServicePolicy {
  return {
    name: service.name,
    declared: true,
    kind: service.standing,
    issuers: [ISSUER],
    instances: service.declaredInstances,
    instancesMax: null,
    required: true,
    profile: factsOf(kindOf(service)),
    evidence: service.evidence,
    population: null,
    shippingIntervalMs: null,
    keys: 'any',
  };
}
