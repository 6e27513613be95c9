import type { Fleet, Verifier } from './fleet.ts';
import type { Policy } from './policy.ts';
import { leaseMs } from './policy.ts';

/** Starts the verifier's lease anew at `nowMs`. */
export function renewLease(fleet: Fleet, policy: Policy, verifier: Verifier, nowMs: number): void {
  // Rounded up: a lease is never shorter than promised.
  const endS = Math.ceil((nowMs + leaseMs(policy)) / 1_000) + 1;
  if (endS === verifier.leaseEndS) return;
  dropLease(fleet, verifier);
  verifier.leaseEndS = endS;
  const bucket = fleet.leases.get(endS);
  if (bucket === undefined) fleet.leases.set(endS, new Set([verifier]));
  else bucket.add(verifier);
}

/** The verifiers whose lease ended by `nowMs`, each given once. */
export function expiredLeases(fleet: Fleet, nowMs: number): Verifier[] {
  const expired: Verifier[] = [];
  const nowS = Math.floor(nowMs / 1_000);
  // After a long pause most seconds have no bucket: walk whichever is shorter.
  if (nowS - fleet.leaseCursorS > fleet.leases.size) {
    for (const [second, bucket] of fleet.leases) {
      if (second <= nowS) for (const verifier of bucket) expired.push(verifier);
    }
  } else {
    for (let second = fleet.leaseCursorS; second <= nowS; second++) {
      for (const verifier of fleet.leases.get(second) ?? []) expired.push(verifier);
    }
  }
  fleet.leaseCursorS = Math.max(fleet.leaseCursorS, nowS + 1);
  for (const verifier of expired) dropLease(fleet, verifier);
  return expired;
}

/** Ends a lease early; nobody waits for this verifier any more. */
export function dropLease(fleet: Fleet, verifier: Verifier): void {
  const bucket = fleet.leases.get(verifier.leaseEndS);
  if (bucket === undefined) return;
  bucket.delete(verifier);
  if (bucket.size === 0) fleet.leases.delete(verifier.leaseEndS);
  verifier.leaseEndS = 0;
}
