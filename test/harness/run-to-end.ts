import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { REPOSITORY } from './programs.ts';

export interface RunOptions {
  /** Program to run; this Node when left out. */
  readonly program?: string;
  readonly args: readonly string[];
  /** The whole environment; `plainEnvironment()` when left out. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** SIGKILL after this; 20 s by default. */
  readonly timeoutMs?: number;
  /** Called once, when the program has said something on stdout. */
  readonly onFirstOutput?: () => void;
}

/** How a program ended and everything it said. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Compiled once for all tests: starting a program costs half as much. */
const COMPILE_CACHE = join(REPOSITORY, 'node_modules/.cache/keyturn-compiled');

/** PATH and HOME of this process, and what is given: nothing else of the environment leaks in. */
export function plainEnvironment(
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const { PATH = '', HOME = '/' } = process.env;
  return { PATH, HOME, NODE_COMPILE_CACHE: COMPILE_CACHE, ...more };
}

/** Runs a program to its end, without a terminal or input. */
export async function runToEnd(options: RunOptions): Promise<Ended> {
  const child = spawn(options.program ?? process.execPath, options.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env ?? plainEnvironment(),
    timeout: options.timeoutMs ?? 20_000,
    killSignal: 'SIGKILL',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const { onFirstOutput } = options;
  if (onFirstOutput !== undefined) child.stdout.once('data', onFirstOutput);
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}
