// Runs worlds until one breaks a promise: `hunt.ts FROM COUNT`. Prints the seed and rule as JSON.

import { PLANTED } from './bugs.ts';
import { simulate } from '../simulate.ts';
import { worldOf } from './world-of.ts';

const [from = 1, count = 1] = process.argv.slice(2).map(Number);
const bug = PLANTED.find(({ id }) => id === process.env['PLANTED_BUG']) ?? {};
let caught: { seed: number; rule: string; message: string } | null = null;
for (let seed = from; seed < from + count && caught === null; seed += 1) {
  try {
    const plan = worldOf(bug, seed);
    if (plan === null) continue;
    const [first] = (await simulate(plan)).violations;
    if (first !== undefined) caught = { seed, rule: first.rule, message: first.message };
  } catch (error) {
    // A bug that makes a part of the product throw has shown itself as well.
    caught = {
      seed,
      rule: 'throws',
      message: error instanceof Error ? error.message : String(error),
    };
  }
}
console.log(JSON.stringify(caught));
process.exit(0);
