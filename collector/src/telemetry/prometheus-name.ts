import type { Instrument } from '../metric-names.ts';

/** Words that Prometheus has for units of UCUM. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  s: 'seconds',
  By: 'bytes',
};

/**
 * The name a metric has in Prometheus, by the compatibility rules of OpenTelemetry: characters become
 * underscores, then the unit's word, then `_total` for counters. A unit in braces adds nothing.
 *
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-metadata-1
 */
export function prometheusName(instrument: Pick<Instrument, 'name' | 'unit' | 'kind'>): string {
  const name = withUnit(instrument.name, instrument.unit).replace(/[^a-zA-Z0-9_]+/g, '_');
  return instrument.kind === 'counter' && !name.endsWith('_total') ? `${name}_total` : name;
}

/** The name with its unit's word, still dotted. */
export function withUnit(name: string, unit: string): string {
  const word = UNIT_WORDS[unit];
  return word === undefined || name.endsWith(word) ? name : `${name}.${word}`;
}

/** An attribute as a label. */
export function labelName(attribute: string): string {
  return attribute.replace(/[^a-zA-Z0-9_]+/g, '_');
}
