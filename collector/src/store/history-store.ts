/** One bucket of one track as it stands on record. */
export interface HistoryRow {
  /** What it is of, as canonical text. */
  readonly track: string;
  /** Width, seconds. */
  readonly stepS: number;
  /** Start, Unix seconds. */
  readonly atS: number;
  /** JSON. */
  readonly body: string;
}

export type HistoryEventKind = 'verifier' | 'gates' | 'jwks';

/** Something that happened once. */
export interface HistoryEvent {
  readonly kind: HistoryEventKind;
  readonly track: string;
  /** Unix ms. */
  readonly atMs: number;
  /** Tells events of one moment apart, in their order. */
  readonly number: number;
  /** JSON. */
  readonly body: string;
}

export interface HistoryQuery {
  readonly track: string;
  readonly stepS: number;
  /** Buckets that start at or after this. */
  readonly fromS: number;
  /** And before this. */
  readonly beforeS: number;
}

export interface HistoryEventQuery {
  readonly kind: HistoryEventKind;
  readonly track: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** At most this many, the latest ones. */
  readonly limit: number;
}

/** What may be kept; the rest goes, oldest first. */
export interface HistoryBounds {
  /** Rows and events that go in one call; whoever has more of them calls again. */
  readonly atOnce: number;
  /** By width, the first start that is kept. */
  readonly rowsFromS: readonly { readonly stepS: number; readonly fromS: number }[];
  readonly events: readonly {
    readonly kind: HistoryEventKind;
    readonly fromMs: number;
    /** Of one track. */
    readonly perTrackMax: number;
    readonly totalMax: number;
  }[];
}

/**
 * Where history is kept. It is no evidence: no gate reads it, the engine does not know it, and losing
 * it loses pictures alone. Calls are synchronous; a failed one changes nothing and throws StoreError.
 */
export interface HistoryStore {
  /** All or none; a row or event that is there already is replaced. */
  write(rows: readonly HistoryRow[], events: readonly HistoryEvent[]): void;
  /** Oldest first. */
  rows(query: HistoryQuery): readonly HistoryRow[];
  /** Oldest first. */
  events(query: HistoryEventQuery): readonly HistoryEvent[];
  /** Start of the latest bucket of a track; null: there is none. */
  latestS(track: string, stepS: number): number | null;
  /** Deletes what is beyond the bounds, at most `atOnce`; gives how many rows and events. */
  prune(bounds: HistoryBounds): number;
}
