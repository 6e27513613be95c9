import type { CanaryOutcome } from '@keyturn/shared/model/probe.ts';

/** What one verifier made of one token. `status`: of HTTP, where there was one. */
export interface Presented {
  readonly outcome: CanaryOutcome;
  readonly status: number | null;
}

/** Presents one token to one verifier. Bounded in time, and never rejects. */
export type Present = (token: string, issuer: string) => Promise<Presented>;

export const UNREACHABLE: Presented = { outcome: 'unreachable', status: null };

export const UNCLEAR: Presented = { outcome: 'unclear', status: null };
