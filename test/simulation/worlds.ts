import type { FaultKind } from './fault-plan.ts';
import { planOf, type WorldPlan } from './plan.ts';
import { secretPlanOf } from './secret-plan.ts';

/** `rotation`: keys of our own issuer; the others are worlds of their own, beside it. */
export const WORLD_KINDS = ['rotation', 'secrets'] as const;

export type WorldKind = (typeof WORLD_KINDS)[number];

/** Every so many seeds have a world of each kind besides their rotation. */
const BESIDE_EVERY = 5;

const PLANS: Readonly<
  Record<WorldKind, (seed: number, focus?: readonly FaultKind[] | null) => WorldPlan>
> = { rotation: planOf, secrets: secretPlanOf };

export function planOfKind(
  kind: WorldKind,
  seed: number,
  focus: readonly FaultKind[] | null = null,
): WorldPlan {
  return PLANS[kind](seed, focus);
}

/** The worlds of one seed in a run over all kinds. */
export function kindsOf(seed: number): readonly WorldKind[] {
  return WORLD_KINDS.filter((kind, at) => kind === 'rotation' || seed % BESIDE_EVERY === at);
}
