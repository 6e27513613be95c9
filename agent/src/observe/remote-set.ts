/** What is read of jose's `createRemoteJWKSet` result. */
export interface RemoteSetLike {
  readonly reloading: boolean;
  reload(): Promise<void>;
  jwks(): { readonly keys: readonly object[] } | undefined;
}
