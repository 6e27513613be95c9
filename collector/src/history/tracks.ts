import type { HistoryRow, HistoryStore } from '../store/history-store.ts';
import type { BucketKind, Watched } from './bucket-kind.ts';
import type { Grid } from './resolutions.ts';
import { Track } from './track.ts';

/** Written in one transaction: what is more waits for the next. */
const WRITTEN_AT_ONCE = 2_000;

/** Every track that is being filled, and the way to what is on record of any. */
export class Tracks {
  /** Rows that could not be read and are left out. */
  damaged = 0;
  /** Rows that found no room while the store took none. */
  dropped = 0;
  readonly #store: HistoryStore;
  // Each is asked for by its kind, which is part of its name.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly #filled = new Map<string, Track<any>>();

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  /** The track to fill. */
  of<B extends Watched>(kind: BucketKind<B>, id: string): Track<B> {
    const name = trackName(kind, id);
    let track = this.#filled.get(name) as Track<B> | undefined;
    if (track === undefined) {
      track = this.#make(kind, name);
      this.#filled.set(name, track);
    }
    return track;
  }

  /** The buckets of a grid, null where nobody watched. */
  read<B extends Watched>(kind: BucketKind<B>, id: string, grid: Grid): readonly (B | null)[] {
    const name = trackName(kind, id);
    const track = (this.#filled.get(name) as Track<B> | undefined) ?? this.#make(kind, name);
    const beforeS = grid.startS + grid.count * grid.stepS;
    const rows = this.#store.rows({
      track: name,
      stepS: grid.storedS,
      fromS: grid.startS,
      beforeS,
    });
    const stored = new Map<number, B>();
    for (const row of rows) {
      const bucket = this.#parsed(kind, row);
      if (bucket !== undefined) stored.set(row.atS, bucket);
    }
    return track.buckets(grid, stored);
  }

  /** Until when it was watched at least, Unix seconds; null: never, as far as is on record. */
  watchedUntilS<B extends Watched>(kind: BucketKind<B>, id: string, stepS: number): number | null {
    const latestS = this.#store.latestS(trackName(kind, id), stepS);
    return latestS === null ? null : latestS + stepS;
  }

  /** Closes the buckets that end by then; gives how many. */
  settle(byMs: number): number {
    let settled = 0;
    for (const [name, track] of this.#filled) {
      settled += track.settle(byMs);
      this.dropped += track.dropped;
      track.dropped = 0;
      if (track.isIdle) this.#filled.delete(name);
    }
    return settled;
  }

  /** Rows that wait to be written. */
  get waiting(): number {
    let waiting = 0;
    for (const track of this.#filled.values()) waiting += track.waiting;
    return waiting;
  }

  /** What is to be written next, and how to say that it was. */
  unwritten(): { readonly rows: readonly HistoryRow[]; readonly written: () => void } {
    const rows: HistoryRow[] = [];
    const parts: (() => void)[] = [];
    for (const track of this.#filled.values()) {
      if (rows.length >= WRITTEN_AT_ONCE) break;
      const part = track.unwritten(WRITTEN_AT_ONCE - rows.length);
      rows.push(...part.rows);
      parts.push(part.written);
    }
    return {
      rows,
      written: () => {
        for (const written of parts) written();
      },
    };
  }

  #make<B extends Watched>(kind: BucketKind<B>, name: string): Track<B> {
    return new Track(name, kind, (stepS, atS) => {
      const row = this.#rowAt(name, stepS, atS);
      return row === undefined ? undefined : this.#parsed(kind, row);
    });
  }

  /** What cannot be read now must not keep what is new from being kept. */
  #rowAt(track: string, stepS: number, atS: number): HistoryRow | undefined {
    try {
      return this.#store.rows({ track, stepS, fromS: atS, beforeS: atS + 1 })[0];
    } catch {
      this.damaged += 1;
      return undefined;
    }
  }

  /** History is no evidence: what cannot be read is left out, and counted. */
  #parsed<B extends Watched>(kind: BucketKind<B>, { body }: HistoryRow): B | undefined {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      value = undefined;
    }
    const bucket = kind.fromJson(value);
    if (bucket === undefined) this.damaged += 1;
    return bucket;
  }
}

function trackName({ name }: { readonly name: string }, id: string): string {
  return JSON.stringify([name, id]);
}
