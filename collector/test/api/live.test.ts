import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '@keyturn/shared/clock.ts';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { id, ISSUER, NEW_KEY, OLD_KEY, pushedClock, type Rig, startRig } from './rig.ts';

/** A clock whose one-second beats are struck by hand; all else runs as usual. */
function handClock(): Clock & { push(ms: number): void; strike(): Promise<void> } {
  const clock = pushedClock();
  const beats = new Set<() => void>();
  return {
    ...clock,
    after(delayMs, callback) {
      // After much work a beat comes later.
      if (delayMs < 1_000 || delayMs > 10_000) return clock.after(delayMs, callback);
      beats.add(callback);
      return () => beats.delete(callback);
    },
    async strike() {
      clock.push(1_000);
      const due = [...beats];
      beats.clear();
      for (const beat of due) beat();
      // One that lets others have their turn comes to its end.
      for (let turn = 0; turn < 50; turn += 1) await setImmediate();
    },
  };
}

interface Live {
  readonly ticks: { readonly now_at: string; readonly versions: Record<string, number> }[];
  readonly views: { readonly view: string; readonly data: unknown }[];
  readonly response: IncomingMessage;
  isOver(): boolean;
  leave(): void;
}

/** Reads a stream; `paused`: takes nothing in after its head. */
function open(rig: Rig, query: string, { paused = false } = {}): Promise<Live> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: rig.port, path: `/v1/live?${query}`, agent: false },
      (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          reject(new Error(`status ${response.statusCode}`));
          return;
        }
        let over = false;
        let text = '';
        const live: Live = {
          ticks: [],
          views: [],
          response,
          isOver: () => over,
          leave: () => request.destroy(),
        };
        response.once('close', () => {
          over = true;
        });
        response.on('error', () => undefined);
        if (!paused) {
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
            const events = text.split('\n\n');
            text = events.pop() ?? '';
            for (const event of events) take(live, event);
          });
        }
        resolve(live);
      },
    );
    request.on('error', reject);
    request.end();
  });
}

function take(live: Live, event: string): void {
  const [, kind, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
  if (kind === undefined || data === undefined) return;
  (kind === 'tick' ? live.ticks : live.views).push(JSON.parse(data) as never);
}

/** Whether one more stream is taken. */
async function hasRoom(rig: Rig): Promise<boolean> {
  const live = await open(rig, '').catch(() => null);
  live?.leave();
  return live !== null;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries += 1) await pause(10);
  if (!holds()) throw new Error(`not so: ${what}`);
}

async function rigOf(t: Test, options: Parameters<typeof startRig>[0] = {}) {
  const clock = handClock();
  const rig = await startRig({ clock, ...options });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  return { rig, clock };
}

t.test('a tick each second, and a view only when it differs from what was last sent', async (t) => {
  const { rig, clock } = await rigOf(t);
  const rotation = await rig.start();
  const live = await open(rig, `view=overview&view=rotation:${rotation}`);
  t.teardown(() => live.leave());
  await until('the first tick and both views', () => live.views.length === 2);
  t.equal(live.ticks.length, 1, 'at once');
  t.match(live.views, [
    { view: 'overview', data: { rotations: [{ id: rotation }] } },
    { view: `rotation:${rotation}`, data: { rotation: { id: rotation } } },
  ]);

  await clock.strike();
  await until('a second tick', () => live.ticks.length === 2);
  const [first, second] = live.ticks.map(({ now_at: at }) => Date.parse(at));
  t.ok((second ?? 0) - (first ?? 0) >= 1_000, 'by the collector clock');

  const before = live.views.filter(({ view }) => view === 'overview').length;
  await rig.sight(OLD_KEY, NEW_KEY);
  await clock.strike();
  await until('the overview again', () => {
    return live.views.filter(({ view }) => view === 'overview').length > before;
  });
  const last = live.views.findLast(({ view }) => view === 'overview');
  t.match(last, { data: { rotations: [{ phase: 'published' }] } });
  t.equal(live.ticks.length, 3);
});

t.test('what does not change is not said again', async (t) => {
  const { rig, clock } = await rigOf(t);
  const live = await open(rig, `view=${encodeURIComponent(`issuer:${ISSUER}`)}&view=inventory`);
  t.teardown(() => live.leave());
  await until('both views', () => live.views.length === 2);
  for (let n = 0; n < 3; n += 1) await clock.strike();
  await until('three more ticks', () => live.ticks.length === 4);
  t.equal(live.views.length, 2);
  await rig.report(id('shadow'), [OLD_KEY]);
  await clock.strike();
  await until('both again: it verifies tokens of the issuer', () => live.views.length === 4);
});

