import type { Step } from '../core/records.ts';
import type { StepTakenView } from '../api/schemas/report.ts';
import { isoMoment } from '../iso-moment.ts';
import type { ReportFacts } from './report-facts.ts';

/** Every step that was declared, in order; the last of each also where no evidence was kept with it. */
export function stepsOf({ evidence, rotation }: ReportFacts): StepTakenView[] {
  const taken: { atMs: number; number: number; view: StepTakenView }[] = [];
  for (const { record } of evidence) {
    const { occasion, verdict, atMs, number } = record;
    if (occasion.kind !== 'step') continue;
    taken.push({
      atMs,
      number,
      view: {
        step: occasion.step,
        at: isoMoment(atMs),
        by: occasion.by,
        gate: verdict?.gate ?? null,
        gate_status: verdict?.status ?? null,
        override_reason: occasion.overrideReason,
        reason: occasion.reason,
        evidence: number,
      },
    });
  }
  for (const [step, declared] of Object.entries(rotation.declared)) {
    if (taken.some(({ view, atMs }) => view.step === step && atMs === declared.atMs)) continue;
    taken.push({
      atMs: declared.atMs,
      number: 0,
      view: {
        step: step as Step,
        at: isoMoment(declared.atMs),
        by: declared.by,
        gate: null,
        gate_status: null,
        override_reason: declared.overrideReason,
        reason: declared.reason,
        evidence: null,
      },
    });
  }
  return taken.sort((a, b) => a.atMs - b.atMs || a.number - b.number).map(({ view }) => view);
}
