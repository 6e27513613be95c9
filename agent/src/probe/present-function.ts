import type { Clock } from '@keyturn/shared/clock.ts';
import { CANARY_OUTCOMES, type CanaryOutcome } from '@keyturn/shared/model/probe.ts';
import type { Present, Presented } from './present.ts';
import { UNCLEAR, UNREACHABLE } from './present.ts';

/** The verifier a token is to be shown to. */
export interface ProbedVerifier {
  readonly cache: string;
  readonly issuer: string;
}

/**
 * Shows a token to the named cache of this process, and says whether it was accepted. It must ask the
 * same verifier that real tokens meet. What it throws counts as no answer.
 */
export type ProbeFunction = (
  token: string,
  verifier: ProbedVerifier,
) => boolean | CanaryOutcome | Promise<boolean | CanaryOutcome>;

const ANSWERS_WITHIN_MS = 10_000;

/** Presents tokens through a function of the process itself. */
export function functionPresenter(ask: ProbeFunction, cache: string, clock: Clock): Present {
  return async (token, issuer) => {
    const late = Promise.withResolvers<Presented>();
    const cancel = clock.after(ANSWERS_WITHIN_MS, () => {
      late.resolve(UNREACHABLE);
    });
    try {
      return await Promise.race([asked(ask, token, { cache, issuer }), late.promise]);
    } catch {
      return UNREACHABLE;
    } finally {
      cancel();
    }
  };
}

// Its own function, so that what it throws at once is a rejection like any other.
async function asked(
  ask: ProbeFunction,
  token: string,
  verifier: ProbedVerifier,
): Promise<Presented> {
  return readingOf(await ask(token, verifier));
}

/** What is neither true, false nor a word that is known says nothing. */
function readingOf(answer: unknown): Presented {
  if (answer === true) return { outcome: 'accepted', status: null };
  if (answer === false) return { outcome: 'rejected', status: null };
  const word = CANARY_OUTCOMES.find((outcome) => outcome === answer);
  return word === undefined ? UNCLEAR : { outcome: word, status: null };
}
