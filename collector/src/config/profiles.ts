import { allProfileFacts, UNKNOWN_PROFILE } from '@keyturn/shared/profiles/catalogue.ts';
import type { Profiles } from './services.ts';

/** The built-in catalogue. */
export function profiles(): Profiles {
  return { facts: allProfileFacts(), unknown: UNKNOWN_PROFILE };
}
