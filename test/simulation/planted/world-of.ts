import { planOf, type WorldPlan } from '../plan.ts';
import { NO_TURNS } from '../turns.ts';
import type { PlantedBug } from './bugs.ts';

/** The world of a seed in which a bug is looked for; null: one without the turn that shows it. */
export function worldOf(
  { focus, turn }: Pick<PlantedBug, 'focus' | 'turn'>,
  seed: number,
): WorldPlan | null {
  const plan = planOf(seed, focus);
  // Turns that are added later leave remembered seeds as they are.
  if (turn === undefined) return { ...plan, turns: NO_TURNS };
  const own = plan.turns[turn];
  return own === null ? null : { ...plan, turns: { ...NO_TURNS, [turn]: own } };
}
