import { type ReadonlySignal, signal } from '@preact/signals';
import type { ActForm } from './act-form.ts';
import type { ActAnswer } from './send-act.ts';

const outcomeSignal = signal<string | null>(null);

/** What became of an act whose dialog is gone, with what it was about; null: nothing is to be told. */
export const outcome: ReadonlySignal<string | null> = outcomeSignal;

/** Tells in the page what its dialog can tell nobody any more. */
export function tellOutcome(form: ActForm, answer: ActAnswer): void {
  outcomeSignal.value = `${form.heading}: ${outcomeText(form, answer)}`;
}

export function dismissOutcome(): void {
  outcomeSignal.value = null;
}

function outcomeText(form: ActForm, answer: ActAnswer): string {
  switch (answer.kind) {
    case 'done':
      return `recorded. ${form.said(answer.body)}`;
    case 'unknown':
      return `not known whether it was taken. ${answer.why} Look at the audit trail before you try again.`;
    case 'refused':
      return `refused, nothing was changed. ${answer.problem.detail}`;
    case 'locked':
      return 'the page is locked, nothing was sent.';
  }
}
