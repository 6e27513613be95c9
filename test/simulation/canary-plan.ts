import { Chance } from './chance.ts';
import type { FaultKind } from './fault-plan.ts';
import { factsOf } from './kinds.ts';
import { planOf, type ServicePlan, type WorldPlan } from './plan.ts';
import { kindOf } from './policy.ts';
import { NO_TURNS } from './turns.ts';

/** What answers a canary: the cache itself, something that takes all, or a page that is not there. */
export type Endpoint = 'cache' | 'takes_anything' | 'not_found';

export interface CanaryPlan {
  /** Tooling hands fresh tokens over so often. */
  readonly everyMs: number;
  /** By service; without one an agent presents nothing. */
  readonly endpoints: Readonly<Record<string, Endpoint>>;
}

/** A lost disk starts everything anew, and a reused kid ends it. */
const LEFT_OUT: ReadonlySet<FaultKind> = new Set(['kid_reuse', 'lose_disk']);

/** The world of a seed whose tooling hands canaries over; some services count by them alone. */
export function canaryPlanOf(seed: number, focus: readonly FaultKind[] | null = null): WorldPlan {
  const plan = planOf(seed, focus);
  const endpoints: Record<string, Endpoint> = {};
  const services = plan.services
    .filter(({ standing }) => standing === 'instrumented')
    .map((service) => {
      const chance = new Chance(seed, `canary ${service.name}`);
      // Of several caches behind one address a refusal would outlast what nobody can show of the others.
      const hasOne = !factsOf(kindOf(service)).severalCaches;
      if (!chance.is(0.8) || !hasOne) return service;
      const isCounted = isProbable(service) && chance.is(0.6);
      const other = chance.is(0.15) ? 'takes_anything' : chance.is(0.2) ? 'not_found' : 'cache';
      endpoints[service.name] = isCounted && other === 'not_found' ? 'cache' : other;
      return isCounted ? { ...service, evidence: 'verified' as const } : service;
    });
  return {
    ...plan,
    kind: 'canaries',
    canaries: { everyMs: new Chance(seed, 'canaries').pick([240_000, 480_000]), endpoints },
    turns: NO_TURNS,
    waivesEarly: false,
    services,
    faultKinds: plan.faultKinds.filter((kind) => !LEFT_OUT.has(kind)),
    faults: plan.faults.filter(({ kind }) => !LEFT_OUT.has(kind)),
  };
}

/** One cache behind its endpoint, which has the key in time by itself, so that an answer speaks for it. */
function isProbable(service: ServicePlan): boolean {
  const { workers, style, tokenCacheMs } = kindOf(service).behaviour;
  const isSeen = service.source !== 'proxy' && service.evidence !== 'attested';
  return isSeen && workers === 1 && style !== 'static' && tokenCacheMs === 0;
}
