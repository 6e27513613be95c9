import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, rowsOf, table } from './headline-page.ts';
import { picture } from './headline-picture.ts';
import { type Compared, compareMany } from './headline-pool.ts';
import type { Run } from './judge.ts';

export interface HeadlineOptions {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  /** Where the page goes; null: docs. */
  readonly out: string | null;
  /** One JSON object per seed on stdout, in place of the table. */
  readonly json: boolean;
}

const TELL_EVERY = 500;

/** Compares on many seeds and writes the page. Exit status: 1 when some gate was unsafely open. */
export async function headline({
  seeds,
  from,
  workers,
  out,
  json,
}: HeadlineOptions): Promise<number> {
  const runs = new Map<string, Run[]>();
  const startedMs = performance.now();
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const take = (seed: number, compared: Compared): void => {
    for (const [policy, run] of compared) {
      const all = runs.get(policy);
      if (all === undefined) runs.set(policy, [run]);
      else all.push(run);
    }
    if (json) console.log(JSON.stringify({ seed, runs: Object.fromEntries(compared) }));
    if ((seed - from + 1) % TELL_EVERY === 0) {
      const perSecond = (seed - from + 1) / ((performance.now() - startedMs) / 1_000);
      console.error(`${seed - from + 1} of ${seeds} worlds, ${perSecond.toFixed(1)} a second`);
    }
  };
  const done = await compareMany({
    from,
    seeds,
    workers,
    isStopped: () => isStopped,
    onSeed: take,
  });
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
  if (done === 0) return 2;
  const folder = out ?? join(import.meta.dirname, '..', '..', 'docs');
  mkdirSync(folder, { recursive: true });
  const rows = rowsOf(runs);
  writeFileSync(join(folder, 'simulation.md'), page(runs, { from, seeds: done }));
  writeFileSync(join(folder, 'simulation.svg'), picture(rows));
  if (!json) console.log(table(rows));
  return [...runs.values()].some((all) => all.some((run) => run.broken.length > 0)) ? 1 : 0;
}
