import type { CollectorProcess } from './collector-process.ts';
import { PROGRAMS } from './programs.ts';
import type { Ended } from './run-to-end.ts';
import { plainEnvironment, runToEnd } from './run-to-end.ts';

/** Runs `keyturn` against a collector, with its operator token at hand and no terminal. */
export function keyturn(
  collector: Pick<CollectorProcess, 'url' | 'tokenFile'>,
  ...args: readonly string[]
): Promise<Ended> {
  return runToEnd({
    args: [PROGRAMS.cli, ...args],
    env: plainEnvironment({
      KEYTURN_COLLECTOR: collector.url,
      KEYTURN_OPERATOR_TOKEN_FILE: collector.tokenFile,
    }),
    timeoutMs: 60_000,
  });
}
