import { execFile, spawnSync } from 'node:child_process';

const isInstalled = spawnSync('promtool', ['--version']).status === 0;

/** For tap's `skip`: why the tests with Prometheus' own programs are not run, or false. */
export const prometheusMissing = isInstalled ? false : 'prometheus (promtool) is not installed';

/** Runs promtool with a text on its standard input; gives its status and what it said. */
export function promtool(
  args: readonly string[],
  input = '',
): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    const child = execFile('promtool', args, { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), said: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}
