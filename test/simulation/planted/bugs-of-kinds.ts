import { at, CORE, type PlantedBug } from './bug.ts';

/** Mistakes that worlds of secrets, of other people's issuers and of canaries show. */
export const OF_KINDS: readonly PlantedBug[] = [
  {
    id: 'any secret held is taken for the new one',
    replacements: [
      at(
        `${CORE}/secrets/standing.ts`,
        "return keys.some((key) => key.kid === kid && key.alg === alg && key.thumbprint === '');",
        "return keys.some((key) => kid !== '' && key.alg === alg && key.thumbprint === '');",
      ),
    ],
    kind: 'secrets',
    seed: 2,
  },
  {
    id: 'what a process before said of its secrets counts for the next',
    replacements: [
      at(
        `${CORE}/admission.ts`,
        'receivedAtMs: null,\n    observedAtMs: null,\n    keySets: [],',
        'receivedAtMs: before?.receivedAtMs ?? null,\n    observedAtMs: before?.observedAtMs ?? null,\n    keySets: before?.keySets ?? [],',
      ),
      at(
        `${CORE}/admission.ts`,
        "setLiveness(state.fleet, known, 'joined', now.atMs);",
        "setLiveness(state.fleet, known, 'reporting', now.atMs);",
      ),
    ],
    kind: 'secrets',
    seed: 18,
  },
  {
    id: "tokens from before a restart show the clock of a secret's issuer",
    replacements: [
      at(
        `${CORE}/issuer-time.ts`,
        'if (usage.lastAcceptedAtMs < state.health.startedAtMs) return null;',
        '',
      ),
      at(
        `${CORE}/gates/secret-clock.ts`,
        'if (switchSeenAtMs < state.health.startedAtMs) return latelyMs;',
        '',
      ),
    ],
    kind: 'secrets',
    focus: ['collector_clock_step', 'kill_collector'],
    seed: 31,
  },
  {
    id: 'an observed rotation ends when its old key is withdrawn',
    replacements: [
      at(
        `${CORE}/observed/follow.ts`,
        "if (state.gates.get(rotation.id)?.get('purge')?.status !== 'open') continue;",
        'if (rotationFacts(state, rotation).withdrawnAtMs === null) continue;',
      ),
    ],
    kind: 'observed',
    seed: 3,
  },
  {
    id: 'who says nothing is told as knowing an observed key',
    replacements: [
      at(
        `${CORE}/observed/propagation.ts`,
        'if (isPositive(grade)) knowing += verifiers.size;',
        "if (grade !== 'absent') knowing += verifiers.size;",
      ),
    ],
    kind: 'observed',
    seed: 1,
  },
  {
    id: 'two processes under one name both know an observed key',
    replacements: [
      at(
        `${CORE}/observed/propagation.ts`,
        'const doubtful = contestedOf(group, rotation).length;',
        'const doubtful = 0 * contestedOf(group, rotation).length;',
      ),
    ],
    kind: 'observed',
    seed: 45,
  },
  {
    id: 'that a verifier takes any signature is of no account',
    replacements: [
      at(`${CORE}/gates/bogus.ts`, 'if (first === undefined) {', 'if (found.count >= 0) {'),
    ],
    kind: 'canaries',
    seed: 3,
  },
  {
    id: 'canaries go out before the key is published',
    replacements: [
      at(
        `${CORE}/probes/pace.ts`,
        'if (next === undefined || next.publishedAtMs === null) {',
        'if (next === undefined) {',
      ),
      at(
        `${CORE}/probes/pace.ts`,
        "return served ? undefined : 'a vantage does not serve both keys now';",
        "return served || !served ? undefined : '';",
      ),
    ],
    kind: 'canaries',
    seed: 3,
  },
];
