import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@keyturn/shared/clock.ts';
import { manualClock } from '@keyturn/shared/manual-clock.ts';
import t from 'tap';
import { laneEngine } from '../../collector/test/notify/lane-engine.ts';
import { alertmanager, alertRecord } from '../../collector/test/notify/notices.ts';
import { AlertmanagerLane } from '@keyturn/collector/notify/alertmanager-lane.ts';
import { post } from '@keyturn/collector/notify/post.ts';
import type { Alertmanager, HeldAlert } from '../harness/alertmanager.ts';
import { alertmanagerMissing, startAlertmanager } from '../harness/alertmanager.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';

const RESEND_MS = 30_000;

t.test('two real Alertmanagers', { skip: alertmanagerMissing }, async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const [first, second] = await Promise.all([
    startAlertmanager(cleanup, join(directory, '1')),
    startAlertmanager(cleanup, join(directory, '2')),
  ]);
  const both = [first, second];
  // What is due is decided by a clock that the test moves; real requests take real time.
  const clock = manualClock(Date.now());
  let underWay = 0;
  const engine = laneEngine(
    { alertmanagers: ['am'] },
    {
      clock,
      async post(request, options) {
        underWay += 1;
        try {
          return await post(request, { ...options, clock: systemClock });
        } finally {
          underWay -= 1;
        }
      },
    },
  );
  /** Lets time pass once nothing is under way: what comes next is due only then. */
  const advance = async (ms: number): Promise<void> => {
    await eventually('nothing is under way', () => (underWay === 0 ? true : undefined), 10_000, 5);
    await sleep(5);
    clock.advance(ms);
  };
  const port = { ...engine.port, engine: { ...engine.port.engine, nowMs: () => clock.wallMs() } };
  const lane = new AlertmanagerLane(alertmanager(both.map(({ url }) => url)), port);
  cleanup.add('lane', () => lane.close());
  const nowMs = clock.wallMs();
  const began = { sinceMs: nowMs, firedAtMs: nowMs, changedAtMs: nowMs };
  const alert = alertRecord(began);
  engine.alert(alert);
  lane.wake();

  const shows = (am: Alertmanager, is: (alerts: readonly HeldAlert[]) => boolean, what: string) =>
    eventually(what, async () => {
      const alerts = await am.alerts();
      return is(alerts) ? alerts : undefined;
    });

  for (const am of both) {
    const [held] = await shows(am, ({ length }) => length === 1, 'the alert arrives');
    t.match(held, {
      labels: {
        alertname: 'KeyturnKidReused',
        severity: 'critical',
        issuer: 'https://login.example.com',
        kid: '2026-a',
      },
      annotations: { summary: alert.summary, runbook_url: /\/runbooks\/KidReused$/ },
      startsAt: new Date(nowMs).toISOString(),
      endsAt: new Date(nowMs + 4 * RESEND_MS).toISOString(),
      status: { state: 'active' },
    });
  }

  engine.alert({ ...alert, summary: 'kid "2026-a" stands for 3 keys' });
  for (let resends = 1; resends <= 3; resends += 1) {
    await advance(RESEND_MS);
    const endsAt = new Date(nowMs + (resends + 4) * RESEND_MS).toISOString();
    for (const am of both) {
      const held = await shows(am, (each) => each[0]?.endsAt === endsAt, `resend ${resends}`);
      t.equal(held.length, 1, 'still one alert');
      t.match(held[0]?.annotations, { summary: /3 keys/ }, 'values change no identity');
    }
  }

  await first.kill();
  await advance(RESEND_MS);
  await eventually('the other one does not wait', () => {
    const { error } = engine.state.deliveries.get('am') ?? {};
    return error == null ? undefined : t.match(error, /^1 of 2 instances/);
  });
  await first.start();
  t.same(await first.alerts(), [], 'it has forgotten everything');
  await advance(RESEND_MS);
  await shows(first, ({ length }) => length === 1, 'it is told again');
  await eventually('both take what they are sent', () =>
    engine.state.deliveries.get('am')?.error === null ? true : undefined,
  );

  const resolvedAtMs = Date.now();
  engine.alert({ ...alert, status: 'resolved', resolvedAtMs, changedAtMs: resolvedAtMs });
  await advance(RESEND_MS);
  for (const am of both) await shows(am, ({ length }) => length === 0, 'it is over');

  // Being told once more that it is over does not make it fire.
  await advance(RESEND_MS);
  lane.wake();
  for (const am of both) t.same(await am.alerts(), []);
});
