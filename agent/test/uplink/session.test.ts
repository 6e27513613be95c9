import type { Assignment, Settings } from '@keyturn/shared/model/report.ts';
import t from 'tap';
import type { SessionAction, SessionEvent } from '../../src/uplink/session-events.ts';
import { Session } from '../../src/uplink/session.ts';

const SETTINGS: Settings = {
  reportIntervalMs: 15_000,
  leaseMs: 45_000,
  holdDownRemainingMs: 0,
  reconnectWindowMs: 20_000,
  watchedKeys: [],
};

function assigned(handle: number, epoch = 1, committedSeq = 0): Assignment {
  return { handle, epoch, committedSeq, refused: '' };
}

function welcome(assignments: readonly Assignment[], settings = SETTINGS): SessionEvent {
  return { on: 'welcome', welcome: { assignments, settings } };
}

function ack(handle: number, epoch: number, seq: number, result = 'applied'): SessionEvent {
  return {
    on: 'acks',
    acks: [{ handle, epoch, seq, result: result as 'applied', reason: 'because' }],
  };
}

const BROKEN: SessionEvent = { on: 'broken', why: { kind: 'failed', reason: 'gone' } };

function shown(action: SessionAction): string {
  switch (action.do) {
    case 'connect':
      return `connect ${action.mode}`;
    case 'hello':
      return `hello ${action.handles.join(',')}`;
    case 'report':
      return `report ${action.stamps.map((s) => `${s.handle}@${s.epoch}.${s.seq}`).join(' ')}`;
    case 'goodbye':
      return `goodbye ${action.handles.join(',')}`;
    case 'tell':
      return `tell ${action.what.kind}`;
    case 'forget':
    case 'finish':
    case 'disconnect':
    case 'apply':
      return action.do;
  }
}

/** One row: the moment, what happens, what is to be done (settings being applied left out). */
type Row = readonly [number, SessionEvent, readonly string[]];

function play(
  t: Pick<typeof import('tap').default, 'same'>,
  rows: readonly Row[],
  random = () => 0.5,
): Session {
  const session = new Session(random);
  for (const [nowMs, event, expected] of rows) {
    const actions = session.handle(event, nowMs).map(shown);
    t.same(
      actions.filter((action) => action !== 'apply'),
      expected,
      `${nowMs} ms: ${event.on}`,
    );
  }
  return session;
}

const ADD_1: SessionEvent = { on: 'added', handle: 1 };
const SOON_1: SessionEvent = { on: 'changed', handle: 1, urgency: 'soon' };
const NOW_1: SessionEvent = { on: 'changed', handle: 1, urgency: 'now' };
const TICK: SessionEvent = { on: 'tick' };

/** Up to the first acked report at 100 ms. */
const LIVE: readonly Row[] = [
  [0, ADD_1, ['connect stream', 'hello 1']],
  [50, welcome([assigned(1)]), ['tell connected', 'report 1@1.1']],
  [100, ack(1, 1, 1), []],
];

t.test('hello, welcome, first report, heartbeat', async (t) => {
  const session = play(t, [
    ...LIVE,
    [14_000, TICK, []],
    [15_050, TICK, ['report 1@1.2']],
    [15_060, ack(1, 1, 2), []],
    [30_050, TICK, ['report 1@1.3']],
  ]);
  t.equal(session.wakeAtMs, 31_050, 'wakes for the ack that is due');
});

t.test('changes: gathered, at most one a second, unless it is urgent', async (t) => {
  play(t, [
    ...LIVE,
    [5_000, SOON_1, []],
    [5_005, SOON_1, []],
    [5_010, TICK, ['report 1@1.2']],
    [5_020, ack(1, 1, 2), []],
    [5_100, SOON_1, []],
    [5_500, TICK, []],
    [6_010, TICK, ['report 1@1.3']],
    [6_020, ack(1, 1, 3), []],
    [6_100, NOW_1, ['report 1@1.4']],
  ]);
});

t.test('one report waits for its ack; a change meanwhile goes out after it', async (t) => {
  play(t, [
    ...LIVE,
    [5_000, NOW_1, ['report 1@1.2']],
    [5_010, NOW_1, []],
    [5_020, ack(1, 1, 1), []],
    [5_030, ack(1, 1, 2), ['report 1@1.3']],
  ]);
});

t.test('no ack: a new report, under a new number, at growing distances', async (t) => {
  play(t, [
    ...LIVE,
    [5_000, NOW_1, ['report 1@1.2']],
    [5_999, TICK, []],
    [6_000, TICK, ['report 1@1.3']],
    [8_000, TICK, ['report 1@1.4']],
    [8_100, ack(1, 1, 2), []],
    [12_000, TICK, ['report 1@1.5']],
    [12_001, ack(1, 1, 5), []],
    [12_500, TICK, []],
  ]);
});

