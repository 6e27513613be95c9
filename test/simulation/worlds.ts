import type { FaultKind } from './fault-plan.ts';
import { planOf, WORLD_KINDS, type WorldKind, type WorldPlan } from './plan.ts';
import { canaryPlanOf } from './canary-plan.ts';
import { observedPlanOf } from './observed-plan.ts';
import { secretPlanOf } from './secret-plan.ts';

/** Every so many seeds have a world of each kind besides their rotation. */
const BESIDE_EVERY = 5;

const PLANS: Readonly<
  Record<WorldKind, (seed: number, focus?: readonly FaultKind[] | null) => WorldPlan>
> = { rotation: planOf, secrets: secretPlanOf, observed: observedPlanOf, canaries: canaryPlanOf };

export function planOfKind(
  kind: WorldKind,
  seed: number,
  focus: readonly FaultKind[] | null = null,
): WorldPlan {
  return PLANS[kind](seed, focus);
}

/** The kinds of worlds of one seed; `only`: of this kind alone, whatever the seed. */
export function kindsOf(seed: number, only: WorldKind | null = null): readonly WorldKind[] {
  if (only !== null) return [only];
  return WORLD_KINDS.filter((kind, at) => kind === 'rotation' || seed % BESIDE_EVERY === at);
}
