import { planOf, straight, type WorldPlan } from '../plan.ts';
import { planOfKind } from '../worlds.ts';
import type { PlantedBug } from './bug.ts';

/** The world of a seed in which a bug is looked for; null: one without the turn that shows it. */
export function worldOf(
  { focus, turn, kind }: Pick<PlantedBug, 'focus' | 'turn' | 'kind'>,
  seed: number,
): WorldPlan | null {
  if (kind !== undefined) return planOfKind(kind, seed, focus);
  const plan = planOf(seed, focus);
  // Turns that are added later leave remembered seeds as they are.
  if (turn === undefined) return straight(plan);
  const own = plan.turns[turn];
  return own === null ? null : straight(plan, { [turn]: own });
}
