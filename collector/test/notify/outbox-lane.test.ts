import fc from 'fast-check';
import t from 'tap';
import { START_MS } from '../support/policies.ts';
import { OutboxLane } from '../../src/notify/outbox-lane.ts';
import { failure, laneEngine, TAKEN } from './lane-engine.ts';
import { alertNotice, alertRecord, stepNotice, webhook } from './notices.ts';
import type { NoticeRecord } from '../../src/core/alerts/notice.ts';
import type { PostResult } from '../../src/notify/post.ts';

const HOOK = webhook('https://hook.example/in');

const DUE = { createdAtMs: START_MS, nextAtMs: START_MS };

function notice(n: number, over: Partial<NoticeRecord> = {}): NoticeRecord {
  const alert = alertRecord({ id: `al-${n}`, transition: 1 });
  return alertNotice('hook', 'fired', alert, {
    createdAtMs: START_MS + n,
    nextAtMs: START_MS,
    ...over,
  });
}

/** Which pieces of news were sent, in order. */
function subjects(engine: ReturnType<typeof laneEngine>): readonly string[] {
  return engine.sent.map(
    ({ request }) => (JSON.parse(request.body) as { subject: string }).subject,
  );
}

t.test('in order, each once', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const lane = new OutboxLane(HOOK, engine.port);
  engine.add(notice(1), notice(2), { ...notice(9), receiver: 'other' }, notice(3));
  lane.wake();
  lane.wake();
  await engine.pass(0);
  t.same(subjects(engine), ['al-1', 'al-2', 'al-3']);
  t.same([...engine.state.notices.keys()], ['al-9.1.hook'], 'that of the other stays');
  t.match(engine.state.deliveries.get('hook'), { error: null });
  await lane.close();
});

t.test('a failure is tried again, later and later, and nothing overtakes it', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const lane = new OutboxLane(HOOK, engine.port);
  engine.answers.push(failure(), failure({ message: 'status 500' }), failure(), TAKEN);
  engine.add(notice(1), notice(2));
  lane.wake();
  await engine.pass(10_000);
  t.same(subjects(engine), ['al-1', 'al-1', 'al-1', 'al-1', 'al-2']);
  // Half of 1 s, 2 s and 4 s.
  t.same(
    engine.sent.map(({ atMs }) => atMs),
    [0, 500, 1_500, 3_500, 3_500],
  );
  t.same(engine.events, [
    'failing hook status 503',
    'failing hook status 500',
    'failing hook status 503',
    'recovered hook',
  ]);
  t.match(engine.state.deliveries.get('hook'), { error: null, failingSinceMs: null });
  await lane.close();
});

t.test('a receiver that asks for time is given it', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const lane = new OutboxLane(HOOK, engine.port);
  engine.answers.push(failure({ status: 429, retryAfterMs: 30_000 }));
  engine.add(notice(1));
  lane.wake();
  await engine.pass(29_900);
  t.equal(engine.sent.length, 1);
  t.equal([...engine.state.notices.values()][0]?.nextAtMs, START_MS + 30_000);
  await engine.pass(200);
  t.equal(engine.sent.length, 2);
  await lane.close();
});

t.test('what is refused for good is given up, and what follows is sent', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const lane = new OutboxLane(HOOK, engine.port);
  engine.answers.push(failure({ status: 400, permanent: true, message: 'status 400' }));
  engine.add(notice(1), notice(2));
  lane.wake();
  await engine.pass(0);
  t.same(subjects(engine), ['al-1', 'al-2']);
  t.match(engine.state.notices.get('al-1.1.hook'), { lastError: 'status 400', attempts: 1 });
  t.ok(engine.state.notices.get('al-1.1.hook')?.givenUpAtMs);
  t.ok(engine.events.includes('given up hook al-1.1.hook'));
  await engine.pass(600_000);
  t.equal(engine.sent.length, 2, 'never again');
  await lane.close();
});

