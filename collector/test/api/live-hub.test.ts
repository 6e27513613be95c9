import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type LiveReader, liveHub } from '../../src/api/live/live-hub.ts';
import { rotationGlances } from '../../src/api/views/rotation-glance.ts';
import { startRig } from './rig.ts';

/** A hub by a clock that says of everything that it took `stepMs`. */
async function hubOf(test: Test, stepMs: number) {
  const rig = await startRig();
  test.teardown(() => rig.close());
  const seen = { delays: [] as number[], due: () => undefined as void, sent: [] as string[] };
  let nowMs = 0;
  const hub = liveHub({
    engine: rig.engine,
    canaries: {} as never,
    notifier: { health: () => [] } as never,
    glances: rotationGlances(rig.engine),
    version: '0',
    build: '',
    versions: {},
    failed: (view, error) => test.fail(view, { error }),
    clock: {
      wallMs: () => nowMs,
      monotonicMs: () => (nowMs += stepMs),
      after(delayMs, callback) {
        seen.delays.push(delayMs);
        seen.due = callback;
        return () => undefined;
      },
    },
  });
  const reader = (name: string): LiveReader => ({
    send: () => void seen.sent.push(name),
    end: () => undefined,
  });
  const open = (n: number): void => {
    for (let at = 0; at < n; at += 1) hub.open([`alerts:q=${at}`], reader(`reader ${at}`));
    seen.sent.length = 0;
  };
  return { hub, seen, open };
}

t.test('views that take long are made bit by bit, and less often', async (t) => {
  const { hub, seen, open } = await hubOf(t, 20);
  open(16);
  t.strictSame(seen.delays, [1_000]);
  seen.due();
  t.ok(seen.sent.length < 3, `${seen.sent.length} readers told before anybody else had a turn`);
  for (let turn = 0; turn < 100; turn += 1) await setImmediate();
  t.equal(new Set(seen.sent).size, 16, 'all are told');
  t.equal(seen.delays.length, 2);
  t.equal(seen.delays[1], 1_500, 'later than each second, and not by much');
  hub.close();
});

t.test('quick ones come each second, at once', async (t) => {
  const { hub, seen, open } = await hubOf(t, 0);
  open(16);
  seen.due();
  t.equal(seen.sent.length, 16);
  t.strictSame(seen.delays, [1_000, 1_000]);
  hub.close();
});

t.test('a hub that is closed between two parts of its work tells nobody more', async (t) => {
  const { hub, seen, open } = await hubOf(t, 20);
  open(16);
  seen.due();
  hub.close();
  const told = seen.sent.length;
  for (let turn = 0; turn < 100; turn += 1) await setImmediate();
  t.equal(seen.sent.length, told);
  t.equal(seen.delays.length, 1, 'and does not come again');
});
