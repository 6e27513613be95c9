#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { systemClock } from '@keyturn/shared/clock.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { runCli } from './run-cli.ts';
import type { Output } from './world.ts';

const { env } = process;

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader, such as `head`, has seen enough.
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  out: outputOf(process.stdout),
  err: outputOf(process.stderr),
  input: { isTerminal: process.stdin.isTTY && process.stderr.isTTY, ask },
  environment: {
    collector: filled(env['KEYTURN_COLLECTOR']),
    operatorToken: filled(env['KEYTURN_OPERATOR_TOKEN']),
    operatorTokenFile: filled(env['KEYTURN_OPERATOR_TOKEN_FILE']),
    // https://no-color.org: any value but the empty one.
    colours: filled(env['NO_COLOR']) === undefined && env['TERM'] !== 'dumb',
    userName: userName(),
  },
  clock: waitingClock(),
  fetch: globalThis.fetch,
  version: packageJson.version,
  readText: async (file) => (file === null ? text(process.stdin) : readFile(file, 'utf8')),
});

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => {
      stream.write(text);
    },
    isTerminal: stream.isTTY,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

/** Timers that keep the process alive: a wait between two tries is all there is to do. */
function waitingClock(): typeof systemClock {
  return {
    ...systemClock,
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => {
        clearTimeout(timer);
      };
    },
  };
}

function filled(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number nobody named.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** One line from the terminal; the question goes where output is not piped away. */
async function ask(question: string): Promise<string> {
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await asked.question(question);
  } catch (error) {
    // Ctrl-D and Ctrl-C are no answer, and the line is left open.
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    process.stderr.write('\n');
    return '';
  } finally {
    asked.close();
  }
}
