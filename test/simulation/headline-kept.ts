import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Compared } from './headline-pool.ts';
import type { Run } from './judge.ts';

/** One run in a line, its fields in this order; 0 where there is nothing to say. */
type Cells = readonly [
  unsafeSwitch: string | 0,
  unsafeRetire: string | 0,
  refused: Readonly<Record<string, number>> | 0,
  presented: number,
  overlapMs: number | null,
  switchAfterMs: number | null,
  broken: readonly string[] | 0,
  waitsFor: string | 0,
];

/** The first line: whose runs follow, and of which seed the first is. */
interface Head {
  readonly format: 'keyturn headline 1';
  readonly from: number;
  readonly policies: readonly string[];
}

/** Seeds computed again before what was kept is believed. */
const AGAIN = 12;
const FORMAT = 'keyturn headline 1';

/** Kept runs that cannot be gone on with; the message says why. */
export class KeptError extends Error {}

/**
 * What a long comparison has computed so far, in a file that only grows: one line per seed, in order.
 * A line that was being written when the process died is cut off.
 */
export class Kept {
  /** Runs of the seeds from the first on. */
  readonly compared: Compared[] = [];
  readonly #fd: number;
  readonly #head: Head;

  /** @throws KeptError when the file holds something else, or seeds from another one on. */
  constructor(path: string, from: number, policies: readonly string[]) {
    this.#head = { format: FORMAT, from, policies };
    this.#fd = openSync(path, 'a+');
    const lines = readFileSync(this.#fd, 'utf8').split('\n');
    const torn = lines.pop() ?? '';
    const [head, ...rows] = lines;
    if (head === undefined) this.#begin();
    else this.#take(path, head, rows, Buffer.byteLength(torn));
  }

  add(seed: number, compared: Compared): void {
    const cells = this.#head.policies.map((policy) => cellsOf(compared.get(policy)));
    writeSync(this.#fd, `${JSON.stringify([seed, cells])}\n`);
  }

  /**
   * Computes some of what is kept again, the last of it among them. Returns how many; they cost little
   * beside what they may spare.
   *
   * @throws KeptError when one came out otherwise: the code is another, or its worlds are.
   */
  async check(compare: (seed: number) => Promise<Compared>): Promise<number> {
    const kept = this.compared.length;
    const ats = new Set(
      Array.from({ length: AGAIN }, (_, at) => Math.floor(((at + 1) * kept) / AGAIN) - 1),
    );
    ats.delete(-1);
    for (const at of ats) {
      const seed = this.#head.from + at;
      if (isDeepStrictEqual(this.compared[at], await compare(seed))) continue;
      throw new KeptError(`seed ${seed} was kept, and comes out otherwise now: begin anew`);
    }
    return ats.size;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #begin(): void {
    ftruncateSync(this.#fd, 0);
    writeSync(this.#fd, `${JSON.stringify(this.#head)}\n`);
  }

  #take(path: string, head: string, rows: readonly string[], tornBytes: number): void {
    if (head !== JSON.stringify(this.#head)) {
      throw new KeptError(
        `${path}: expected ${JSON.stringify(this.#head)} in the first line, got ${head.slice(0, 200)}`,
      );
    }
    for (const [at, line] of rows.entries()) {
      const [seed, cells] = JSON.parse(line) as [number, readonly Cells[]];
      if (seed !== this.#head.from + at) {
        throw new KeptError(`${path}: expected seed ${this.#head.from + at}, got ${seed}`);
      }
      const runs = cells.map((run, policy) => [this.#head.policies[policy] ?? '', runOf(run)]);
      this.compared.push(new Map(runs as [string, Run][]));
    }
    const bytes = Buffer.byteLength([head, ...rows, ''].join('\n'));
    if (tornBytes > 0) ftruncateSync(this.#fd, bytes);
  }
}

const NOTHING_REFUSED = {};
const NOTHING_BROKEN: readonly string[] = [];

function cellsOf(run: Run | undefined): Cells {
  if (run === undefined) throw new RangeError('a policy has no run');
  return [
    run.unsafeSwitch ?? 0,
    run.unsafeRetire ?? 0,
    Object.keys(run.refused).length === 0 ? 0 : run.refused,
    run.presented,
    run.overlapMs,
    run.switchAfterMs,
    run.broken.length === 0 ? 0 : run.broken,
    run.waitsFor ?? 0,
  ];
}

function runOf(cells: Cells): Run {
  const [unsafeSwitch, unsafeRetire, refused, presented, overlapMs, switchAfterMs] = cells;
  return {
    unsafeSwitch: unsafeSwitch === 0 ? null : unsafeSwitch,
    unsafeRetire: unsafeRetire === 0 ? null : unsafeRetire,
    refused: refused === 0 ? NOTHING_REFUSED : refused,
    presented,
    overlapMs,
    switchAfterMs,
    broken: cells[6] === 0 ? NOTHING_BROKEN : cells[6],
    waitsFor: cells[7] === 0 ? null : cells[7],
  };
}
