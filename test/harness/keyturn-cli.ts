import type { CollectorProcess } from './collector-process.ts';
import { PROGRAMS } from './programs.ts';
import type { Ended } from './run-to-end.ts';
import { plainEnvironment, runToEnd } from './run-to-end.ts';

type Reached = Pick<CollectorProcess, 'url' | 'tokenFile'>;

/** Runs `keyturn` against a collector, with its operator token at hand and no terminal. */
export function keyturn(collector: Reached, ...args: readonly string[]): Promise<Ended> {
  return keyturnThen(collector, undefined, ...args);
}

/** The same, calling back as soon as it has said something. */
export function keyturnThen(
  collector: Reached,
  onFirstOutput: (() => void) | undefined,
  ...args: readonly string[]
): Promise<Ended> {
  return runToEnd({
    ...(onFirstOutput === undefined ? {} : { onFirstOutput }),
    args: [PROGRAMS.cli, ...args],
    env: plainEnvironment({
      KEYTURN_COLLECTOR: collector.url,
      KEYTURN_OPERATOR_TOKEN_FILE: collector.tokenFile,
    }),
    timeoutMs: 60_000,
  });
}
