import type Database from 'better-sqlite3';
import type {
  HistoryBounds,
  HistoryEvent,
  HistoryEventQuery,
  HistoryQuery,
  HistoryRow,
  HistoryStore,
} from '../history-store.ts';

const ROW = 'track, step_s as stepS, at_s as atS, body';
const EVENT = 'kind, track, at_ms as atMs, number, body';

/**
 * History in the collector's own file, in transactions of its own.
 *
 * @param guarded runs a call where the file is known to be open and in place, and names its failure.
 */
export function historyTables(
  db: Database.Database,
  guarded: <T>(call: () => T) => T,
): HistoryStore {
  const putRow = db.prepare(
    `insert into history (track, step_s, at_s, body) values (@track, @stepS, @atS, @body)
     on conflict (track, step_s, at_s) do update set body = excluded.body`,
  );
  const putEvent = db.prepare(
    `insert into history_event (kind, track, at_ms, number, body)
     values (@kind, @track, @atMs, @number, @body)
     on conflict (kind, track, at_ms, number) do update set body = excluded.body`,
  );
  const rows = db.prepare(
    `select ${ROW} from history
     where track = @track and step_s = @stepS and at_s >= @fromS and at_s < @beforeS order by at_s`,
  );
  const events = db.prepare(
    `select ${EVENT} from history_event
     where kind = @kind and track = @track and at_ms between @fromMs and @toMs
     order by at_ms desc, number desc limit @limit`,
  );
  const latest = db.prepare('select max(at_s) from history where track = ? and step_s = ?').pluck();
  const pruned = pruner(db);
  const write = db.transaction(
    (newRows: readonly HistoryRow[], newEvents: readonly HistoryEvent[]) => {
      for (const row of newRows) putRow.run(row);
      for (const event of newEvents) putEvent.run(event);
    },
  );
  return {
    write: (newRows, newEvents) => guarded(() => write.immediate(newRows, newEvents)),
    rows: (query: HistoryQuery) => guarded(() => rows.all(query) as HistoryRow[]),
    events: (query: HistoryEventQuery) =>
      guarded(() => (events.all(query) as HistoryEvent[]).toReversed()),
    latestS: (track, stepS) => guarded(() => latest.get(track, stepS) as number | null),
    prune: (bounds) => guarded(() => pruned(bounds)),
  };
}

function pruner(db: Database.Database): (bounds: HistoryBounds) => number {
  const oldRows = db.prepare(
    `delete from history where (track, step_s, at_s) in (
       select track, step_s, at_s from history where step_s = @stepS and at_s < @fromS
       order by at_s limit @left)`,
  );
  const oldEvents = db.prepare(
    `delete from history_event where (kind, track, at_ms, number) in (
       select kind, track, at_ms, number from history_event where kind = @kind and at_ms < @fromMs
       order by at_ms limit @left)`,
  );
  const total = db.prepare('select count(*) from history_event where kind = ?').pluck();
  const fullTracks = db
    .prepare('select track from history_event where kind = ? group by track having count(*) > ?')
    .pluck();
  const beyondTrack = db.prepare(
    `delete from history_event where (kind, track, at_ms, number) in (
       select kind, track, at_ms, number from history_event where kind = @kind and track = @track
       order by at_ms desc, number desc limit @left offset @perTrackMax)`,
  );
  const prune = db.transaction(({ rowsFromS, events, atOnce }: HistoryBounds) => {
    let gone = 0;
    const left = (): number => atOnce - gone;
    for (const bound of rowsFromS) gone += oldRows.run({ ...bound, left: left() }).changes;
    for (const { kind, fromMs, totalMax } of events) {
      gone += oldEvents.run({ kind, fromMs, left: left() }).changes;
      const over = (total.get(kind) as number) - totalMax;
      if (over <= 0) continue;
      const oldest = { kind, fromMs: Number.MAX_SAFE_INTEGER, left: Math.min(over, left()) };
      gone += oldEvents.run(oldest).changes;
    }
    for (const { kind, perTrackMax } of events) {
      // It looks through all there are.
      if (left() <= 0) break;
      for (const track of fullTracks.all(kind, perTrackMax) as string[]) {
        gone += beyondTrack.run({ kind, track, perTrackMax, left: left() }).changes;
      }
    }
    return gone;
  });
  return (bounds) => prune.immediate(bounds);
}
