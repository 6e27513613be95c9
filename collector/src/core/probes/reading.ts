import type { CanaryAnswer, CanaryOutcome, CanaryRole } from '@keyturn/shared/model/probe.ts';
import type { HeldProbe, ProbedKey, ProbeEvidence } from './record.ts';

/**
 * What the three answers say together (RFC 8509 section 3.3: Vnew, Vold, nonV, and the rest).
 * `knows_new`: takes the new key's token and the old one's, refuses the bogus one. `lacks_new`: takes
 * the old key's and refuses the new one's. `takes_anything`: took the bogus one, so that its other
 * answers mean nothing. `unclear`: the endpoint proves nothing, for it refuses the current key's
 * token too, or gave answers that are none.
 */
export type ProbeReading = 'knows_new' | 'lacks_new' | 'takes_anything' | 'unclear';

/** Reads the answers of one probe. */
export function readingOf(answers: readonly CanaryAnswer[]): ProbeReading {
  if (outcomeOf(answers, 'bogus') === 'accepted') return 'takes_anything';
  if (outcomeOf(answers, 'current') !== 'accepted') return 'unclear';
  switch (outcomeOf(answers, 'next')) {
    case 'accepted':
      return refusesBogus(answers) ? 'knows_new' : 'unclear';
    case 'rejected':
      return 'lacks_new';
    case 'unreachable':
    case 'unclear':
    case undefined:
      return 'unclear';
  }
}

/** A refusal says something only of an endpoint that takes what it should take. */
export function refusesBogus(answers: readonly CanaryAnswer[]): boolean {
  return outcomeOf(answers, 'bogus') === 'rejected' && outcomeOf(answers, 'current') === 'accepted';
}

export function outcomeOf(
  answers: readonly CanaryAnswer[],
  role: CanaryRole,
): CanaryOutcome | undefined {
  return answers.find((answer) => answer.role === role)?.outcome;
}

/** What probes prove now about a verifier and the new key of a rotation. */
export interface ProbeProof {
  /** When a probe found that it knows the new key; null when none counts now. */
  readonly knowsNewAtMs: number | null;
  /** When a probe found that it lacks the new key; null when none says so now. */
  readonly lacksNewAtMs: number | null;
  /** It takes anything, so that accepting a token proves nothing of it. */
  readonly takesAnything: boolean;
}

const NO_PROOF: ProbeProof = { knowsNewAtMs: null, lacksNewAtMs: null, takesAnything: false };

/** Only what was presented after the publication in force counts, for and against. */
export function probeProof(
  held: HeldProbe | undefined,
  key: ProbedKey,
  publishedAtMs: number,
  nowMs: number,
): ProbeProof {
  if (held === undefined) return NO_PROOF;
  const { latest, refusedNew } = held;
  const takesAnything = held.bogusAcceptedAtMs !== null;
  // In doubt about the order of two things within a millisecond: against the key.
  const counts = (evidence: ProbeEvidence): boolean =>
    isSameKey(evidence.key, key) &&
    evidence.atMs > publishedAtMs &&
    nowMs < evidence.validUntilMs &&
    readingOf(evidence.answers) === 'knows_new';
  const lacks =
    refusedNew !== null && isSameKey(refusedNew.key, key) && refusedNew.atMs >= publishedAtMs;
  return {
    knowsNewAtMs: latest !== null && !takesAnything && counts(latest) ? latest.atMs : null,
    lacksNewAtMs: lacks ? refusedNew.atMs : null,
    takesAnything,
  };
}

export function isSameKey(a: ProbedKey, b: ProbedKey): boolean {
  return a.kid === b.kid && a.thumbprint === b.thumbprint;
}
