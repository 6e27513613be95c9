/** What is to be exported by OpenTelemetry's SDK. */
export interface Signals {
  readonly metrics: boolean;
  readonly traces: boolean;
}

export const NO_SIGNALS: Signals = { metrics: false, traces: false };

/** A variable that cannot be followed, and what was expected of it. */
export interface SignalProblem {
  readonly variable: string;
  readonly message: string;
}

type SignalName = 'METRICS' | 'TRACES';

/**
 * What the `OTEL_*` variables ask for. A signal is exported when its exporter is named, or an endpoint
 * it would go to; otherwise nothing of the SDK is loaded. Everything else in them is the SDK's to read.
 *
 * @param servesPrometheus the program has a `/metrics` of its own in any case
 */
export function signalsOf(
  env: Readonly<Record<string, string | undefined>>,
  servesPrometheus: boolean,
): { readonly signals: Signals; readonly problems: readonly SignalProblem[] } {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') {
    return { signals: NO_SIGNALS, problems: [] };
  }
  const problems: SignalProblem[] = [];
  const known = ['otlp', 'console', 'none'];
  const signals = {
    metrics: isWanted(
      'METRICS',
      servesPrometheus ? [...known, 'prometheus'] : known,
      env,
      problems,
    ),
    traces: isWanted('TRACES', known, env, problems),
  };
  return { signals, problems };
}

function isWanted(
  signal: SignalName,
  known: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  problems: SignalProblem[],
): boolean {
  const variable = `OTEL_${signal}_EXPORTER`;
  const value = env[variable]?.trim() ?? '';
  if (value === '') {
    return [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT'].some(
      (name) => (env[name]?.trim() ?? '') !== '',
    );
  }
  const names = value.split(',').map((name) => name.trim());
  const message = exporterProblem(known, names);
  if (message !== undefined) problems.push({ variable, message });
  return !names.includes('none') && !names.includes('prometheus');
}

function exporterProblem(known: readonly string[], names: readonly string[]): string | undefined {
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