t.test('an unknown object is null, an unknown view is refused', async (t) => {
  const { rig } = await rigOf(t);
  const objects = [
    'rotation:nobody',
    'alert:al-0-0',
    'issuer:https://elsewhere.example',
    'alerts:state=burning',
    'alerts:colour=red',
    'inventory:state=lost',
  ];
  for (const view of objects) {
    const { json } = await rig.call('GET', `/v1/live/snapshot?view=${encodeURIComponent(view)}`);
    t.same(json.views, { [view]: null }, view);
  }
  for (const path of ['/v1/live', '/v1/live/snapshot']) {
    for (const view of [
      'secrets',
      '',
      'constructor',
      '__proto__:x',
      `rotation:${'x'.repeat(2_000)}`,
    ]) {
      const { status, json } = await rig.call('GET', `${path}?view=${encodeURIComponent(view)}`);
      t.equal(status, 400, view.slice(0, 20));
      t.match(json.errors?.[0] ?? json, { field: /view/ }, 'names the field');
      if (view === 'secrets')
        t.match(JSON.stringify(json), /expected .*overview, rotation, .*alerts/);
    }
    const many = Array.from({ length: 9 }, () => 'view=overview').join('&');
    t.equal((await rig.call('GET', `${path}?${many}`)).status, 400, 'more than eight');
    t.equal((await rig.call('GET', `${path}?colour=red`)).status, 400);
  }
});

t.test('the same views once, for a page nobody looks at', async (t) => {
  const { rig } = await rigOf(t);
  const { status, json } = await rig.call('GET', '/v1/live/snapshot?view=overview&view=issuers');
  t.equal(status, 200);
  t.match(json, {
    tick: { now_at: /Z$/, started_at: /Z$/, build: String, versions: Object },
    views: { overview: { collector: { version: '0.0.0-test' } }, issuers: { more: 0 } },
  });
  t.match((await rig.call('GET', '/v1/live/snapshot')).json, { views: {} });
});

t.test('no more than 64 streams; a reader who leaves makes room', async (t) => {
  const { rig } = await rigOf(t);
  const streams = await Promise.all(Array.from({ length: 64 }, () => open(rig, 'view=health')));
  t.teardown(() => {
    for (const stream of streams) stream.leave();
  });
  const refused = await rig.call('GET', '/v1/live?view=health');
  t.equal(refused.status, 503);
  t.match(refused.json.detail, /Too many dashboards/);
  t.equal((await rig.call('GET', '/v1/live/snapshot?view=health')).status, 200, 'asking works');
  streams[0]?.leave();
  await until('there is room again', () => streams[0]?.isOver() ?? false);
  await pause(50);
  const late = await open(rig, 'view=health');
  t.teardown(() => late.leave());
  await until('it is told', () => late.views.length === 1);
});

t.test('a reader that takes nothing in is let go, and nobody else waits for it', async (t) => {
  const { rig, clock } = await rigOf(t);
  for (let n = 0; n < 150; n += 1) await rig.report(id(`stranger-${n}`), [OLD_KEY]);
  const quick = await open(rig, 'view=inventory');
  const others = await Promise.all(Array.from({ length: 62 }, () => open(rig, '')));
  const slow = await open(rig, 'view=inventory', { paused: true });
  t.teardown(() => {
    for (const live of [slow, quick, ...others]) live.leave();
  });
  t.equal((await rig.call('GET', '/v1/live')).status, 503);
  let ticks = 0;
  for (let isLetGo = false; ticks < 600 && !isLetGo; ticks += 1) {
    await rig.report(id('stranger-0', `i-${ticks}`), [OLD_KEY]);
    await clock.strike();
    if (ticks % 25 === 24) isLetGo = await hasRoom(rig);
  }
  t.comment(`let go after ${ticks} ticks`);
  t.ok(ticks < 600, 'let go');
  await until('the other one heard all', () => quick.ticks.length > ticks);
  t.equal(quick.isOver(), false);
});

t.test('a view that cannot be made is null, and told once in the log', async (t) => {
  const lines: { readonly msg: string; readonly view?: string }[] = [];
  const logger = pino({ level: 'error' }, { write: (line) => lines.push(JSON.parse(line)) });
  let isBroken = true;
  const notifier = {
    health: () => {
      if (isBroken) throw new Error('no health today');
      return [];
    },
  } as never;
  const { rig, clock } = await rigOf(t, { api: { logger, notifier } });
  const live = await open(rig, 'view=overview&view=issuers');
  t.teardown(() => live.leave());
  await until('both views', () => live.views.length === 2);
  t.match(live.views, [
    { view: 'overview', data: null },
    { view: 'issuers', data: { more: 0 } },
  ]);
  await clock.strike();
  await clock.strike();
  await until('two more ticks', () => live.ticks.length === 3);
  t.match(lines, [
    { msg: 'a view could not be made', view: 'overview', err: { message: 'no health today' } },
  ]);
  isBroken = false;
  await clock.strike();
  await until('it is there', () => live.views.length === 3);
  t.match(live.views[2], { view: 'overview', data: { collector: {} } });
  isBroken = true;
  await clock.strike();
  await until('it is gone', () => live.views.length === 4);
  t.equal(live.views[3]?.data, null, 'nothing old stays');
  t.equal(lines.length, 2, 'told again after it had been well');
});

t.test('closing ends streams', async (t) => {
  const clock = handClock();
  const rig = await startRig({ clock });
  const live = await open(rig, 'view=overview');
  await until('the first tick', () => live.ticks.length === 1);
  const startedMs = performance.now();
  await rig.close();
  await until('it is over', () => live.isOver());
  t.ok(performance.now() - startedMs < 2_000);
});
