import type { VerifierId } from '@keyturn/shared/model/ids.ts';

/** Who is at the other end of a call. */
export interface Peer {
  /** For logs: the transport's address of the peer. */
  readonly address: string;
}

/** Whether a peer may report for a verifier. */
export type Grant = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Answers who a caller is and what it may report; the one place where identity is decided. */
export interface Identify {
  peer(call: { getPeer(): string }): Peer;
  mayReport(peer: Peer, verifier: VerifierId): Grant;
}

/**
 * Trust by reach: whoever can reach the port may report for any verifier. Only for a collector bound
 * to loopback, or behind TLS whose clients are all trusted.
 */
export const trustReach: Identify = {
  peer: (call) => ({ address: call.getPeer() }),
  mayReport: () => ({ ok: true }),
};
