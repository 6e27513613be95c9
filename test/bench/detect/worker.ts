import { parentPort } from 'node:worker_threads';
import { delays, falseAlarms } from './measure.ts';
import type { Scene } from './scenes.ts';

/** One cell of the tables. */
export type Task =
  | {
      readonly kind: 'delays';
      readonly rate: number;
      readonly broken: number;
      readonly trials: number;
    }
  | { readonly kind: 'alarms'; readonly scene: Scene; readonly days: number };

parentPort?.on('message', ({ task, seed }: { readonly task: Task; readonly seed: number }) => {
  parentPort?.postMessage(
    task.kind === 'delays'
      ? delays(task.rate, task.broken, task.trials, seed)
      : falseAlarms(task.scene, task.days, seed),
    [],
  );
});
