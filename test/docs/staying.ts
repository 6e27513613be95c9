import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { BlockStage } from './run-block.ts';
import { environmentOf } from './run-block.ts';

/** A command line that stays in the foreground of a terminal of its own. */
export interface Staying {
  /**
   * Undefined while it runs, to be asked again.
   * @throws Error with its last words once it has ended.
   */
  stillRuns(): undefined;
  /** Ctrl-C: SIGINT to everything in the foreground. Gives the exit status, null after a signal. */
  interrupt(): Promise<number | null>;
  /** SIGKILL to everything it started, however far it came. */
  end(): Promise<void>;
}

const SAID_CHARS_MAX = 4_000;

export function startStaying(line: string, stage: BlockStage): Staying {
  const child = spawn('bash', ['-c', line], {
    cwd: stage.cwd,
    env: environmentOf(stage),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_CHARS_MAX);
    });
  }
  const closed = once(child, 'close') as Promise<[number | null]>;
  closed.catch(() => undefined);
  const signal = (name: NodeJS.Signals): void => {
    const { pid } = child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch (error) {
      // All of it has ended.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  // It has a group of its own, so nobody else would end it.
  const atExit = (): void => {
    signal('SIGKILL');
  };
  process.once('exit', atExit);

  return {
    stillRuns() {
      if (child.exitCode === null && child.signalCode === null) return undefined;
      throw new Error(`${line} ended with ${child.exitCode ?? child.signalCode}: ${said}`);
    },
    async interrupt() {
      signal('SIGINT');
      const [code] = await closed;
      return code;
    },
    async end() {
      signal('SIGKILL');
      await closed;
      process.off('exit', atExit);
    },
  };
}
