import type { ServicePolicy } from '@keyturn/collector/core/policy.ts';
import { UNKNOWN_PROFILE } from '@keyturn/shared/profiles/catalogue.ts';
import type { Chance } from './chance.ts';
import { fastOf, KINDS } from './kinds.ts';
import type { ServicePlan } from './plan.ts';
import type { PopulationPlan } from './turns.ts';

/** Products of others, and keys in files: what nobody puts an agent beside. */
const UNSEEN = [
  'aws-apigw-rest-jwt',
  'aws-apigw-http-jwt',
  'aws-alb-jwt',
  'cloudflare-api-shield',
  'haproxy-jwt-verify',
  'traefik',
];

/** One service without any agent; `template`: an ordinary one to take its surroundings from. */
export function unseenService(chance: Chance, name: string, template: ServicePlan): ServicePlan {
  const profile = chance.pick(UNSEEN);
  const kind = KINDS.findIndex((known) => known.profile === profile);
  const { ways = [], behaviour } = KINDS[kind] ?? {};
  const mayWait = ways.some(([, evidence]) => evidence === 'timed');
  return {
    ...template,
    name,
    kind,
    standing: behaviour?.style === 'static' ? 'static' : 'managed',
    source: 'pushed',
    evidence: mayWait && chance.is(0.7) ? 'timed' : 'attested',
    instances: chance.whole(1, 2),
    declaredInstances: null,
    declared: true,
    slower: fastOf(kind),
    trafficMs: chance.pick([20_000, 60_000]),
  };
}

/** What the settings say of a population. */
export function populationPolicy(plan: PopulationPlan, issuer: string): ServicePolicy {
  return {
    name: 'apps',
    declared: true,
    kind: 'unmanaged',
    issuers: [issuer],
    instances: null,
    instancesMax: null,
    required: true,
    profile: UNKNOWN_PROFILE,
    evidence: 'timed',
    population: {
      cohorts: plan.cohorts,
      coverPercentile: plan.coverPercentile,
      dropsWithRefresh: true,
    },
    shippingIntervalMs: null,
    keys: 'any',
  };
}
