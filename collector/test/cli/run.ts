import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Clock, systemClock } from '@keyturn/shared/clock.ts';
import { runCli as run } from '../../src/cli/run-cli.ts';
import type { Input } from '../../src/cli/world.ts';
import { TOKEN } from '../api/rig.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** As main.ts has it: a wait keeps the process alive. */
const waitingClock: Clock = {
  ...systemClock,
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

export interface CliRun {
  readonly done: Promise<CliResult>;
  /** What came on stdout so far. */
  out(): string;
  kill(): void;
}

/** A file with the operator token, in a directory of its own that goes when the test file ends. */
export function tokenFile(token = TOKEN, mode = 0o600): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'keyturn-cli-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'operator-token');
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

/** Runs a command line in this process: quicker, the same but for what main.ts does. */
export async function runHere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin = '',
  more: { readonly input?: Input } = {},
): Promise<CliResult> {
  let out = '';
  let err = '';
  const stream = (write: (text: string) => void) => ({
    write,
    isTerminal: false,
    columns: undefined,
  });
  const code = await run(args, {
    out: stream((text) => (out += text)),
    err: stream((text) => (err += text)),
    ...more,
    environment: {
      collector: env['KEYTURN_COLLECTOR'],
      operatorToken: env['KEYTURN_OPERATOR_TOKEN'],
      operatorTokenFile: env['KEYTURN_OPERATOR_TOKEN_FILE'],
      colours: false,
      userName: 'tester',
    },
    clock: waitingClock,
    fetch,
    version: '0.0.0-test',
    readText: async (file) => (file === null ? stdin : readFile(file, 'utf8')),
  });
  return { code, out, err };
}

export function runCli(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<CliResult> {
  return startCli(args, env).done;
}
