/** Where the API is reached. */
export interface BindInfo {
  /**
   * Names beside loopback under which it may be reached: `keyturn.internal` for the port it listens
   * on, `keyturn.internal:443` for another.
   */
  readonly hosts: readonly string[];
  /** PEM; null serves plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
}
