import { spawn, spawnSync } from 'node:child_process';
import type { CollectorProcess } from './collector-process.ts';
import { PROGRAMS } from './programs.ts';
import { plainEnvironment } from './run-to-end.ts';

const TIMEOUT_MS = 60_000;

/** What a person saw and what was left. */
export interface Session {
  readonly code: number | null;
  /** What the terminal showed, both streams in one. */
  readonly shown: string;
}

/** True where `script` of util-linux can make a pseudo-terminal. */
export function hasPseudoTerminal(): boolean {
  const { status, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.includes('util-linux');
}

/** Runs `keyturn` on a terminal of its own, and types the answer once it has shown the question. */
export function keyturnOnTerminal(
  collector: Pick<CollectorProcess, 'url' | 'tokenFile'>,
  question: RegExp,
  answer: string,
  ...args: readonly string[]
): Promise<Session> {
  const command = [process.execPath, PROGRAMS.cli, ...args].map(quoted).join(' ');
  const child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
    env: plainEnvironment({
      KEYTURN_COLLECTOR: collector.url,
      KEYTURN_OPERATOR_TOKEN_FILE: collector.tokenFile,
      TERM: 'dumb',
    }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let shown = '';
    let isAnswered = false;
    const timer = setTimeout(() => child.kill(), TIMEOUT_MS);
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      shown += text;
      if (isAnswered || !question.test(shown)) return;
      isAnswered = true;
      child.stdin.write(answer);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, shown });
    });
  });
}

function quoted(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
