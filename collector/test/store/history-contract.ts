import t, { type Test } from 'tap';
import type {
  HistoryBounds,
  HistoryEvent,
  HistoryRow,
  HistoryStore,
} from '../../src/store/history-store.ts';

/** A place that keeps its history from one `open` to the next. */
export interface HistoryPlace {
  open(): HistoryStore & { close?: () => void };
}

const row = (atS: number, body = '{}', track = 'a', stepS = 10): HistoryRow => ({
  track,
  stepS,
  atS,
  body,
});

const event = (
  atMs: number,
  number = 0,
  track = 'a',
  kind: HistoryEvent['kind'] = 'verifier',
): HistoryEvent => ({
  kind,
  track,
  atMs,
  number,
  body: `${atMs}.${number}`,
});

const EVERYTHING = { kind: 'verifier', track: 'a', fromMs: 0, toMs: 1e15, limit: 100 } as const;

function bounds(
  fromS: number,
  events: Partial<Omit<HistoryBounds['events'][number], 'kind'>> = {},
): HistoryBounds {
  return {
    atOnce: 1_000,
    rowsFromS: [{ stepS: 10, fromS }],
    events: [{ kind: 'verifier', fromMs: 0, perTrackMax: 100, totalMax: 100, ...events }],
  };
}

/** What every place for history must do; `place` makes an empty one for each test. */
export function historyContract(name: string, place: (t: Test) => HistoryPlace): void {
  const starts = (store: HistoryStore, fromS = 0, beforeS = 1e9, stepS = 10): number[] =>
    store.rows({ track: 'a', stepS, fromS, beforeS }).map(({ atS }) => atS);

  void t.test(`${name}: empty at first`, async (t) => {
    const store = place(t).open();
    t.strictSame(starts(store), []);
    t.strictSame(store.events(EVERYTHING), []);
    t.equal(store.latestS('a', 10), null);
    t.equal(store.prune(bounds(1)), 0);
    store.close?.();
  });

  void t.test(`${name}: rows of one track and width, by time, after a restart too`, async (t) => {
    const at = place(t);
    const first = at.open();
    first.write([row(30), row(10), row(20), row(20, '{}', 'b'), row(60, '{}', 'a', 60)], []);
    first.write([row(20, '{"newer":true}')], []);
    first.close?.();
    const store = at.open();
    t.strictSame(starts(store), [10, 20, 30]);
    t.strictSame(starts(store, 20, 30), [20]);
    t.strictSame(starts(store, 0, 100, 60), [60]);
    t.strictSame(store.rows({ track: 'a', stepS: 10, fromS: 20, beforeS: 21 }), [
      row(20, '{"newer":true}'),
    ]);
    t.equal(store.latestS('a', 10), 30);
    t.equal(store.latestS('a', 600), null);
    store.close?.();
  });

  void t.test(`${name}: the latest events of one track, oldest first`, async (t) => {
    const at = place(t);
    const first = at.open();
    first.write([], [event(3), event(1), event(2, 1), event(2, 0), event(9, 0, 'b')]);
    first.write([], [event(4, 0, 'a', 'gates')]);
    first.close?.();
    const store = at.open();
    const bodies = (part: object = {}): string[] =>
      store.events({ ...EVERYTHING, ...part }).map(({ body }) => body);
    t.strictSame(bodies(), ['1.0', '2.0', '2.1', '3.0']);
    t.strictSame(bodies({ limit: 2 }), ['2.1', '3.0']);
    t.strictSame(bodies({ fromMs: 2, toMs: 2 }), ['2.0', '2.1']);
    t.strictSame(bodies({ kind: 'gates' }), ['4.0']);
    store.close?.();
  });

  void t.test(`${name}: what is beyond the bounds goes, oldest first`, async (t) => {
    const store = place(t).open();
    store.write(
      [10, 20, 30, 40].map((atS) => row(atS)).concat(row(10, '{}', 'a', 60)),
      [1, 2, 3, 4, 5].map((atMs) => event(atMs)).concat([6, 7].map((atMs) => event(atMs, 0, 'b'))),
    );
    t.equal(store.prune(bounds(25)), 2);
    t.strictSame(starts(store), [30, 40]);
    t.strictSame(starts(store, 0, 100, 60), [10], 'other widths have bounds of their own');
    const left = (): number[] =>
      ['a', 'b'].flatMap((track) => store.events({ ...EVERYTHING, track }).map(({ atMs }) => atMs));
    t.equal(store.prune(bounds(25, { fromMs: 2 })), 1);
    t.strictSame(left(), [2, 3, 4, 5, 6, 7]);
    t.equal(store.prune(bounds(25, { perTrackMax: 3 })), 1);
    t.strictSame(left(), [3, 4, 5, 6, 7]);
    t.equal(store.prune(bounds(25, { totalMax: 4 })), 1);
    t.strictSame(left(), [4, 5, 6, 7]);
    store.close?.();
  });

  void t.test(`${name}: no more goes at once than may, and the rest the next time`, async (t) => {
    const store = place(t).open();
    store.write(
      [10, 20, 30].map((atS) => row(atS)),
      Array.from({ length: 9 }, (_, atMs) => event(atMs)),
    );
    const few = { ...bounds(25, { fromMs: 1, totalMax: 6, perTrackMax: 4 }), atOnce: 2 };
    const gone = Array.from({ length: 5 }, () => store.prune(few));
    t.strictSame(gone, [2, 2, 2, 1, 0]);
    t.strictSame(starts(store), [30]);
    t.strictSame(
      store.events(EVERYTHING).map(({ atMs }) => atMs),
      [5, 6, 7, 8],
    );
    store.close?.();
  });
}
