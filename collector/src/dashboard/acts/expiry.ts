import type { Choice, Field, Values } from './act-form.ts';

const HOUR_S = 3_600;
const DAY_S = 86_400;

const SPANS: Readonly<Record<string, number>> = {
  '30 minutes': HOUR_S / 2,
  '1 hour': HOUR_S,
  '2 hours': 2 * HOUR_S,
  '8 hours': 8 * HOUR_S,
  '1 day': DAY_S,
  '7 days': 7 * DAY_S,
  '30 days': 30 * DAY_S,
};

/** Asks how long something is to last; the first span is what it stands at. */
export function expiryField(label: string, ...spans: readonly (keyof typeof SPANS)[]): Field {
  const choices: Choice[] = spans.map((span) => ({ value: String(SPANS[span]), label: span }));
  return { kind: 'choice', name: 'valid_for_s', label, choices };
}

/** The moment a span that begins now ends, for a sentence; UTC. */
export function untilText(validForS: number, nowMs: number): string {
  const at = new Date(nowMs + validForS * 1_000).toISOString();
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

/** Seconds that were chosen. */
export function spanOf(values: Values, field: Field): number {
  const first = field.kind === 'choice' ? field.choices[0]?.value : undefined;
  return Number(values[field.name] ?? first ?? 0);
}
