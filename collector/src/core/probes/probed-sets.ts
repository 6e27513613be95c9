import type { Fleet, Verifier } from '../fleet.ts';
import { takesAnything } from './record.ts';

/** Keeps the sets of those that were probed in step with the verifier's record. */
export function noteProbes(fleet: Fleet, verifier: Verifier): void {
  const { probes } = verifier.record;
  if (probes.length > 0) fleet.probed.add(verifier);
  else fleet.probed.delete(verifier);
  for (const { latest } of probes) {
    if (latest !== null)
      fleet.probeLapsesAtMs = Math.min(fleet.probeLapsesAtMs, latest.validUntilMs);
  }
  if (takesAnything(probes)) fleet.takesAnything.add(verifier);
  else fleet.takesAnything.delete(verifier);
}

export function forgetProbes(fleet: Fleet, verifier: Verifier): void {
  fleet.probed.delete(verifier);
  fleet.takesAnything.delete(verifier);
}

/** Verifiers whose probe has ceased to count since this was last asked. */
export function lapsedProbes(fleet: Fleet, nowMs: number): readonly Verifier[] {
  if (nowMs < fleet.probeLapsesAtMs) return [];
  const lapsed: Verifier[] = [];
  fleet.probeLapsesAtMs = Infinity;
  for (const verifier of fleet.probed) {
    const ends = verifier.record.probes.flatMap(({ latest }) => latest?.validUntilMs ?? []);
    if (ends.some((endMs) => endMs <= nowMs)) lapsed.push(verifier);
    const next = Math.min(Infinity, ...ends.filter((endMs) => endMs > nowMs));
    fleet.probeLapsesAtMs = Math.min(fleet.probeLapsesAtMs, next);
  }
  return lapsed;
}
