import type { HistoryRow, HistoryStore } from '../store/history-store.ts';
import type { BucketKind, Watched } from './bucket-kind.ts';
import type { Grid } from './resolutions.ts';
import { Track } from './track.ts';

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

  /** What is to be written, and how to say that it was. */
  unwritten(): { readonly rows: readonly HistoryRow[]; readonly written: () => void } {
    const all = [...this.#filled.values()].map((track) => track.unwritten());
    return {
      rows: all.flatMap(({ rows }) => rows),
      written: () => {
        for (const { written } of all) written();
      },
    };
  }

  #make<B extends Watched>(kind: BucketKind<B>, name: string): Track<B> {
    return new Track(name, kind, (stepS, atS) => {
      const [row] = this.#store.rows({ track: name, stepS, fromS: atS, beforeS: atS + 1 });
      return row === undefined ? undefined : this.#parsed(kind, row);
    });
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
