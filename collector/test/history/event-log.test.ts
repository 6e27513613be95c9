import t from 'tap';
import { EventLog } from '../../src/history/event-log.ts';
import { VERIFIER_EVENTS } from '../../src/history/verifier-events.ts';
import { GATE_EVENTS } from '../../src/history/gate-events.ts';
import { openMemoryHistory } from '../../src/store/history-memory.ts';

const SILENT = { v: 1, what: 'silent' } as const;
const ALL = { fromMs: 0, toMs: 1e15, limit: 100 };

function epochs(log: EventLog, track: string, part: Partial<typeof ALL> = {}): unknown[] {
  return log
    .read(VERIFIER_EVENTS, { track, ...ALL, ...part })
    .map(({ event }) => (event.what === 'restarted' ? event.epoch : event.what));
}

t.test('events on record and those on their way are read as one, track by track', async (t) => {
  const store = openMemoryHistory();
  const log = new EventLog(store);
  const restarted = (epoch: number) => ({ v: 1, what: 'restarted', epoch }) as const;
  log.add(VERIFIER_EVENTS, 'a', 10, restarted(1));
  log.add(VERIFIER_EVENTS, 'a', 30, restarted(3));
  log.add(VERIFIER_EVENTS, 'b', 15, SILENT);
  const { events, written } = log.unwritten();
  store.write([], events);
  written();
  t.equal(log.waiting, 0);
  log.add(VERIFIER_EVENTS, 'a', 20, restarted(2));
  log.add(VERIFIER_EVENTS, 'a', 30, restarted(4));
  log.add(VERIFIER_EVENTS, 'b', 16, SILENT);
  log.add(GATE_EVENTS, 'a', 25, { v: 1, blind: true });
  t.strictSame(epochs(log, 'a'), [1, 2, 3, 4]);
  t.strictSame(epochs(log, 'b'), ['silent', 'silent']);
  t.strictSame(epochs(log, 'a', { limit: 2 }), [3, 4]);
  t.strictSame(epochs(log, 'a', { fromMs: 20, toMs: 29 }), [2]);
  t.strictSame(log.read(GATE_EVENTS, { track: 'a', ...ALL }), [
    { atMs: 25, event: { v: 1, blind: true } },
  ]);
});

t.test('a flood that finds no room costs no more than one that does', async (t) => {
  const log = new EventLog(openMemoryHistory());
  const startedAtMs = performance.now();
  for (let at = 0; at < 60_000; at += 1) log.add(VERIFIER_EVENTS, 'a', at, SILENT);
  const tookMs = performance.now() - startedAtMs;
  t.ok(tookMs < 5_000, `${Math.round(tookMs)} ms; moving all of them for each takes minutes`);
  t.equal(log.dropped, 40_000);
  t.strictSame(
    log.unwritten().events.map(({ atMs }) => atMs),
    Array.from({ length: 1_000 }, (_, at) => 40_000 + at),
  );
});

t.test('what waits for a store that takes none has a bound, and the oldest go', async (t) => {
  const log = new EventLog(openMemoryHistory());
  for (let at = 0; at < 20_010; at += 1) log.add(VERIFIER_EVENTS, 'a', at, SILENT);
  t.equal(log.waiting, 20_000);
  t.equal(log.dropped, 10);
  t.equal(log.read(VERIFIER_EVENTS, { track: 'a', ...ALL, limit: 1e9 })[0]?.atMs, 10);
  const { events, written } = log.unwritten();
  t.equal(events.length, 1_000, 'a few at a time');
  written();
  t.equal(log.waiting, 19_000, 'the rest waits on');
});
