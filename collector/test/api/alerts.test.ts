import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { id, ISSUER, NEW_KEY, OLD_KEY, type Rig, startRig } from './rig.ts';

const BY = { by: 'ana', reason: 'on it' };

async function rigOf(t: Test): Promise<Rig> {
  const rig = await startRig();
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  return rig;
}

/** The issuer publishes another key under a kid it has used: an alarm. Gives the alert's id. */
async function reuseKid(rig: Rig): Promise<string> {
  await rig.sight({ ...OLD_KEY, thumbprint: 'r'.repeat(43) });
  for (let tries = 0; tries < 200; tries += 1) {
    const { json } = await rig.call('GET', '/v1/alerts?name=KidReused');
    if (json.alerts.length > 0) return json.alerts[0].id;
    await pause(10);
  }
  throw new Error('no alert came');
}

t.test('alerts are listed, the worst first, filtered and in pages', async (t) => {
  const rig = await rigOf(t);
  t.match(await rig.call('GET', '/v1/alerts?name=KidReused', { token: null }), {
    status: 200,
    json: { alerts: [], next: null },
  });
  const alertId = await reuseKid(rig);
  const { json } = await rig.call('GET', '/v1/alerts?firing=true&name=KidReused');
  t.match(json.alerts, [
    {
      id: alertId,
      name: 'KidReused',
      severity: 'critical',
      status: 'firing',
      firing: true,
      labels: { issuer: ISSUER, kid: 'old' },
      summary: /^kid old of .* stands for 2 keys$/,
      acknowledged: null,
      silenced_by: null,
      shuts_gates: true,
      runbook_url: '/runbooks/KidReused',
    },
  ]);
  t.ok(json.alarms >= 1);
  const found = async (query: string): Promise<boolean> => {
    const { json } = await rig.call('GET', `/v1/alerts?${query}`);
    return json.alerts.some((alert: { id: string }) => alert.id === alertId);
  };
  t.ok(await found(`issuer=${encodeURIComponent(ISSUER)}`));
  t.ok(await found('status=firing'));
  for (const query of [
    'status=resolved',
    'firing=false',
    'rotation=r-1',
    'service=orders',
    'issuer=x',
  ]) {
    t.notOk(await found(query), query);
  }
  const seen: string[] = [];
  let after = '';
  do {
    const { json } = await rig.call('GET', `/v1/alerts?limit=1&after=${encodeURIComponent(after)}`);
    seen.push(...json.alerts.map((alert: { id: string }) => alert.id));
    after = json.next ?? '';
  } while (after !== '');
  t.equal(new Set(seen).size, seen.length, 'no alert on two pages');
  t.ok(seen.includes(alertId));
  for (const query of [
    'status=burning',
    'name=Boom',
    'limit=0',
    'limit=501',
    'colour=red',
    'firing=perhaps',
  ]) {
    t.match(await rig.call('GET', `/v1/alerts?${query}`), { status: 400 }, query);
  }
});

t.test('one alert, taking it on, and what is refused', async (t) => {
  const rig = await rigOf(t);
  const alertId = await reuseKid(rig);
  const path = `/v1/alerts/${alertId}`;
  t.match((await rig.call('GET', path)).json, { alert: { id: alertId } });
  t.match(await rig.call('GET', '/v1/alerts/al-none'), {
    status: 404,
    json: { field: 'alert_id' },
  });
  const ack = `${path}/acknowledge`;
  t.equal((await rig.call('POST', ack, { body: BY, token: null })).status, 401);
  t.match(await rig.call('POST', ack, { body: { by: 'ana' } }), {
    status: 400,
    json: { field: 'reason' },
  });
  t.match(await rig.call('POST', ack, { body: { ...BY, by: ' ' } }), {
    status: 400,
    json: { field: 'by' },
  });
  t.match(await rig.call('POST', ack, { body: BY }), {
    status: 200,
    json: { alert: { firing: true, acknowledged: { by: 'ana', reason: 'on it' } } },
  });
  t.match(await rig.call('POST', '/v1/alerts/al-none/acknowledge', { body: BY }), { status: 404 });
});

