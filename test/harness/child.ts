import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, on, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { KeyturnError } from '@keyturn/shared/errors.ts';

/** A child process did not start, or ended when nobody asked it to. */
export class ChildError extends KeyturnError {
  constructor(message: string) {
    super('CHILD_FAILED', message);
  }
}

export interface ChildOptions {
  /** For people: `collector`, `orders-1`. */
  readonly name: string;
  /** A TypeScript or JavaScript entry file. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** The child's whole environment; the parent's when left out. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A running Node process of ours. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Waits for one JSON message of the child; for children that use `process.send`. */
  message(timeoutMs: number): Promise<unknown>;
  /** Sends one JSON message to the child. */
  send(message: unknown): void;
  /**
   * Waits until a line of the child's output, past or future, matches.
   * @throws {ChildError} when the child ends first or the time is up.
   */
  line(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** The child's last lines, both streams. */
  lastLines(): string;
  /** Rejects with a ChildError when the child ends unasked; never resolves. */
  readonly failed: Promise<never>;
  /** SIGTERM, then SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const LINES_KEPT = 25;
const SEARCHED_MAX = 256;
/** Preload for Node children with an IPC channel: they end when their parent does. */
export const WATCH_PARENT = fileURLToPath(new URL('./watch-parent.ts', import.meta.url));

/** Both streams of a child as lines: the first ones for `line`, the last ones for people. */
function outputOf(child: ChildProcess) {
  const lines = new EventEmitter();
  const first: string[] = [];
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      if (first.length < SEARCHED_MAX) first.push(line);
      last.push(line.slice(0, 1_000));
      if (last.length > LINES_KEPT) last.shift();
      lines.emit('line', line);
    });
  }
  const match = async (pattern: RegExp, signal: AbortSignal): Promise<RegExpExecArray> => {
    for (const line of first) {
      const found = pattern.exec(line);
      if (found !== null) return found;
    }
    for await (const [line] of on(lines, 'line', { signal })) {
      const found = pattern.exec(String(line));
      if (found !== null) return found;
    }
    throw new ChildError(`nothing matched ${String(pattern)}`);
  };
  return { match, lastLines: () => last.join('\n') };
}

/**
 * Starts a Node process that ends when its parent does, however the parent ends. It has its own
 * process group, so that Ctrl-C reaches the parent alone and teardown keeps its order.
 */
export function startChild(options: ChildOptions): Child {
  const child = spawn(
    process.execPath,
    ['--import', WATCH_PARENT, options.entry, ...(options.args ?? [])],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    },
  );
  const { match, lastLines } = outputOf(child);
  const exited = once(child, 'close').catch(() => undefined);
  let asked = false;

  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => {
      reject(new ChildError(`${options.name} could not be started: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      if (asked) return;
      const how = signal === null ? `with exit code ${String(code)}` : `by ${signal}`;
      reject(new ChildError(`${options.name} ended ${how}. Its last lines:\n${lastLines()}`));
    });
  });
  failed.catch(() => undefined);

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    asked = true;
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };

  return {
    name: options.name,
    pid: child.pid ?? -1,
    async message(timeoutMs) {
      const silence = new ChildError(`${options.name} said nothing within ${timeoutMs} ms`);
      const timeout = AbortSignal.timeout(timeoutMs);
      const heard = once(child, 'message', { signal: timeout }).catch(() => {
        throw silence;
      });
      const [message] = (await Promise.race([heard, failed])) as [unknown];
      return message;
    },
    send(message) {
      child.send(message as object);
    },
    async line(pattern, timeoutMs) {
      const heard = match(pattern, AbortSignal.timeout(timeoutMs)).catch(() => {
        throw new ChildError(
          `${options.name} did not get ready within ${timeoutMs} ms. Its last lines:\n${lastLines()}`,
        );
      });
      heard.catch(() => undefined);
      return await Promise.race([heard, failed]);
    },
    lastLines,
    failed,
    async stop(graceMs = 3_000) {
      const hurry = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await end('SIGTERM');
      clearTimeout(hurry);
    },
    kill: () => end('SIGKILL'),
  };
}
