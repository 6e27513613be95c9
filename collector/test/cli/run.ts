import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOKEN } from '../api/rig.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CliRun {
  readonly done: Promise<CliResult>;
  /** What came on stdout so far. */
  out(): string;
  kill(): void;
}

/** A working directory whose data/operator-token does not exist, with the token in a file beside. */
export function tokenFile(token = TOKEN, mode = 0o600): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'keyturn-cli-')), 'operator-token');
  writeFileSync(file, `${token}\n`, { mode });
  return file;
}

/** Runs the CLI as a process of its own, as a shell would. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): CliRun {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env },
    cwd: tmpdir(),
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    out += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    err += part;
  });
  return {
    done: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out, err }));
    }),
    out: () => out,
    kill: () => child.kill('SIGKILL'),
  };
}

export function runCli(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<CliResult> {
  return startCli(args, env).done;
}
