import type { KeyRef } from '@keyturn/shared/model/ids.ts';

/** Why a fetch of an issuer's JWKS gave nothing to judge. */
export type SightingError =
  | 'timeout'
  | 'network'
  | 'tls'
  | 'status'
  | 'too_large'
  | 'not_json'
  | 'invalid'
  | 'private_members'
  | 'duplicate_kid';

/** One fetch of one issuer's JWKS from one vantage. */
export interface Sighting {
  readonly issuer: string;
  /** The address fetched; one of the issuer's configured vantages. */
  readonly vantage: string;
  readonly result:
    | {
        readonly ok: true;
        readonly keys: readonly KeyRef[];
        /** Keys without kid, or of a kind without thumbprint; counted, not tracked. */
        readonly untrackedKeys: number;
        readonly bytes: number;
        /** SHA-256 of the body, hex. */
        readonly documentSha256: string;
        readonly maxAgeS: number | null;
        /** stale-while-revalidate plus stale-if-error, seconds. */
        readonly staleS: number;
        /** `Age` header, seconds. */
        readonly ageS: number | null;
        /** `Date` header, Unix ms by the origin's clock. */
        readonly originDateMs: number | null;
      }
    | { readonly ok: false; readonly error: SightingError; readonly message: string };
}
