import type { Fleet, Verifier } from './fleet.ts';
import { takesAnything } from './probe-record.ts';

/** Keeps the sets of those that were probed in step with the verifier's record. */
export function noteProbes(fleet: Fleet, verifier: Verifier): void {
  const { probes } = verifier.record;
  if (probes.length > 0) fleet.probed.add(verifier);
  else fleet.probed.delete(verifier);
  if (takesAnything(probes)) fleet.takesAnything.add(verifier);
  else fleet.takesAnything.delete(verifier);
}

export function forgetProbes(fleet: Fleet, verifier: Verifier): void {
  fleet.probed.delete(verifier);
  fleet.takesAnything.delete(verifier);
}
