import { ConfigError, type ConfigProblem } from '../config/config-error.ts';

/** What is to be exported by OpenTelemetry's SDK. */
export interface Signals {
  readonly metrics: boolean;
  readonly traces: boolean;
}

export const NO_SIGNALS: Signals = { metrics: false, traces: false };

const EXPORTERS = {
  METRICS: ['otlp', 'console', 'none', 'prometheus'],
  TRACES: ['otlp', 'console', 'none'],
} as const;

type SignalName = keyof typeof EXPORTERS;

/**
 * What the `OTEL_*` variables ask for. A signal is exported when its exporter is named, or an endpoint
 * it would go to; otherwise nothing of the SDK is loaded. Everything else in them is the SDK's to read.
 *
 * @throws ConfigError naming each variable that cannot be followed.
 */
export function signalsOf(env: Readonly<Record<string, string | undefined>>): Signals {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return NO_SIGNALS;
  const problems: ConfigProblem[] = [];
  const signals = {
    metrics: isWanted('METRICS', env, problems),
    traces: isWanted('TRACES', env, problems),
  };
  if (problems.length > 0) throw new ConfigError('environment', problems);
  return signals;
}

function isWanted(
  signal: SignalName,
  env: Readonly<Record<string, string | undefined>>,
  problems: ConfigProblem[],
): boolean {
  const variable = `OTEL_${signal}_EXPORTER`;
  const value = env[variable]?.trim() ?? '';
  if (value === '') {
    return [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT'].some(
      (name) => (env[name]?.trim() ?? '') !== '',
    );
  }
  const names = value.split(',').map((name) => name.trim());
  const problem = exporterProblem(signal, names);
  if (problem !== undefined) {
    problems.push({ path: variable, line: null, column: null, message: problem });
  }
  return !names.includes('none') && !names.includes('prometheus');
}

function exporterProblem(signal: SignalName, names: readonly string[]): string | undefined {
  const known: readonly string[] = EXPORTERS[signal];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return `expected ${known.join(', ')}, got ${JSON.stringify(unknown.slice(0, 64))}`;
  }
  // A second endpoint would serve the same metrics under other names.
  if (names.length > 1 && names.includes('prometheus')) {
    return 'expected prometheus by itself: /metrics serves it in any case';
  }
  return undefined;
}
