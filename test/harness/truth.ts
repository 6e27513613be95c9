import type { HeldToken } from './bearer-client.ts';

/** One token shown to one verifier, and what became of it. */
export interface Trial {
  readonly verifier: string;
  readonly token: HeldToken;
  readonly answeredAtMs: number;
  readonly outcome: 'accepted' | 'refused' | 'unanswered';
  /** The verifier's own word for a refusal. */
  readonly reason: string;
}

/** Valid tokens one verifier refused, for one reason, signed with one key. */
export interface RejectedRow {
  readonly verifier: string;
  readonly kid: string;
  readonly reason: string;
  count: number;
  readonly firstAtMs: number;
  lastAtMs: number;
}

export interface VerifierTally {
  tried: number;
  accepted: number;
  rejected: number;
  /** No HTTP answer: neither accepted nor rejected. */
  unanswered: number;
  /** Accepted valid tokens by kid. */
  readonly acceptedByKid: Map<string, number>;
}

/**
 * Knows the truth about every token, because it saw the issuer mint it: a token counts as valid when
 * the issuer gave it out and it had not expired when the verifier answered. Whether its key is still
 * in the JWKS does not matter: the issuer promised its clients the token's whole life.
 */
export interface TruthKeeper {
  record(trial: Trial): void;
  readonly tried: number;
  readonly rejected: number;
  readonly unanswered: number;
  /** Answers that came after the token had expired, which prove nothing either way. */
  readonly tooLate: number;
  tally(verifier: string): VerifierTally | undefined;
  /** Most frequent first. */
  rejections(): readonly RejectedRow[];
}

const ROWS_MAX = 1_000;

export function truthKeeper(): TruthKeeper {
  const tallies = new Map<string, VerifierTally>();
  const rows = new Map<string, RejectedRow>();
  let tooLate = 0;

  const tallyOf = (verifier: string): VerifierTally => {
    const found = tallies.get(verifier) ?? {
      tried: 0,
      accepted: 0,
      rejected: 0,
      unanswered: 0,
      acceptedByKid: new Map<string, number>(),
    };
    tallies.set(verifier, found);
    return found;
  };
  const sum = (field: 'tried' | 'rejected' | 'unanswered'): number =>
    [...tallies.values()].reduce((total, tally) => total + tally[field], 0);

  const recordRefusal = (trial: Trial): void => {
    const id = JSON.stringify([trial.verifier, trial.token.kid, trial.reason]);
    const row = rows.get(id);
    if (row !== undefined) {
      row.count += 1;
      row.lastAtMs = trial.answeredAtMs;
    } else if (rows.size < ROWS_MAX) {
      rows.set(id, {
        verifier: trial.verifier,
        kid: trial.token.kid,
        reason: trial.reason,
        count: 1,
        firstAtMs: trial.answeredAtMs,
        lastAtMs: trial.answeredAtMs,
      });
    }
  };

  return {
    record(trial) {
      if (trial.answeredAtMs >= trial.token.expS * 1_000) {
        tooLate += 1;
        return;
      }
      const tally = tallyOf(trial.verifier);
      if (trial.outcome === 'unanswered') {
        tally.unanswered += 1;
        return;
      }
      tally.tried += 1;
      if (trial.outcome === 'refused') {
        tally.rejected += 1;
        recordRefusal(trial);
        return;
      }
      tally.accepted += 1;
      const { kid } = trial.token;
      tally.acceptedByKid.set(kid, (tally.acceptedByKid.get(kid) ?? 0) + 1);
    },
    get tried() {
      return sum('tried');
    },
    get rejected() {
      return sum('rejected');
    },
    get unanswered() {
      return sum('unanswered');
    },
    get tooLate() {
      return tooLate;
    },
    tally: (verifier) => tallies.get(verifier),
    rejections: () => [...rows.values()].sort((a, b) => b.count - a.count),
  };
}
