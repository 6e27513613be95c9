import { Worker } from 'node:worker_threads';
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

/** Seeds a thread has at hand, so that it never waits. */
const AHEAD = 2;

/**
 * Compares on many seeds, in as many threads as asked; what it tells, and in which order, is the same
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
  const threads: Worker[] = [];
  let begun = 0;
  let told = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const next = (thread: Worker): void => {
        if (begun === seeds || isStopped()) return;
        thread.postMessage(from + begun);
        begun += 1;
      };
      const take = ({ seed, runs }: { seed: number; runs: Compared }, thread: Worker): void => {
        waiting.set(seed, runs);
        for (let due = waiting.get(from + told); due !== undefined; ) {
          waiting.delete(from + told);
          onSeed(from + told, due);
          told += 1;
          due = waiting.get(from + told);
        }
        next(thread);
        if (told === begun) resolve();
      };
      for (let at = 0; at < workers; at += 1) {
        const thread = new Worker(new URL('./headline-worker.ts', import.meta.url));
        threads.push(thread);
        thread.on('message', (answer) => take(answer, thread));
        thread.on('error', reject);
        for (let ahead = 0; ahead < AHEAD; ahead += 1) next(thread);
      }
      if (begun === 0) resolve();
    });
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return told;
}
