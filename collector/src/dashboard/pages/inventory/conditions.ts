import type { ServiceCondition } from '../../../api/schemas/live-inventory.ts';

/** What can be the matter with a service, gravest first, in words. */
export const CONDITION_WORDS: readonly {
  readonly condition: ServiceCondition;
  readonly word: string;
  readonly sentence: string;
}[] = [
  {
    condition: 'undeclared',
    word: 'not declared',
    sentence: 'It verifies tokens of this issuer and nobody declared it; it blocks all the same.',
  },
  {
    condition: 'never_seen',
    word: 'never seen',
    sentence: 'It is declared, and no verifier of it was ever heard of.',
  },
  {
    condition: 'short',
    word: 'too few',
    sentence: 'Fewer instances are live than it declares.',
  },
  {
    condition: 'silent',
    word: 'silent',
    sentence: 'Some of its verifiers are not heard any more.',
  },
  {
    condition: 'waiting',
    word: 'waited for',
    sentence: 'An open rotation waits for it.',
  },
];
