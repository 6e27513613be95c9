import type { HistoryRow } from '../store/history-store.ts';
import type { BucketKind, Watched } from './bucket-kind.ts';
import { FINEST_S, floorTo, type Grid, RESOLUTIONS } from './resolutions.ts';

/** Rows that wait for a store that takes none, in one track; beyond it the oldest go. */
const UNWRITTEN_MAX = 720;

const STEP_MS = FINEST_S * 1_000;

/** Gives what is on record of a bucket; undefined: nothing, or nothing that can be read. */
export type Reader<B> = (stepS: number, atS: number) => B | undefined;

interface Row<B> {
  readonly stepS: number;
  readonly atS: number;
  bucket: B;
}

/**
 * One thing that is watched over time. Its latest buckets are open, since reports still come in for
 * them; what settles goes into a row of every width, and rows wait until they are written.
 */
export class Track<B extends Watched> {
  readonly name: string;
  readonly kind: BucketKind<B>;
  /** Rows that found no room while nothing could be written. */
  dropped = 0;
  readonly #read: Reader<B>;
  /** By start, Unix ms. */
  readonly #open = new Map<number, B>();
  /** The row that is being filled, by width. */
  readonly #filling = new Map<number, Row<B>>();
  readonly #unwritten = new Map<string, Row<B>>();

  constructor(name: string, kind: BucketKind<B>, read: Reader<B>) {
    this.name = name;
    this.kind = kind;
    this.#read = read;
  }

  /** The open bucket of a moment. */
  at(atMs: number): B {
    const startMs = Math.floor(atMs / STEP_MS) * STEP_MS;
    let bucket = this.#open.get(startMs);
    if (bucket === undefined) this.#open.set(startMs, (bucket = this.kind.empty()));
    return bucket;
  }

  /** This stretch was watched. */
  watch(fromMs: number, untilMs: number): void {
    for (let atMs = fromMs; atMs < untilMs; ) {
      const endMs = Math.min(untilMs, (Math.floor(atMs / STEP_MS) + 1) * STEP_MS);
      this.at(atMs).watchedMs += endMs - atMs;
      atMs = endMs;
    }
  }

  /** Closes the buckets that end by then; gives how many. */
  settle(byMs: number): number {
    const ripe = [...this.#open].filter(([startMs]) => startMs + STEP_MS <= byMs);
    for (const [startMs, bucket] of ripe.sort(([a], [b]) => a - b)) {
      this.#open.delete(startMs);
      for (const { stepS } of RESOLUTIONS) this.#fill(stepS, startMs / 1_000, bucket);
    }
    return ripe.length;
  }

  /** What is to be written next, at most so many, and how to say that it was. */
  unwritten(max: number): { readonly rows: readonly HistoryRow[]; readonly written: () => void } {
    const rows = [...this.#unwritten].slice(0, max);
    return {
      rows: rows.map(([, { stepS, atS, bucket }]) => ({
        track: this.name,
        stepS,
        atS,
        body: JSON.stringify(this.kind.toJson(bucket)),
      })),
      written: () => {
        for (const [key, row] of rows) {
          if (this.#unwritten.get(key) === row) this.#unwritten.delete(key);
        }
      },
    };
  }

  /** Rows that wait to be written. */
  get waiting(): number {
    return this.#unwritten.size;
  }

  get isIdle(): boolean {
    return this.#open.size === 0 && this.#unwritten.size === 0;
  }

  /** The buckets of a grid, `null` where nobody watched; `stored`: what is on record for it, by start. */
  buckets({ storedS, stepS, startS, count }: Grid, stored: ReadonlyMap<number, B>): (B | null)[] {
    const found: (B | null)[] = Array.from({ length: count }, () => null);
    const put = (atS: number, bucket: B): void => {
      const at = Math.floor((atS - startS) / stepS);
      if (at < 0 || at >= count) return;
      const before = found[at];
      found[at] = before == null ? bucket : this.kind.merge(before, bucket);
    };
    const rows = new Map(stored);
    for (const row of this.#rowsInMemory(storedS)) rows.set(row.atS, row.bucket);
    for (const [atS, bucket] of [...rows].sort(([a], [b]) => a - b)) put(atS, bucket);
    for (const [startMs, bucket] of [...this.#open].sort(([a], [b]) => a - b)) {
      put(floorTo(startMs / 1_000, storedS), bucket);
    }
    return found;
  }

  #rowsInMemory(stepS: number): readonly Row<B>[] {
    const filling = this.#filling.get(stepS);
    return [
      ...[...this.#unwritten.values()].filter((row) => row.stepS === stepS),
      ...(filling === undefined ? [] : [filling]),
    ];
  }

  #fill(stepS: number, startS: number, bucket: B): void {
    const atS = floorTo(startS, stepS);
    const key = `${stepS} ${atS}`;
    let row = this.#filling.get(stepS);
    if (row?.atS !== atS) {
      row = this.#unwritten.get(key) ?? {
        stepS,
        atS,
        bucket: this.#read(stepS, atS) ?? this.kind.empty(),
      };
      this.#filling.set(stepS, row);
    }
    row.bucket = this.kind.merge(row.bucket, bucket);
    this.#unwritten.delete(key);
    this.#unwritten.set(key, row);
    this.#keepWithinBound();
  }

  #keepWithinBound(): void {
    for (const key of this.#unwritten.keys()) {
      if (this.#unwritten.size <= UNWRITTEN_MAX) return;
      this.#unwritten.delete(key);
      this.dropped += 1;
    }
  }
}
