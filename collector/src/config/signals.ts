import { type Signals, signalsOf } from '@keyturn/shared/telemetry/signals.ts';
import { ConfigError } from './config-error.ts';

/** @throws ConfigError naming each `OTEL_*` variable that cannot be followed. */
export function readSignals(env: Readonly<Record<string, string | undefined>>): Signals {
  const { signals, problems } = signalsOf(env, true);
  if (problems.length === 0) return signals;
  throw new ConfigError(
    'environment',
    problems.map(({ variable, message }) => ({
      path: variable,
      line: null,
      column: null,
      message,
    })),
  );
}
