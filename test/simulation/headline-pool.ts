import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { compare } from './headline.ts';
import type { Run } from './judge.ts';

/** What came of one seed, by policy. */
export type Compared = ReadonlyMap<string, Run>;

export interface PoolOptions {
  readonly from: number;
  readonly seeds: number;
  readonly workers: number;
  /** True: no further seed is begun. */
  readonly isStopped: () => boolean;
  /** Told of every seed in order. */
  readonly onSeed: (seed: number, compared: Compared) => void;
}

const WORKER = join(import.meta.dirname, 'headline-worker.ts');
interface Answer {
  readonly seed: number;
  readonly runs: Compared;
}

/** Seeds a process has at hand, so that it never waits. */
const AHEAD = 2;

/**
 * Compares on many seeds, in as many processes as asked; what it tells, and in which order, is the same
 * for any number of them. Returns how many seeds it told of.
 */
export async function compareMany(options: PoolOptions): Promise<number> {
  return options.workers === 1 ? await alone(options) : await together(options);
}

async function alone({ from, seeds, isStopped, onSeed }: PoolOptions): Promise<number> {
  for (let at = 0; at < seeds; at += 1) {
    if (isStopped()) return at;
    onSeed(from + at, await compare(from + at));
    // Lets signals be heard.
    await new Promise(setImmediate);
  }
  return seeds;
}

async function together({ from, seeds, workers, isStopped, onSeed }: PoolOptions): Promise<number> {
  const waiting = new Map<number, Compared>();
  const children: ChildProcess[] = [];
  let begun = 0;
  let told = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const next = (child: ChildProcess): void => {
        if (begun === seeds || isStopped()) return;
        child.send(from + begun);
        begun += 1;
      };
      const take = ({ seed, runs }: Answer, child: ChildProcess): void => {
        waiting.set(seed, runs);
        for (;;) {
          const due = waiting.get(from + told);
          if (due === undefined) break;
          waiting.delete(from + told);
          onSeed(from + told, due);
          told += 1;
        }
        next(child);
        if (told === begun) resolve();
      };
      for (let at = 0; at < workers; at += 1) {
        const child = fork(WORKER, [], { serialization: 'advanced' });
        children.push(child);
        child.on('message', (answer) => take(answer as Answer, child));
        child.on('error', reject);
        child.on('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
        for (let ahead = 0; ahead < AHEAD; ahead += 1) next(child);
      }
      if (begun === 0) resolve();
    });
  } finally {
    for (const child of children) child.disconnect();
  }
  return told;
}
