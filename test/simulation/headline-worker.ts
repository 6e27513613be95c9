// One thread of a comparison: is told seeds, answers with what came of each.

import { parentPort } from 'node:worker_threads';
import { compare } from './headline.ts';

parentPort?.on('message', (seed: number) => {
  void compare(seed).then((runs) => parentPort?.postMessage({ seed, runs }));
});
