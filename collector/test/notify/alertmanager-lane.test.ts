import t from 'tap';
import { START_MS } from '../support/policies.ts';
import { AlertmanagerLane } from '../../src/notify/alertmanager-lane.ts';
import type { PostedAlert } from '../../src/notify/alertmanager.ts';
import { failure, type LaneEngine, laneEngine } from './lane-engine.ts';
import { alertmanager, alertRecord } from './notices.ts';

const URL_1 = 'http://am-1.example:9093';
const AM = alertmanager([URL_1]);

const FIRING = alertRecord({ sinceMs: START_MS, firedAtMs: START_MS, changedAtMs: START_MS });

function postsOf(engine: LaneEngine): readonly (readonly PostedAlert[])[] {
  return engine.sent.map(({ request }) => JSON.parse(request.body) as PostedAlert[]);
}

const at = (ms: number) => new Date(START_MS + ms).toISOString();

t.test('an alert: identity in labels, values in annotations', async (t) => {
  const engine = laneEngine({ alertmanagers: ['am'] });
  const lane = new AlertmanagerLane(AM, engine.port);
  engine.alert(FIRING);
  t.same(lane.alerts(), [
    {
      labels: {
        alertname: 'KeyturnKidReused',
        severity: 'critical',
        issuer: 'https://login.example.com',
        kid: '2026-a',
      },
      annotations: {
        summary: 'kid "2026-a" stands for 2 keys',
        description: 'one at https://a.example; one at https://b.example',
        runbook_url: 'https://keyturn.example.com/runbooks/KidReused',
      },
      startsAt: at(0),
      endsAt: at(120_000),
      generatorURL: 'https://keyturn.example.com/alerts/al-0badcafe-m1',
    },
  ]);
  const [, before] = [engine.alert({ ...FIRING, summary: 'now 3 keys' }), lane.alerts()];
  t.same(before[0]?.labels, lane.alerts()[0]?.labels, 'values change no identity');
});

t.test('told at once, and again every 30 seconds', async (t) => {
  const engine = laneEngine({ alertmanagers: ['am'] });
  const lane = new AlertmanagerLane(AM, engine.port);
  lane.wake();
  await engine.pass(1_000);
  t.same(postsOf(engine), [[]], 'with nothing to tell it is asked whether it is there');
  engine.alert(FIRING);
  lane.wake();
  await engine.pass(0);
  t.match(engine.sent[1], { atMs: 1_000, request: { url: { href: `${URL_1}/api/v2/alerts` } } });
  await engine.pass(60_100);
  t.same(
    engine.sent.slice(2).map(({ atMs }) => atMs),
    [31_000, 61_000],
  );
  t.match(postsOf(engine)[3], [{ startsAt: at(0), endsAt: at(61_000 + 120_000) }]);
  await lane.close();
  await engine.pass(60_000);
  t.equal(engine.sent.length, 4, 'nothing after the end');
});

t.test('over: told for five minutes with the moment it ended', async (t) => {
  const engine = laneEngine({ alertmanagers: ['am'] });
  const lane = new AlertmanagerLane(AM, engine.port);
  engine.alert({ ...FIRING, status: 'resolved', resolvedAtMs: START_MS + 5_000 });
  await engine.pass(300_000);
  t.match(lane.alerts(), [{ endsAt: at(5_000) }]);
  await engine.pass(5_100);
  t.same(lane.alerts(), []);
});

t.test('after the machine slept or its clock was set: told by the wall clock', async (t) => {
  const [began, over] = [START_MS - 60_000, START_MS - 30_000];
  // Collector's time does not follow: it falls behind the wall clock, or is ahead of it.
  for (const behindMs of [600_000, -600_000]) {
    const engine = laneEngine({ alertmanagers: ['am'] });
    const { clock } = engine.port;
    const port = {
      ...engine.port,
      engine: { ...engine.port.engine, nowMs: () => clock.wallMs() - behindMs },
    };
    const lane = new AlertmanagerLane(AM, port);
    const byCollector = {
      sinceMs: began - behindMs,
      firedAtMs: began - behindMs,
      changedAtMs: began - behindMs,
    };
    engine.alert({ ...FIRING, ...byCollector });
    const [firing] = lane.alerts();
    t.equal(firing?.endsAt, at(120_000), `${behindMs} ms behind: it goes on`);
    t.ok((firing?.startsAt ?? '') <= at(0), 'and has begun');
    engine.alert({
      ...FIRING,
      ...byCollector,
      status: 'resolved',
      resolvedAtMs: over - behindMs,
    });
    const [ended] = lane.alerts();
    t.ok((ended?.endsAt ?? '') <= at(0), 'it is over');
    t.ok((ended?.startsAt ?? '') <= (ended?.endsAt ?? ''), 'not before it began');
  }
});