t.test('silences: made, listed, ended, refused', async (t) => {
  const rig = await rigOf(t);
  const alertId = await reuseKid(rig);
  const body = { ...BY, labels: { kid: 'old' }, valid_for_s: 60 };
  const refused: readonly (readonly [object, number, string])[] = [
    [{ valid_for_s: 0 }, 400, 'valid_for_s'],
    [{ valid_for_s: -5 }, 400, 'valid_for_s'],
    [{ valid_for_s: 1.5 }, 400, 'valid_for_s'],
    [{ valid_for_s: 2_592_001 }, 400, 'valid_for_s'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, 400, 'body'],
    [{ by: '' }, 400, 'by'],
    [{ name: 'Boom' }, 400, 'name'],
    [{ labels: { colour: 'red' } }, 400, 'labels'],
    [{ labels: {} }, 400, 'everything'],
  ];
  for (const [part, status, field] of refused) {
    const answer = await rig.call('POST', '/v1/silences', { body: { ...body, ...part } });
    t.match(answer, { status, json: { field } }, JSON.stringify(part));
  }
  t.equal((await rig.call('POST', '/v1/silences', { body, token: null })).status, 401);
  const made = await rig.call('POST', '/v1/silences', { body });
  t.match(made, {
    status: 201,
    json: { silence: { name: null, labels: { kid: 'old' }, by: 'ana' } },
  });
  const { id: silenceId, at, expires_at: expiresAt } = made.json.silence;
  t.equal(Date.parse(expiresAt) - Date.parse(at), 60_000);
  t.match((await rig.call('GET', '/v1/silences')).json, { silences: [{ id: silenceId }] });
  t.match((await rig.call('GET', `/v1/alerts/${alertId}`)).json.alert, {
    firing: true,
    silenced_by: silenceId,
  });
  const end = `/v1/silences/${silenceId}?by=bo&reason=done`;
  t.equal((await rig.call('DELETE', end, { token: null })).status, 401);
  t.match(await rig.call('DELETE', `/v1/silences/${silenceId}?by=bo`), { status: 400 });
  t.equal((await rig.call('DELETE', end)).status, 200);
  t.equal((await rig.call('DELETE', end)).status, 404);
  t.equal((await rig.call('GET', `/v1/alerts/${alertId}`)).json.alert.silenced_by, null);
  await rig.call('POST', '/v1/silences', { body });
  rig.pass(60_000);
  t.same((await rig.call('GET', '/v1/silences')).json.silences, [], 'over, swept or not');
});

t.test('the gate says so, and its check by status', async (t) => {
  const rig = await rigOf(t);
  const rotation = await rig.start();
  const gate = `/v1/rotations/${rotation}/gates/activate`;
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  t.equal((await rig.call('GET', `${gate}/check`)).status, 200);
  const alertId = await reuseKid(rig);
  await rig.call('POST', `/v1/alerts/${alertId}/acknowledge`, { body: BY });
  const verdict = (await rig.call('GET', gate)).json;
  const check = verdict.checks.find((check: { id: string }) => check.id === 'no_alert');
  t.match(check, { status: 'fail', help: /^keyturn alerts show al-/ });
  t.equal((await rig.call('GET', `${gate}/check`)).status, 503);
});

t.test('the event stream tells of alerts', async (t) => {
  const rig = await rigOf(t);
  let text = '';
  const socket = connect(rig.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.on('data', (part) => (text += part.toString()));
  socket.write(`GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\n\r\n`);
  const told = (): { readonly name: string; readonly acknowledged: unknown }[] =>
    [...text.matchAll(/^event: alert\nid: .*\ndata: (\{.*\})$/gm)]
      .map((match) => JSON.parse(match[1] ?? '') as { name: string; acknowledged: unknown })
      .filter(({ name }) => name === 'KidReused');
  const until = async (what: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 200 && !what(); tries += 1) await pause(10);
  };
  await until(() => text.includes('retry:'));
  const alertId = await reuseKid(rig);
  await until(() => told().length > 0);
  t.match(told(), [{ acknowledged: null }]);
  await rig.call('POST', `/v1/alerts/${alertId}/acknowledge`, { body: BY });
  await until(() => told().length > 1);
  t.match(told(), [{ acknowledged: null }, { acknowledged: { by: 'ana' } }]);
  await pause(150);
  t.equal(told().length, 2, 'what does not change is not told again');
});

t.test('status and pages show what fires', async (t) => {
  const rig = await rigOf(t);
  const before = await rig.call('GET', '/status');
  const alertId = await reuseKid(rig);
  const status = (await rig.call('GET', '/v1/status')).json;
  t.ok(status.alerts.some((alert: { id: string }) => alert.id === alertId));
  t.equal(status.more_alerts, 0);
  const page = await rig.call('GET', '/status');
  t.notMatch(before.text, /KidReused/);
  t.match(page.text, /alerts? firing<[\s\S]*KidReused[\s\S]*href="\/runbooks\/KidReused"/);
  t.ok(page.text.indexOf('KidReused') < page.text.indexOf('<h2>Issuer'), 'on top');
  const shown = await rig.call('GET', `/status/alerts/${alertId}`);
  t.match(shown, { status: 200, headers: { 'content-type': /text\/html/ } });
  t.match(shown.text, /FIRING[\s\S]*stands for 2 keys[\s\S]*gates that lead on are shut/);
  t.match(await rig.call('GET', '/status/alerts/al-none'), { status: 404 });
  t.match(await rig.call('GET', '/runbooks/Boom'), { status: 400 });
  t.match(await rig.call('GET', '/runbooks/..%2f..%2fREADME'), { status: 400 });
});
