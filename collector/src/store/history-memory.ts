import type {
  HistoryBounds,
  HistoryEvent,
  HistoryEventQuery,
  HistoryQuery,
  HistoryRow,
  HistoryStore,
} from './history-store.ts';

/** History without a disk, for tests and benches; `before` may throw to make a write fail. */
export function openMemoryHistory(before: () => void = () => undefined): HistoryStore {
  const rows = new Map<string, HistoryRow>();
  const events = new Map<string, HistoryEvent>();
  return {
    write(newRows, newEvents) {
      before();
      for (const row of newRows) rows.set(JSON.stringify([row.track, row.stepS, row.atS]), row);
      for (const event of newEvents) {
        const { kind, track, atMs, number } = event;
        events.set(JSON.stringify([kind, track, atMs, number]), event);
      }
    },
    rows: ({ track, stepS, fromS, beforeS }: HistoryQuery) =>
      [...rows.values()]
        .filter((row) => row.track === track && row.stepS === stepS)
        .filter(({ atS }) => atS >= fromS && atS < beforeS)
        .sort((a, b) => a.atS - b.atS),
    events: ({ kind, track, fromMs, toMs, limit }: HistoryEventQuery) =>
      [...events.values()]
        .filter((event) => event.kind === kind && event.track === track)
        .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
        .sort(byTime)
        .slice(-limit),
    latestS(track, stepS) {
      const starts = [...rows.values()]
        .filter((row) => row.track === track && row.stepS === stepS)
        .map(({ atS }) => atS);
      return starts.length === 0 ? null : Math.max(...starts);
    },
    prune(bounds) {
      const oldRows = [...rows].filter(([, row]) => !isYoung(row, bounds)).map(([key]) => key);
      const kept = new Set(youngestEvents([...events], bounds).map(([key]) => key));
      const oldEvents = [...events.keys()].filter((key) => !kept.has(key));
      const gone = [...oldRows, ...oldEvents].slice(0, bounds.atOnce);
      for (const key of gone) if (!rows.delete(key)) events.delete(key);
      return gone.length;
    },
  };
}

function isYoung({ stepS, atS }: HistoryRow, { rowsFromS }: HistoryBounds): boolean {
  const bound = rowsFromS.find((each) => each.stepS === stepS);
  return bound === undefined || atS >= bound.fromS;
}

function youngestEvents(
  all: readonly [string, HistoryEvent][],
  bounds: HistoryBounds,
): readonly [string, HistoryEvent][] {
  const latestFirst = all.toSorted(([, a], [, b]) => byTime(b, a));
  const kept = { ofTrack: new Map<string, number>(), ofKind: new Map<string, number>() };
  return latestFirst.filter(([, { kind, track, atMs }]) => {
    const bound = bounds.events.find((each) => each.kind === kind);
    if (bound === undefined) return true;
    const ofTrack = more(kept.ofTrack, JSON.stringify([kind, track]));
    if (atMs < bound.fromMs || ofTrack > bound.perTrackMax) return false;
    return more(kept.ofKind, kind) <= bound.totalMax;
  });
}

function more(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

function byTime(a: HistoryEvent, b: HistoryEvent): number {
  return a.atMs - b.atMs || a.number - b.number;
}
