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

/** Rows over the bound that go at once: a bound that was lowered must not stop the collector for long. */
const PRUNED_AT_ONCE = 20_000;

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
       order by at_s limit ${PRUNED_AT_ONCE})`,
  );
  const oldEvents = db.prepare(
    `delete from history_event where (kind, track, at_ms, number) in (
       select kind, track, at_ms, number from history_event where kind = @kind and at_ms < @fromMs
       order by at_ms limit ${PRUNED_AT_ONCE})`,
  );
  const fullTracks = db
    .prepare('select track from history_event where kind = ? group by track having count(*) > ?')
    .pluck();
  const beyondTrack = db.prepare(
    `delete from history_event where (kind, track, at_ms, number) in (
       select kind, track, at_ms, number from history_event where kind = @kind and track = @track
       order by at_ms desc, number desc limit ${PRUNED_AT_ONCE} offset @perTrackMax)`,
  );
  const beyondTotal = db.prepare(
    `delete from history_event where (kind, track, at_ms, number) in (
       select kind, track, at_ms, number from history_event where kind = @kind
       order by at_ms desc limit ${PRUNED_AT_ONCE} offset @totalMax)`,
  );
  const prune = db.transaction(({ rowsFromS, events }: HistoryBounds) => {
    let gone = 0;
    for (const bound of rowsFromS) gone += oldRows.run(bound).changes;
    for (const { kind, fromMs, perTrackMax, totalMax } of events) {
      gone += oldEvents.run({ kind, fromMs }).changes;
      for (const track of fullTracks.all(kind, perTrackMax) as string[]) {
        gone += beyondTrack.run({ kind, track, perTrackMax }).changes;
      }
      gone += beyondTotal.run({ kind, totalMax }).changes;
    }
    return gone;
  });
  return (bounds) => prune.immediate(bounds);
}
