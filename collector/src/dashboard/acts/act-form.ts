/** One act as the collector is asked for it. */
export interface ActRequest {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  /** `by` is added: to the body of a POST, to the query of a DELETE. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What somebody has filled in, by the name of the field. */
export type Values = Readonly<Record<string, string>>;

/** One thing that follows from an act, or stands against it, in a plain sentence. */
export interface Consequence {
  readonly tone: 'plain' | 'good' | 'warning' | 'danger';
  readonly text: string;
  /** Who or what exactly. */
  readonly items?: readonly string[];
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** What a person is asked for. `hint`: said below it. */
export type Field = {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
} & (
  | { readonly kind: 'reason' }
  | { readonly kind: 'text'; readonly required: boolean; readonly charsMax: number }
  | { readonly kind: 'choice'; readonly choices: readonly Choice[] }
  | { readonly kind: 'confirmed' }
);

/** An act as it stands now: what it would do, what it asks for, and what is sent. */
export interface ActForm {
  /** Names the act; stands on its button. */
  readonly label: string;
  readonly heading: string;
  readonly isDangerous: boolean;
  readonly consequences: readonly Consequence[];
  /** Why it cannot be taken now; null: it can. */
  readonly blocked: string | null;
  readonly fields: readonly Field[];
  /** A kid that has to be typed first; null: none. */
  readonly typed: string | null;
  /** Another text than when the dialog was opened: what matters has changed, so it has to be read again. */
  readonly basis: string;
  readonly request: ActRequest;
  /** What became of it, from the answer. */
  said(body: unknown): string;
  /** Address of what the act made, from the answer. */
  leadsTo?(body: unknown): string;
}

/** Makes the form anew from what is known and filled in at the moment. */
export type Describe = (values: Values) => ActForm;

/** Bounds of the API; see `schemas/acts.ts`. */
export const TEXT_CHARS_MAX = 500;

export const REASON: Field = { kind: 'reason', name: 'reason', label: 'Reason' };

/** What somebody has chosen, or what a choice stands at to begin with. */
export function chosen(values: Values, field: Field): string {
  const first = field.kind === 'choice' ? (field.choices[0]?.value ?? '') : '';
  return values[field.name] ?? first;
}

/** The first field that still lacks something, as a sentence; null: nothing is missing. */
export function missing(form: ActForm, values: Values): string | null {
  for (const field of form.fields) {
    const value = chosen(values, field);
    const isNeeded = field.kind !== 'text' || field.required;
    if (isNeeded && value.trim() === '') return `${field.label} is missing.`;
  }
  if (form.typed !== null && values['typed'] !== form.typed) {
    return 'The kid has to be typed exactly.';
  }
  return null;
}
