/** How to trust the collector and be known to it. PEM. */
export interface TlsOptions {
  /** Certificate authorities; the system's when absent. */
  readonly ca?: string | Uint8Array;
  /** Client certificate and key, for mutual TLS; both or neither. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** Name expected in the collector's certificate when it differs from the address. */
  readonly serverName?: string;
}