t.test('reconnect: a share of the window first, then exponential', async (t) => {
  const session = play(t, [...LIVE, [60_000, BROKEN, ['tell disconnected']]]);
  t.equal(session.wakeAtMs, 70_000, 'half of 20 s');
  session.handle(TICK, 70_000);
  session.handle(BROKEN, 70_000);
  t.equal(session.wakeAtMs, 70_500);
  session.handle(TICK, 70_500);
  session.handle(BROKEN, 70_500);
  t.equal(session.wakeAtMs, 71_500);
});

t.test('a session that breaks soon after its welcome does not reset the backoff', async (t) => {
  const session = play(t, [...LIVE, [200, BROKEN, ['tell disconnected']]]);
  t.equal(session.wakeAtMs, 700);
});

t.test('numbers go on after a reconnect into the same epoch', async (t) => {
  play(t, [
    ...LIVE,
    [5_000, NOW_1, ['report 1@1.2']],
    [5_010, BROKEN, ['tell disconnected']],
    [15_010, TICK, ['connect stream', 'hello 1']],
    [15_020, welcome([assigned(1, 1, 1)]), ['tell connected', 'report 1@1.3']],
  ]);
});

t.test('numbers start anew in a new epoch, and never repeat in an old one', async (t) => {
  const reconnect = (nowMs: number): readonly Row[] => [
    [nowMs, BROKEN, ['tell disconnected']],
    [nowMs + 10_000, TICK, ['connect stream', 'hello 1']],
  ];
  play(t, [
    ...LIVE,
    ...reconnect(10_000),
    [20_010, welcome([assigned(1, 5)]), ['tell connected', 'report 1@5.1']],
    ...reconnect(30_000),
    // A collector that lost its data hands out an epoch that was already used.
    [40_010, welcome([assigned(1, 1)]), ['tell connected', 'report 1@1.2']],
    [40_020, ack(1, 1, 2), []],
    ...reconnect(50_000),
    [60_010, welcome([assigned(1, 6, 9)]), ['tell connected', 'report 1@6.10']],
  ]);
});

t.test('verifiers that come later use the same stream; those that stop say goodbye', async (t) => {
  play(t, [
    ...LIVE,
    [1_000, { on: 'added', handle: 2 }, ['hello 2']],
    [1_010, welcome([assigned(2, 4)]), ['report 2@4.1']],
    [1_020, ack(2, 4, 1), []],
    [2_000, { on: 'removed', handle: 2, reason: '' }, ['report 2@4.2', 'goodbye 2', 'forget']],
    [15_050, TICK, ['report 1@1.2']],
  ]);
});

t.test('a verifier that stops while the collector is away says goodbye later', async (t) => {
  play(t, [
    ...LIVE,
    [10_000, BROKEN, ['tell disconnected']],
    [11_000, { on: 'removed', handle: 1, reason: '' }, []],
    [20_000, TICK, ['connect stream', 'hello 1']],
    [
      20_010,
      welcome([assigned(1, 1, 1)]),
      ['tell connected', 'report 1@1.2', 'goodbye 1', 'forget'],
    ],
  ]);
});

t.test('a silenced verifier is not spoken for, until it changes', async (t) => {
  play(t, [
    ...LIVE,
    [1_000, { on: 'silenced', handle: 1 }, []],
    [15_050, TICK, []],
    [20_000, BROKEN, ['tell disconnected']],
    [30_000, TICK, ['connect stream', 'hello ']],
    [30_010, welcome([]), ['tell connected']],
    [31_000, SOON_1, ['hello 1']],
    [31_010, welcome([assigned(1, 1, 1)]), ['report 1@1.2']],
    [31_020, ack(1, 1, 2), []],
    [31_100, { on: 'silenced', handle: 1 }, []],
    [32_000, { on: 'close', reason: '' }, ['finish']],
  ]);
});

t.test('refused: said, then asked again slowly', async (t) => {
  const refused = { handle: 1, epoch: 0, committedSeq: 0, refused: 'not in the inventory' };
  play(t, [
    [0, ADD_1, ['connect stream', 'hello 1']],
    [50, welcome([refused]), ['tell connected', 'tell refused']],
    [15_050, TICK, []],
    [30_050, TICK, []],
    [45_050, TICK, []],
    [60_060, TICK, ['hello 1']],
    [60_070, welcome([assigned(1)]), ['report 1@1.1']],
  ]);
});

t.test('superseded and rejected', async (t) => {
  play(t, [
    ...LIVE,
    [5_000, NOW_1, ['report 1@1.2']],
    [5_010, ack(1, 1, 2, 'rejected'), ['tell rejected']],
    [6_500, TICK, []],
    [15_050, TICK, ['hello 1']],
    [15_060, welcome([assigned(1, 1, 2)]), ['report 1@1.3']],
    [15_070, ack(1, 1, 3, 'superseded'), ['tell superseded']],
    [30_050, TICK, []],
  ]);
});

