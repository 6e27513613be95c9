/** One place the collector fetches from. */
export interface WatchSource {
  /**
   * Names the place in sightings: for `jwks` the address of the JWKS itself, for `discovery` the
   * address of the discovery document that tells where the JWKS is.
   */
  readonly vantage: string;
  readonly kind: 'jwks' | 'discovery';
}

/** An issuer as the watcher needs it. */
export interface WatchedIssuer {
  /** Exact `iss` string. */
  readonly issuer: string;
  readonly sources: readonly WatchSource[];
  readonly intervalMs: number;
  /** Certificate authorities to trust instead of the machine's, PEM. */
  readonly ca: string | null;
  /** Plain http to other machines, which lets whoever is on the way choose the keys. */
  readonly allowHttp: boolean;
}
