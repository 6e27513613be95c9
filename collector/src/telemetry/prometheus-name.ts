import type { Instrument } from '../metric-names.ts';

/** Words that Prometheus has for units of UCUM. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  s: 'seconds',
  By: 'bytes',
};

/**
 * The name a metric has in Prometheus, by the compatibility rules of OpenTelemetry: characters become
 * underscores, then the unit's word unless it is there, then `_total` for counters. A unit in braces
 * adds nothing.
 *
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-metadata-1
 */
export function prometheusName(instrument: Pick<Instrument, 'name' | 'unit' | 'kind'>): string {
  const words = wordsOf(withUnit(instrument.name, instrument.unit));
  const isCounter = instrument.kind === 'counter';
  return (isCounter ? [...words.filter((word) => word !== 'total'), 'total'] : words).join('_');
}

/** The name with its unit's word, still dotted. */
export function withUnit(name: string, unit: string): string {
  const word = UNIT_WORDS[unit];
  return word === undefined || wordsOf(name).includes(word) ? name : `${name}.${word}`;
}

/** An attribute as a label. */
export function labelName(attribute: string): string {
  return wordsOf(attribute).join('_');
}

function wordsOf(name: string): readonly string[] {
  return name.split(/[^a-zA-Z0-9]+/).filter((word) => word !== '');
}