t.test('what is told and what is not', async (t) => {
  const engine = laneEngine({ alertmanagers: ['am'] });
  const lane = new AlertmanagerLane(alertmanager([URL_1], { minSeverity: 'warning' }), engine.port);
  const told = () =>
    lane
      .alerts()
      .map(({ labels }) => labels['alertname'] ?? '')
      .toSorted();
  engine.alert({ ...FIRING, status: 'pending', firedAtMs: null });
  t.same(told(), [], 'pending');
  engine.alert({ ...FIRING, status: 'no_data' });
  t.same(told(), ['KeyturnKidReused'], 'it fires, unseen');
  engine.alert(alertRecord({ id: 'al-b', name: 'ForeignKidFlood', severity: 'info', labels: {} }));
  engine.alert(alertRecord({ id: 'al-w', name: 'Watchdog', severity: 'info', labels: {} }));
  t.same(told(), ['KeyturnKidReused', 'KeyturnWatchdog'], 'of the mild ones the watchdog alone');
  engine.state.silences.set('s', {
    id: 's',
    name: null,
    labels: {},
    by: 'ana',
    reason: 'x',
    atMs: START_MS,
    expiresAtMs: START_MS + 10_000,
  });
  t.same(told(), ['KeyturnWatchdog'], 'silenced');
  await engine.pass(10_000);
  t.same(told(), ['KeyturnKidReused', 'KeyturnWatchdog'], 'no longer');
});

t.test('another severity is another alert there: the one before is over', async (t) => {
  const engine = laneEngine({ alertmanagers: ['am'] });
  const lane = new AlertmanagerLane(AM, engine.port);
  const ends = () =>
    Object.fromEntries(lane.alerts().map(({ labels, endsAt }) => [labels['severity'], endsAt]));
  engine.alert({ ...FIRING, severity: 'warning' });
  ends();
  await engine.pass(1_000);
  engine.alert({ ...FIRING, severity: 'critical' });
  t.same(ends(), { critical: at(121_000), warning: at(1_000) });
  await engine.pass(1_000);
  t.same(ends(), { critical: at(122_000), warning: at(1_000) }, 'and stays over');
  engine.alert({ ...FIRING, severity: 'warning' });
  t.same(ends(), { critical: at(2_000), warning: at(122_000) }, 'back again');
  await engine.pass(301_000);
  t.same(Object.keys(ends()), ['warning'], 'and forgotten');
});

t.test('every instance is told, and none waits for another', async (t) => {
  const engine = laneEngine({ alertmanagers: ['am'] });
  const urls = ['http://am-1.example', 'http://am-2.example/base/'];
  let release: (() => void) | undefined;
  const lane = new AlertmanagerLane(alertmanager(urls), {
    ...engine.port,
    post: async (request, options) => {
      const result = await engine.port.post(request, options);
      if (request.url.host === 'am-2.example') return result;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return failure({ status: null, message: 'no answer within 10s' });
    },
  });
  lane.wake();
  await engine.pass(90_000);
  const to = (host: string) => engine.sent.filter(({ request }) => request.url.host === host);
  t.equal(to('am-1.example').length, 1, 'it hangs');
  t.equal(to('am-2.example').length, 4);
  t.equal(to('am-2.example')[0]?.request.url.pathname, '/base/api/v2/alerts');
  t.match(engine.state.deliveries.get('am'), { error: null });
  release?.();
  await engine.pass(0);
  t.match(engine.state.deliveries.get('am'), {
    error: '1 of 2 instances, such as am-1.example: no answer within 10s',
  });
  release?.();
  await lane.close();
});

t.test('one that is down is asked again soon, and told all of it', async (t) => {
  const engine = laneEngine({ alertmanagers: ['am'] });
  const lane = new AlertmanagerLane(AM, engine.port);
  engine.alert(FIRING);
  engine.answers.push(failure(), failure(), failure());
  lane.wake();
  await engine.pass(10_000);
  t.same(
    engine.sent.map(({ atMs }) => atMs),
    [0, 500, 1_500, 3_500],
  );
  t.same(engine.events, ['failing am status 503', 'recovered am']);
  t.equal(postsOf(engine)[3]?.length, 1);
  await lane.close();
});

t.test('many alerts go in several requests; many changes in few', async (t) => {
  const engine = laneEngine({ alertmanagers: ['am'] });
  const lane = new AlertmanagerLane(AM, engine.port);
  for (let n = 0; n < 130; n += 1)
    engine.alert(alertRecord({ id: `al-${n}`, labels: { kid: `${n}` } }));
  lane.wake();
  await engine.pass(0);
  t.same(
    postsOf(engine).map((alerts) => alerts.length),
    [64, 64, 2],
  );
  for (let n = 0; n < 50; n += 1) {
    lane.wake();
    await engine.pass(20);
  }
  t.ok(engine.sent.length <= 3 * 4, String(engine.sent.length));
  await lane.close();
});
