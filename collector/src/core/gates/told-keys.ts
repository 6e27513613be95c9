import type { Verifier } from '../fleet.ts';
import { keySetOf } from '../latest-report.ts';
import type { RotationRecord } from '../records.ts';

/** The proxy knows what it served, not what is kept behind it. */
function tellsItsKeys(verifier: Verifier): boolean {
  return verifier.record.source !== 'proxy';
}

/**
 * Who tells how verifications end, and nothing of keys or of fetching them, contradicts no word about
 * them. One whose fetches brought nothing yet may still get an old copy.
 */
export function hasToldKeys({ issuer, keyKind }: RotationRecord): (verifier: Verifier) => boolean {
  return (verifier) => {
    if (!tellsItsKeys(verifier) || keyKind === 'secret') return tellsItsKeys(verifier);
    const set = keySetOf(verifier.record.keySets, issuer);
    if (set === undefined) return false;
    const hasTried = set.attemptAtMs !== null || set.consecutiveFailures > 0;
    return hasTried || set.dataAtMs !== null || set.keys.length > 0;
  };
}

/** Time brings nothing to one whose own fetches fail. */
export function cannotFetch({ issuer }: RotationRecord): (verifier: Verifier) => boolean {
  return (verifier) =>
    tellsItsKeys(verifier) &&
    (keySetOf(verifier.record.keySets, issuer)?.consecutiveFailures ?? 0) > 0;
}
