// One process of a comparison: is told seeds, answers with what came of each.

import { compare } from './headline.ts';

process.on('message', (seed: number) => {
  void compare(seed).then((runs) => process.send?.({ seed, runs }));
});
// Whoever asked is gone.
process.on('disconnect', () => process.exit(0));
// A signal is for whoever asked, who lets this one finish.
process.on('SIGINT', () => undefined);
