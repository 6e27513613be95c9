import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { VerifierRecord } from '../core/records.ts';
import type { State } from '../core/state.ts';
import { isKnownKid } from '../core/usage.ts';
import { eachDifference, type CountDifference } from './count-differences.ts';
import { FINEST_S } from './resolutions.ts';
import { type Span, spread } from './spread.ts';
import { addTokens, type TokenBucket, type TokenLabel, TOKENS } from './token-bucket.ts';
import type { Track } from './track.ts';
import type { Tracks } from './tracks.ts';

/** Kids of an issuer that are looked up once per look, for all verifiers; a flood beyond it is looked up anew. */
const LABELS_MAX = 4_096;

interface OfIssuer {
  readonly track: Track<TokenBucket>;
  readonly labels: Map<string, TokenLabel>;
}

/** From when on counts can still be placed, and until when. */
export interface Placing {
  readonly oldestMs: number;
  readonly nowMs: number;
}

/** Places what verifiers count in time, kid by kid. */
export class TokenCounts {
  /** Tokens whose time was over when they were told: a process that was out of reach. */
  late = 0;
  readonly #tracks: Tracks;
  /** By issuer: its track, and what its kids are. */
  readonly #issuers = new Map<string, OfIssuer>();

  constructor(tracks: Tracks) {
    this.#tracks = tracks;
  }

  /** A new look: what kids are may have changed. */
  begin(): void {
    this.#issuers.clear();
  }

  /** Takes the difference between two records of a verifier. */
  take(
    state: Readonly<State>,
    before: VerifierRecord | undefined,
    after: VerifierRecord,
    placing: Placing,
    each: (outcome: Outcome, count: number) => void,
  ): void {
    const isPast = isHistory(state, before, after, placing.nowMs);
    eachDifference(before, after, (difference) => {
      const of = this.#of(state, difference.issuer);
      if (of === undefined) return;
      if (isPast) {
        this.late += difference.count;
        return;
      }
      each(difference.outcome, difference.count);
      const label = labelOf(state, of, difference);
      this.#place(of.track, label, difference, spanOf(before, after), placing);
    });
  }

  #place(
    track: Track<TokenBucket>,
    label: TokenLabel,
    { outcome, count, goesOn }: CountDifference,
    { sinceMs, untilMs }: Span,
    { oldestMs, nowMs }: Placing,
  ): void {
    const until = Math.min(nowMs, Math.max(untilMs, oldestMs));
    // Failures are told at once, and so is the first token of a key: both are of just now.
    const since = goesOn && outcome === 'ok' ? Math.min(sinceMs, until) : until;
    this.late += spread(
      count,
      { sinceMs: since, untilMs: until },
      FINEST_S * 1_000,
      oldestMs,
      (bucketMs, more) => addTokens(track.at(bucketMs), label, outcome, more),
    );
  }

  #of(state: Readonly<State>, issuer: string): OfIssuer | undefined {
    const known = this.#issuers.get(issuer);
    if (known !== undefined || !state.policy.issuers.has(issuer)) return known;
    const of = { track: this.#tracks.of(TOKENS, issuer), labels: new Map<string, TokenLabel>() };
    this.#issuers.set(issuer, of);
    return of;
  }
}

function labelOf(
  state: Readonly<State>,
  { labels }: OfIssuer,
  { issuer, key }: CountDifference,
): TokenLabel {
  if (key.kind !== 'kid') return key.kind;
  const known = labels.get(key.kid);
  if (known !== undefined) return known;
  const label = isKnownKid(state, issuer, key.kid) ? (`kid ${key.kid}` as const) : 'foreign';
  if (labels.size < LABELS_MAX) labels.set(key.kid, label);
  return label;
}

function spanOf(before: VerifierRecord | undefined, after: VerifierRecord): Span {
  const untilMs = after.observedAtMs ?? after.receivedAtMs ?? 0;
  const isSame = before?.bootId === after.bootId;
  return { sinceMs: (isSame ? before?.observedAtMs : null) ?? untilMs, untilMs };
}

/**
 * Who is heard of for the first time just after the collector's own start may have counted for weeks.
 * Everybody else's first report is of a process that has just begun.
 */
function isHistory(
  { health }: Readonly<State>,
  before: VerifierRecord | undefined,
  after: VerifierRecord,
  nowMs: number,
): boolean {
  return (
    (before === undefined || before.observedAtMs === null) &&
    after.firstSeenAtMs >= health.startedAtMs &&
    nowMs < health.holdDownUntilMs
  );
}
