/**
 * How a kind of verifier behaves, as gates need it. Seconds; `null` means no bound is known, which
 * never passes on time alone.
 */
export interface ProfileFacts {
  readonly id: string;
  readonly name: string;
  /** Longest a cached set is used before it is replaced; null: never replaced by time. */
  readonly refreshS: number | null;
  readonly refetchesOnUnknownKid: boolean;
  /** Shortest time between two fetches forced by an unknown kid; null: not known. */
  readonly cooldownS: number | null;
  /** Longest after publication that a token with the new kid may be refused; null: unbounded. */
  readonly newKidRefusedS: number | null;
  /** Longest after removal that the old key is accepted; null: unbounded. */
  readonly removedKeyAcceptedS: number | null;
  /** A refresh replaces the whole set (as against one entry per kid). */
  readonly replacesWholeSet: boolean;
  /** Several caches may stand behind one report (worker threads, processes). */
  readonly severalCaches: boolean;
  /** Accepts tokens it has seen before without looking at keys. */
  readonly cachesVerifiedTokens: boolean;
  /** Keys are configured, not fetched. */
  readonly staticKeys: boolean;
  /** What makes one verifier give up a removed key at once; sentences for a person. */
  readonly dropNow: string;
  /** Largest JWKS document it takes, bytes; null: no limit known. */
  readonly jwksBytesMax: number | null;
  /** Most keys a JWKS may have for it; null: no limit known. */
  readonly jwksKeysMax: number | null;
  /** JWS algorithms it accepts as configured; null: not known. */
  readonly algs: readonly string[] | null;
  /** One key of a type it does not know makes it refuse the whole set; null: not known. */
  readonly unknownKeySpoilsSet: boolean | null;
}