t.test('what is older than a day is not sent', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const lane = new OutboxLane(HOOK, engine.port);
  engine.add(notice(1, { createdAtMs: START_MS - 86_400_001, lastError: 'status 503' }), notice(2));
  lane.wake();
  await engine.pass(0);
  t.same(subjects(engine), ['al-2']);
  t.match(engine.state.notices.get('al-1.1.hook'), { lastError: 'not within 1d: status 503' });
  await lane.close();
});

t.test('what it does not want leaves the outbox unsent', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const over = { minSeverity: 'warning', sendSteps: false, sendResolved: false } as const;
  const lane = new OutboxLane(webhook('https://hook.example/in', over), engine.port);
  const info = alertRecord({ id: 'al-info', severity: 'info' });
  const told = { severity: 'critical', noData: false, resolved: false } as const;
  const eased = alertRecord({ id: 'al-eased', severity: 'info', told });
  engine.add(
    alertNotice('hook', 'fired', info, DUE),
    stepNotice('hook', DUE),
    alertNotice('hook', 'resolved', alertRecord({ id: 'al-over', status: 'resolved' }), DUE),
    alertNotice('hook', 'acknowledged', eased, DUE),
  );
  lane.wake();
  await engine.pass(0);
  t.same(subjects(engine), ['al-eased'], 'it was told that this one is critical');
  t.equal(engine.state.notices.size, 0);
  await lane.close();
});

t.test('what waited for its next try is tried when the collector starts', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const lane = new OutboxLane(HOOK, engine.port);
  engine.answers.push(failure());
  engine.add(notice(1, { nextAtMs: START_MS + 300_000, attempts: 9 }));
  lane.wake();
  await engine.pass(0);
  t.equal(engine.sent.length, 1);
  await engine.pass(10_000);
  t.equal(engine.sent.length, 1, 'and then waits again');
  lane.hurry();
  await engine.pass(0);
  t.equal(engine.sent.length, 2, 'or when there is reason to');
  await lane.close();
});

t.test('an engine that takes nothing does not make it send without end', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const lane = new OutboxLane(HOOK, engine.port);
  engine.rejects = true;
  engine.add(notice(1));
  lane.wake();
  await engine.pass(5_000);
  t.ok(engine.sent.length <= 6, String(engine.sent.length));
  engine.rejects = false;
  await engine.pass(2_000);
  t.equal(engine.state.notices.size, 0);
  await lane.close();
});

t.test('closing waits two seconds for what is under way, and takes nothing for told', async (t) => {
  const engine = laneEngine({ receivers: ['hook'] });
  const lane = new OutboxLane(HOOK, {
    ...engine.port,
    post: (_request, { signal }) =>
      new Promise<PostResult>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve(failure({ status: null, message: 'given up because the collector stops' }));
        });
      }),
  });
  engine.add(notice(1), notice(2));
  lane.wake();
  await engine.pass(0);
  let closed = false;
  const closing = lane.close().finally(() => {
    closed = true;
  });
  await engine.pass(1_900);
  t.notOk(closed);
  await engine.pass(200);
  t.ok(closed);
  await closing;
  t.equal(engine.state.notices.size, 2, 'both stay for the next start');
  t.same(engine.inputs, [], 'a cut-off try is no failure');
});

t.test('whatever a receiver answers, every piece of news is taken, in order', async () => {
  const answer = fc.constantFrom<PostResult>(TAKEN, failure(), failure({ retryAfterMs: 2_000 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (answers, count, random) => {
        const engine = laneEngine({ receivers: ['hook'] }, { random: () => random });
        const lane = new OutboxLane(HOOK, engine.port);
        engine.answers.push(...answers);
        engine.add(...Array.from({ length: count }, (_, n) => notice(n)));
        lane.wake();
        for (let waits = 0; waits < 40 && engine.state.notices.size > 0; waits += 1) {
          await engine.pass(0);
          engine.clock.advance(300_000);
        }
        await lane.close();
        const order = subjects(engine).filter((one, at, all) => one !== all[at - 1]);
        const expected = Array.from({ length: count }, (_, n) => `al-${n}`);
        return engine.state.notices.size === 0 && order.join() === expected.join();
      },
    ),
    { numRuns: 50 },
  );
});
