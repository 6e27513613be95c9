import { type AttributeName, INSTRUMENTS, type InstrumentId } from '../../src/metric-names.ts';
import { labelName, prometheusName } from '../../src/telemetry/prometheus-name.ts';

/** What is asked of one attribute: a value, or `{ among }` values, or `{ like }` a pattern. */
export type Matcher =
  | string
  | { readonly among: readonly string[] }
  | { readonly like: string }
  | { readonly not: string };

type Matchers<Id extends InstrumentId> = {
  readonly [Name in (typeof INSTRUMENTS)[Id]['attributes'][number]]?: Matcher;
};

/** Selects series of an instrument; an attribute it does not have is a type error. */
export function series<Id extends InstrumentId>(id: Id, where: Matchers<Id> = {}): string {
  return prometheusName(INSTRUMENTS[id]) + braces(where);
}

/** The same for the buckets of a histogram. */
export function bucketsOf<Id extends InstrumentId>(id: Id, where: Matchers<Id> = {}): string {
  return `${prometheusName(INSTRUMENTS[id])}_bucket${braces(where)}`;
}

/** Labels for `by (…)` and `on (…)`. */
export function labels(...names: readonly AttributeName[]): string {
  return names.map(labelName).join(', ');
}

function braces(where: Readonly<Partial<Record<string, Matcher>>>): string {
  const parts = Object.entries(where).flatMap(([name, matcher]) =>
    matcher === undefined ? [] : [`${labelName(name)}${matched(matcher)}`],
  );
  return parts.length === 0 ? '' : `{${parts.join(', ')}}`;
}

function matched(matcher: Matcher): string {
  if (typeof matcher === 'string') return `=${JSON.stringify(matcher)}`;
  if ('among' in matcher) return `=~${JSON.stringify(matcher.among.join('|'))}`;
  if ('not' in matcher) return `!=${JSON.stringify(matcher.not)}`;
  return `=~${JSON.stringify(matcher.like)}`;
}