t.test('rejected long after its hello: the collector may know it no more', async (t) => {
  play(t, [
    ...LIVE,
    [15_050, TICK, ['report 1@1.2']],
    [15_060, ack(1, 1, 2, 'rejected'), ['tell rejected', 'hello 1']],
    [15_070, NOW_1, []],
    [15_080, welcome([assigned(1, 7)]), ['report 1@7.1']],
  ]);
});

t.test('a superseded verifier that stops ends nothing: another process may go on', async (t) => {
  const superseded: readonly Row[] = [
    ...LIVE,
    [200, { on: 'added', handle: 2 }, ['hello 2']],
    [210, welcome([assigned(2, 4)]), ['report 2@4.1']],
    [220, ack(2, 4, 1), []],
    [5_000, NOW_1, ['report 1@1.2']],
    [5_010, ack(1, 1, 2, 'superseded'), ['tell superseded']],
  ];
  play(t, [
    ...superseded,
    [6_000, { on: 'removed', handle: 1, reason: '' }, ['forget']],
    [20_050, TICK, ['report 2@4.2']],
  ]);
  play(t, [
    ...superseded,
    [6_000, { on: 'close', reason: '' }, ['report 2@4.2', 'goodbye 2', 'finish']],
  ]);
});

t.test('mute streams: calls in turn, and the stream again after ten minutes', async (t) => {
  const session = new Session(() => 0);
  const modes: string[] = [];
  const run = (event: SessionEvent, nowMs: number) => {
    for (const action of session.handle(event, nowMs)) {
      if (action.do === 'connect') modes.push(action.mode);
    }
  };
  run(ADD_1, 0);
  for (let i = 1; i <= 5; i += 1) {
    run(BROKEN, i * 1_000);
    run(TICK, i * 1_000 + 500);
  }
  t.same(modes, ['stream', 'stream', 'stream', 'calls', 'stream', 'calls']);
  run(welcome([assigned(1)]), 5_600);
  run(BROKEN, 9_000);
  run(TICK, 69_000);
  t.equal(modes.at(-1), 'calls', 'calls that answered are kept');
  run(welcome([assigned(1)]), 69_010);
  for (let nowMs = 70_000; nowMs < 700_000 && modes.at(-1) === 'calls'; nowMs += 1_000) {
    run(TICK, nowMs);
    run(ack(1, 1, Math.floor(nowMs / 1_000)), nowMs);
  }
  t.equal(modes.at(-1), 'stream');
});

t.test('unimplemented: calls at once', async (t) => {
  play(t, [
    [0, ADD_1, ['connect stream', 'hello 1']],
    [
      50,
      { on: 'broken', why: { kind: 'unimplemented', reason: 'no such method' } },
      ['tell disconnected'],
    ],
    [600, TICK, ['connect calls', 'hello 1']],
  ]);
});

t.test('no welcome, and a collector that stops answering', async (t) => {
  play(t, [
    [0, ADD_1, ['connect stream', 'hello 1']],
    [14_999, TICK, []],
    [15_000, TICK, ['disconnect', 'tell disconnected']],
  ]);
  const session = play(t, LIVE);
  let gaveUpAtMs = 0;
  for (let nowMs = 15_050; nowMs < 120_000 && gaveUpAtMs === 0; nowMs += 500) {
    const actions = session.handle(TICK, nowMs).map(shown);
    if (actions.includes('disconnect')) gaveUpAtMs = nowMs;
  }
  t.ok(gaveUpAtMs >= 45_100 && gaveUpAtMs < 50_000, `gave up at ${gaveUpAtMs}`);
});

t.test('close: last reports, one goodbye, and not waited for', async (t) => {
  const session = play(t, [
    ...LIVE,
    [1_000, { on: 'close', reason: 'stop' }, ['report 1@1.2', 'goodbye 1', 'finish']],
    [1_100, NOW_1, []],
    [3_000, TICK, ['disconnect']],
  ]);
  t.equal(session.isClosed, true);
  const answered = play(t, [
    ...LIVE,
    [1_000, { on: 'close', reason: '' }, ['report 1@1.2', 'goodbye 1', 'finish']],
  ]);
  answered.handle(BROKEN, 1_010);
  t.equal(answered.isClosed, true);
  const never = play(t, [[0, { on: 'close', reason: '' }, []]]);
  t.equal(never.isClosed, true);
  const greeting = play(t, [
    [0, ADD_1, ['connect stream', 'hello 1']],
    [10, { on: 'close', reason: '' }, []],
    [20, welcome([assigned(1)]), ['tell connected', 'report 1@1.1', 'goodbye 1', 'finish']],
  ]);
  t.equal(greeting.wakeAtMs, 2_020);
});

t.test('a shorter interval is in force at once', async (t) => {
  play(t, [
    ...LIVE,
    [1_000, { on: 'settings', settings: { ...SETTINGS, reportIntervalMs: 2_000 } }, []],
    [3_000, TICK, ['report 1@1.2']],
  ]);
});
