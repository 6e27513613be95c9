import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, KEYTURN } from './headline.ts';
import { Kept, KeptError } from './headline-kept.ts';
import { page, rowsOf, table } from './headline-page.ts';
import { picture } from './headline-picture.ts';
import { type Compared, compareMany } from './headline-pool.ts';
import type { Run } from './judge.ts';
import { RIVALS } from './rivals.ts';

export interface HeadlineOptions {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  /** Where the page goes, and what has been computed so far is kept; null: docs, and nothing is kept. */
  readonly out: string | null;
  /** One JSON object per seed on stdout, in place of the table. */
  readonly json: boolean;
}

const TELL_EVERY = 500;
/** What has been computed so far, in a folder of its own. */
const KEPT_AS = 'runs.jsonl';

/** Compares on many seeds and writes the page. Exit status: 1 when some gate was unsafely open. */
export async function headline(options: HeadlineOptions): Promise<number> {
  const { seeds, from, out } = options;
  const folder = out ?? join(import.meta.dirname, '..', '..', 'docs');
  mkdirSync(folder, { recursive: true });
  let kept: Kept | null = null;
  try {
    kept = out === null ? null : await goOn(join(out, KEPT_AS), options);
  } catch (error) {
    if (!(error instanceof KeptError)) throw error;
    console.error(error.message);
    return 2;
  }
  const runs = new Map<string, Run[]>();
  const done = await compareRest(options, kept, runs);
  kept?.close();
  if (done === 0) return 2;
  const rows = rowsOf(runs);
  writeFileSync(join(folder, 'simulation.md'), page(runs, { from, seeds: done }));
  writeFileSync(join(folder, 'simulation.svg'), picture(rows));
  if (!options.json) console.log(table(rows));
  if (done < seeds && kept !== null) console.error('the same command goes on from here');
  return [...runs.values()].some((all) => all.some((run) => run.broken.length > 0)) ? 1 : 0;
}

/** Opens what an earlier run has kept, and sees that this code would have computed the same. */
async function goOn(path: string, { from }: HeadlineOptions): Promise<Kept> {
  const kept = new Kept(path, from, [KEYTURN, ...RIVALS.map(({ name }) => name)]);
  const again = await kept.check(compare);
  if (again > 0) {
    console.error(
      `${kept.compared.length} worlds are kept in ${path}; ${again} of them computed again came out the same`,
    );
  }
  return kept;
}

/** Takes in what is kept, computes the rest, and says how many seeds there are now. */
async function compareRest(
  { seeds, from, workers, json }: HeadlineOptions,
  kept: Kept | null,
  runs: Map<string, Run[]>,
): Promise<number> {
  const take = (seed: number, compared: Compared): void => {
    for (const [policy, run] of compared) {
      const all = runs.get(policy);
      if (all === undefined) runs.set(policy, [run]);
      else all.push(run);
    }
    if (json) console.log(JSON.stringify({ seed, runs: Object.fromEntries(compared) }));
  };
  const before = (kept?.compared ?? []).slice(0, seeds);
  for (const [at, compared] of before.entries()) take(from + at, compared);
  const startedMs = performance.now();
  const { isStopped, release } = untilStopped();
  const added = await compareMany({
    from: from + before.length,
    seeds: seeds - before.length,
    workers,
    isStopped,
    onSeed: (seed, compared) => {
      take(seed, compared);
      kept?.add(seed, compared);
      const done = seed - from + 1;
      if (done % TELL_EVERY > 0) return;
      const eachMs = (performance.now() - startedMs) / (done - before.length);
      console.error(progress(done, seeds, eachMs));
    },
  });
  release();
  return before.length + added;
}

/** How far it is, and what that means for whoever waits. */
export function progress(done: number, seeds: number, eachMs: number): string {
  const leftMin = Math.ceil(((seeds - done) * eachMs) / 60_000);
  return `${done} of ${seeds} worlds, ${(1_000 / eachMs).toFixed(1)} a second, about ${Math.floor(leftMin / 60)} h ${leftMin % 60} min left`;
}

function untilStopped(): { readonly isStopped: () => boolean; readonly release: () => void } {
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    isStopped: () => stopped,
    release: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
