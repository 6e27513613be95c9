import { cut, type Cuts, wholeOf } from './cuts.ts';
import type { WorldPlan } from './plan.ts';
import { type Result, simulate } from './simulate.ts';

export interface Shrunk {
  readonly cuts: Cuts;
  readonly result: Result;
}

/**
 * Leaves out kinds of faults, single faults, services and instances for as long as the same promise
 * is still broken. Runs at most `runsMax` worlds.
 */
export async function shrink(plan: WorldPlan, failing: Result, runsMax = 150): Promise<Shrunk> {
  const rule = failing.violations[0]?.rule;
  let best: Shrunk = { cuts: wholeOf(plan), result: failing };
  let runs = 0;
  const attempt = async (cuts: Cuts): Promise<boolean> => {
    if (runs >= runsMax || cuts.services.length === 0) return false;
    runs += 1;
    const result = await simulate(cut(plan, cuts));
    if (result.violations[0]?.rule !== rule) return false;
    best = { cuts, result };
    return true;
  };
  const without = (list: readonly number[], gone: readonly number[]): number[] =>
    list.filter((at) => !gone.includes(at));

  await attempt({ ...best.cuts, faults: [] });
  for (const kind of new Set(plan.faults.map((fault) => fault.kind))) {
    const gone = best.cuts.faults.filter((at) => plan.faults[at]?.kind === kind);
    if (gone.length > 0) await attempt({ ...best.cuts, faults: without(best.cuts.faults, gone) });
  }
  for (const at of best.cuts.faults) {
    await attempt({ ...best.cuts, faults: without(best.cuts.faults, [at]) });
  }
  for (const at of best.cuts.services) {
    await attempt({ ...best.cuts, services: without(best.cuts.services, [at]) });
  }
  await attempt({ ...best.cuts, single: true });
  return best;
}
