import { at, CORE, type PlantedBug } from './bug.ts';

/** Mistakes that show where a rotation takes a turn: back, into an emergency, with nobody looking. */
export const OF_TURNS: readonly PlantedBug[] = [
  {
    id: "a second activate takes the first one's evidence",
    replacements: [
      at(
        `${CORE}/standing.ts`,
        'if (rolledBackAtMs !== null && (record.observedAtMs ?? 0) <= rolledBackAtMs) {',
        'if (false) {',
      ),
    ],
    turn: 'rollback',
    seed: 118,
  },
  {
    id: 'a rotation that went back ends while new tokens live',
    replacements: [
      at(
        `${CORE}/act/step-problem.ts`,
        'if (!mayBeNeeded(state, rotation, need, now)) return undefined;',
        'if (mayBeNeeded.length > 0) return undefined;',
      ),
    ],
    turn: 'rollback',
    seed: 5,
  },
  {
    id: 'the percentile a population must be covered to is ignored',
    replacements: [
      at(
        `${CORE}/kinds.ts`,
        '(cohort) => cohort.percentile >= population.coverPercentile',
        '(cohort) => cohort.percentile > 0',
      ),
    ],
    turn: 'unseen',
    seed: 35,
  },
  {
    id: 'an emergency skips evidence',
    replacements: [
      at(
        `${CORE}/gates/emergency-skip.ts`,
        'if (!HURRIED.has(gate) || !state.policy.emergency.skip.includes(check.id)) return check;',
        'if (!HURRIED.has(gate)) return check;',
      ),
    ],
    turn: 'emergency',
    seed: 27,
  },
  {
    id: 'a tainted key may sign again',
    replacements: [
      at(
        `${CORE}/gates/rollback.ts`,
        'return rotation.tainted\n',
        'return rotation.tainted && false\n',
      ),
    ],
    turn: 'emergency',
    seed: 23,
  },
  {
    id: 'time in which nobody looked counts',
    replacements: [
      at(
        `${CORE}/watch.ts`,
        'if (lastMs !== null && now.atMs - lastMs > allowedMs(vantage, policy)) {',
        'if (lastMs !== null && now.atMs - lastMs > 1e6 * allowedMs(vantage, policy)) {',
      ),
    ],
    turn: 'absence',
    seed: 4767,
  },
];
