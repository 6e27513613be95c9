import { Worker } from 'node:worker_threads';
import type { Delays, FalseAlarms } from './measure.ts';
import type { Task } from './worker.ts';

/** Runs tasks in `workers` threads and gives their results in the order of the tasks. */
export async function runAll(
  tasks: readonly Task[],
  workers: number,
  seed: number,
  done: (task: Task) => void,
): Promise<readonly (Delays | FalseAlarms)[]> {
  const results: (Delays | FalseAlarms)[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    try {
      for (let at = next++; at < tasks.length; at = next++) {
        const task = tasks[at];
        if (task === undefined) return;
        results[at] = await ask(worker, task, seed);
        done(task);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

function ask(worker: Worker, task: Task, seed: number): Promise<Delays | FalseAlarms> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (result: Delays | FalseAlarms) => {
      worker.off('error', reject);
      resolve(result);
    });
    worker.postMessage({ task, seed }, []);
  });
}
