import type { Clock } from '@keyturn/shared/clock.ts';
import t from 'tap';
import type { VerdictView } from '../../src/api/schemas/verdict.ts';
import { RefusedError, UnreachableError } from '../../src/cli/cli-errors.ts';
import type { Client, ClientRequest } from '../../src/cli/client.ts';
import { type GateWait, type WaitSight, waitForGate } from '../../src/cli/wait-for-gate.ts';
import { verdict } from './verdicts.ts';

/** A clock that runs as fast as it is asked: sleeping is arriving. */
function jumpingClock(): Clock & { nowMs: number } {
  const clock = {
    nowMs: 0,
    wallMs: () => clock.nowMs,
    monotonicMs: () => clock.nowMs,
    after(delayMs: number, callback: () => void) {
      clock.nowMs += delayMs;
      queueMicrotask(callback);
      return () => undefined;
    },
  };
  return clock;
}

/** One stretch of the world: from this moment on, until the next stretch. */
type Stretch = readonly [
  fromMs: number,
  what: VerdictView['status'] | 'down' | 'refuses' | 'frozen',
];

/** A collector that follows a script; a long poll takes until the next stretch or its end. */
function scripted(clock: { nowMs: number }, script: readonly Stretch[]) {
  const asked: string[] = [];
  const at = (nowMs: number): number => script.findLastIndex(([fromMs]) => fromMs <= nowMs);
  const client: Client = {
    base: new URL('http://127.0.0.1:7460'),
    text: () => Promise.reject(new Error('nothing asks for text')),
    async send<T>(request: ClientRequest<T>): Promise<T> {
      asked.push(`${clock.nowMs} ${request.path}`);
      const { index, wait = '0ms' } = request.query ?? {};
      clock.nowMs += 1;
      if (index === at(clock.nowMs)) {
        const endsAtMs = clock.nowMs + Number.parseInt(String(wait), 10);
        const nextAtMs = script[at(clock.nowMs) + 1]?.[0] ?? Number.POSITIVE_INFINITY;
        clock.nowMs = Math.min(endsAtMs, nextAtMs);
      }
      const revision = at(clock.nowMs);
      const [fromMs, what] = script[revision] ?? [0, 'unknown'];
      if (what === 'down') throw new UnreachableError('no collector');
      if (what === 'refuses') throw new RefusedError(404, { detail: 'no such rotation' });
      if (what === 'frozen') {
        clock.nowMs += 600_000;
        return verdict({ status: 'open', revision: 0 }) as T;
      }
      return verdict({
        status: what,
        revision,
        evaluated_at: new Date(clock.nowMs).toISOString(),
        evaluated_at_ms: clock.nowMs,
        open_since_at: what === 'open' ? new Date(fromMs).toISOString() : null,
      }) as T;
    },
  };
  return { client, asked };
}

async function wait(script: readonly Stretch[], more: Partial<GateWait> = {}) {
  const clock = jumpingClock();
  const { client, asked } = scripted(clock, script);
  const sights: WaitSight[] = [];
  const end = await waitForGate(
    { client, clock, onSight: (sight) => sights.push(sight) },
    { gate: 'activate', rotation: 'r-1', timeoutMs: 1_800_000, stableForMs: 0, ...more },
  );
  return { end, sights, asked, tookMs: clock.nowMs };
}

