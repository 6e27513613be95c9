import type { WorldPlan } from './plan.ts';

/** What is left of a plan: which of its faults and services, and whether each has one instance only. */
export interface Cuts {
  readonly faults: readonly number[];
  readonly services: readonly number[];
  readonly single: boolean;
}

/** Nothing cut. */
export function wholeOf(plan: WorldPlan): Cuts {
  return { faults: [...plan.faults.keys()], services: [...plan.services.keys()], single: false };
}

/** The plan with only what the cuts leave; every other choice stays as it was. */
export function cut(plan: WorldPlan, { faults, services, single }: Cuts): WorldPlan {
  const kept = plan.services.filter((_, at) => services.includes(at));
  return {
    ...plan,
    faults: plan.faults.filter((_, at) => faults.includes(at)),
    services: single
      ? kept.map((service) => ({
          ...service,
          instances: 1,
          declaredInstances: service.declaredInstances === null ? null : 1,
        }))
      : kept,
  };
}

/** `f0,3+s1,2` or `f0,3+s1,2+single`. */
export function formatCuts({ faults, services, single }: Cuts): string {
  return `f${faults.join(',')}+s${services.join(',')}${single ? '+single' : ''}`;
}

/** @throws RangeError for what `formatCuts` would not have written. */
export function parseCuts(text: string): Cuts {
  const match = /^f([\d,]*)\+s([\d,]+)(\+single)?$/.exec(text);
  if (match === null) throw new RangeError(`--cuts: expected f0,3+s1,2 or the like, got ${text}`);
  const numbers = (list = ''): number[] => list.split(',').filter(Boolean).map(Number);
  return { faults: numbers(match[1]), services: numbers(match[2]), single: match[3] !== undefined };
}