t.test('how a wait ends', async (t) => {
  const rows: [string, readonly Stretch[], Partial<GateWait>, number, number, number][] = [
    ['open already', [[0, 'open']], {}, 0, 0, 100],
    [
      'opens later',
      [
        [0, 'closed'],
        [90_000, 'open'],
      ],
      {},
      0,
      90_000,
      91_000,
    ],
    [
      'unknown, then closed, then open',
      [
        [0, 'unknown'],
        [10_000, 'closed'],
        [20_000, 'open'],
      ],
      {},
      0,
      20_000,
      21_000,
    ],
    [
      'aborted',
      [
        [0, 'closed'],
        [50_000, 'aborted'],
      ],
      {},
      1,
      50_000,
      51_000,
    ],
    ['time up while closed', [[0, 'closed']], { timeoutMs: 60_000 }, 3, 60_000, 62_000],
    ['time up while unknown', [[0, 'unknown']], { timeoutMs: 60_000 }, 4, 60_000, 62_000],
    ['never reachable', [[0, 'down']], { timeoutMs: 60_000 }, 4, 60_000, 62_000],
    [
      'unreachable at the end',
      [
        [0, 'closed'],
        [30_000, 'down'],
      ],
      { timeoutMs: 60_000 },
      4,
      60_000,
      62_000,
    ],
    [
      'survives a restart',
      [
        [0, 'closed'],
        [30_000, 'down'],
        [60_000, 'unknown'],
        [90_000, 'open'],
      ],
      {},
      0,
      90_000,
      96_000,
    ],
    [
      'stable from the start on, as watched',
      [[0, 'open']],
      { stableForMs: 120_000 },
      0,
      120_000,
      121_000,
    ],
    [
      'a break starts it anew',
      [
        [0, 'open'],
        [100_000, 'closed'],
        [130_000, 'open'],
      ],
      { stableForMs: 120_000 },
      0,
      250_000,
      251_000,
    ],
    [
      'unreachable breaks it too',
      [
        [0, 'open'],
        [60_000, 'down'],
        [61_000, 'open'],
      ],
      { stableForMs: 120_000 },
      0,
      181_000,
      187_000,
    ],
    [
      'open but not long enough',
      [
        [0, 'closed'],
        [50_000, 'open'],
      ],
      { stableForMs: 20_000, timeoutMs: 60_000 },
      3,
      60_000,
      62_000,
    ],
    ['no time at all', [[0, 'open']], { timeoutMs: 0 }, 4, 0, 1],
  ];
  for (const [what, script, more, code, notBeforeMs, notAfterMs] of rows) {
    const { end, tookMs } = await wait(script, more);
    t.equal(end.code, code, what);
    t.ok(tookMs >= notBeforeMs && tookMs <= notAfterMs, `${what}: ended at ${tookMs}`);
    t.equal(end.message === '', code === 0, what);
  }
});

t.test(
  'a flap between two questions counts as a break: the collector tells since when',
  async (t) => {
    const clock = jumpingClock();
    let asked = 0;
    const client: Client = {
      base: new URL('http://127.0.0.1:7460'),
      text: () => Promise.reject(new Error('nothing asks for text')),
      async send<T>(): Promise<T> {
        asked += 1;
        clock.nowMs += 5_000;
        // Always seen open; at the second look it has been open for 1 s only.
        const openForMs = asked === 2 ? 1_000 : 600_000;
        return verdict({
          status: 'open',
          revision: asked,
          evaluated_at_ms: 1_000_000,
          open_since_at: new Date(1_000_000 - openForMs).toISOString(),
        }) as T;
      },
    };
    const seen: (number | null)[] = [];
    await waitForGate(
      {
        client,
        clock,
        onSight: (sight) => {
          if (sight.kind === 'verdict') seen.push(sight.openForMs);
        },
      },
      { gate: 'activate', rotation: 'r-1', timeoutMs: 600_000, stableForMs: 12_000 },
    );
    t.strictSame(seen, [0, 1_000, 6_000, 11_000, 16_000]);
  },
);

t.test('a machine that slept watched nothing', async (t) => {
  const clock = jumpingClock();
  let asked = 0;
  const client: Client = {
    base: new URL('http://127.0.0.1:7460'),
    text: () => Promise.reject(new Error('nothing asks for text')),
    async send<T>(): Promise<T> {
      asked += 1;
      clock.nowMs += asked === 2 ? 3_600_000 : 1_000;
      return verdict({ status: 'open', revision: asked }) as T;
    },
  };
  const seen: (number | null)[] = [];
  const end = await waitForGate(
    {
      client,
      clock,
      onSight: (sight) => {
        if (sight.kind === 'verdict') seen.push(sight.openForMs);
      },
    },
    { gate: 'activate', rotation: 'r-1', timeoutMs: 7_200_000, stableForMs: 2_000 },
  );
  t.equal(end.code, 0);
  t.strictSame(seen, [0, 0, 1_000, 2_000]);
});

t.test('what waiting cannot mend ends it at once', async (t) => {
  await t.rejects(wait([[0, 'refuses']]), { code: 'REFUSED' });
});

t.test('quick answers without news do not make a busy loop', async (t) => {
  const clock = jumpingClock();
  let asked = 0;
  const client: Client = {
    base: new URL('http://127.0.0.1:7460'),
    text: () => Promise.reject(new Error('nothing asks for text')),
    async send<T>(): Promise<T> {
      asked += 1;
      clock.nowMs += 1;
      return verdict({ status: 'closed', revision: 1 }) as T;
    },
  };
  await waitForGate(
    { client, clock, onSight: () => undefined },
    { gate: 'activate', rotation: 'r-1', timeoutMs: 60_000, stableForMs: 0 },
  );
  t.ok(asked <= 65, `${asked} questions in a minute`);
});

t.test('tries again at growing intervals', async (t) => {
  const { asked } = await wait([[0, 'down']], { timeoutMs: 60_000 });
  t.ok(asked.length >= 10 && asked.length <= 20, `${asked.length} tries in a minute`);
});
