import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { id, NEW_KEY, OLD_KEY, type Rig, startRig } from '../api/rig.ts';
import { runHere, tokenFile } from './run.ts';

const REUSED = { ...OLD_KEY, thumbprint: 'r'.repeat(43) };

async function fired(rig: Rig): Promise<string> {
  await rig.sight(REUSED);
  for (let tries = 0; tries < 200; tries += 1) {
    const { json } = await rig.call('GET', '/v1/alerts?name=KidReused');
    if (json.alerts.length > 0) return json.alerts[0].id;
    await pause(10);
  }
  throw new Error('no alert came');
}

t.test('alerts, from none to one taken on and silenced', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const env = { KEYTURN_COLLECTOR: rig.url, KEYTURN_OPERATOR_TOKEN_FILE: tokenFile() };
  const run = (...args: string[]) => runHere(args, env);
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  t.match(await run('alerts', '--name', 'KidReused'), {
    code: 0,
    out: 'no alert fires\n',
    err: '',
  });

  const alertId = await fired(rig);
  const listed = await run('alerts', '--name', 'KidReused');
  t.match(listed, {
    code: 1,
    out: /^\d alerts? firing\n\ncritical KidReused: kid old of .* stands for 2 keys \(firing since \S+ ago, al-/,
  });
  t.match(JSON.parse((await run('alerts', '-o', 'json', '--name', 'KidReused')).out), {
    alerts: [{ id: alertId }],
    more: false,
  });
  const shown = await run('alerts', 'show', alertId);
  t.match(shown, {
    code: 0,
    out: /critical KidReused FIRING\n {2}One kid stands for two keys\.[\s\S]*issuer +https[\s\S]*kid +old[\s\S]*while it fires +shuts gates that lead on\n {2}runbook +http.*\/runbooks\/KidReused\n\nto take it on: keyturn alerts ack/,
  });
  t.match(JSON.parse((await run('alerts', 'show', alertId, '-o', 'json')).out), {
    alert: { id: alertId },
  });
  t.match(await run('alerts', 'show', 'al-none'), { code: 1, err: /no alert with this id/ });

  t.match(await run('alerts', 'ack', alertId), { code: 2, err: /required option '--reason/ });
  t.match(await run('alerts', 'ack', alertId, '--by', 'ana', '--reason', 'asking the issuer'), {
    code: 0,
    out: /taken on +by ana, \S+ ago: asking the issuer/,
  });
  t.match(await run('alerts'), { code: 1, out: /taken on by ana/ });

  const silenced = await run('alerts', 'silence', alertId, '--for', '2h', '--reason', 'known');
  t.match(silenced, {
    code: 0,
    out: /^silence sil-\S+: KidReused, issuer https.*, kid old until in 2h|^silence sil-\S+: KidReused, .*until in 1h 59m/,
  });
  const [, silenceId = ''] = /silence (\S+):/.exec(silenced.out) ?? [];
  t.match(await run('alerts'), { code: 1, out: /silenced/ }, 'it fires all the same');
  t.match(await run('alerts', 'silences'), {
    code: 0,
    out: new RegExp(`${silenceId}.*by tester: known`),
  });
  t.match(await run('alerts', 'unsilence', silenceId, '--reason', 'heard'), {
    code: 0,
    out: /is over/,
  });
  t.match(await run('alerts', 'unsilence', silenceId, '--reason', 'heard'), { code: 1 });
  t.match(await run('alerts', 'silences'), { out: 'no silence is in force\n' });

  t.match(await run('status'), { code: 0, out: /firing: keyturn alerts\n {2}critical KidReused/ });
  t.match(await run('doctor'), {
    code: 1,
    out: /fail alert KidReused fires since .*\n +-> keyturn alerts show al-/,
  });
});

t.test('silences that cannot be', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const env = { KEYTURN_COLLECTOR: rig.url, KEYTURN_OPERATOR_TOKEN_FILE: tokenFile() };
  const why = ['--reason', 'x'];
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [['--name', 'StaleCache', ...why], /required option '--for/],
    [['--name', 'StaleCache', '--for', '1h'], /required option '--reason/],
    [['--name', 'Boom', '--for', '1h', ...why], /Allowed choices are/],
    [['--name', 'StaleCache', '--for', '31d', ...why], /valid_for_s|2592000/],
    [['--name', 'StaleCache', '--for', '0s', ...why], /at least 1s/],
    [['--name', 'StaleCache', '--for=-1h', ...why], /duration with a unit/],
    [['--label', 'service', '--for', '1h', ...why], /Expected a label and its value/],
    [['--label', 'colour=red', '--for', '1h', ...why], /Expected a label of issuer/],
    [['--for', '1h', ...why], /would silence every alert/],
    [['--name', 'StaleCache', '--by', ' ', '--for', '1h', ...why], /by/],
    [['al-1', '--name', 'StaleCache', '--for', '1h', ...why], /not both/],
  ];
  for (const [args, message] of rows) {
    const ran = await runHere(['alerts', 'silence', ...args], env);
    t.match(ran, { code: 2, out: '', err: message }, args.join(' '));
  }
  const all = await runHere(['alerts', 'silence', '--everything', '--for', '1h', ...why], env);
  t.match(all, { code: 0, out: /every alert until/ });
  t.match(await runHere(['alerts'], { KEYTURN_COLLECTOR: 'http://127.0.0.1:2' }), { code: 4 });
});

t.test('by policy an alert tells who waits for a gate to stop', async (t) => {
  const rig = await startRig({ alerts: { onAlert: 'abort' } });
  t.teardown(() => rig.close());
  const env = { KEYTURN_COLLECTOR: rig.url };
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  const waiting = runHere(['gate', 'activate', '--wait', '--timeout', '20s'], env);
  await fired(rig);
  t.match(await waiting, { code: 1, err: /an alert stops the rotation/ });
  t.match(await runHere(['gate', 'activate'], env), {
    code: 1,
    out: /ABORTED[\s\S]*alert \w+ fires since[\s\S]*try: keyturn alerts show al-[\s\S]*An alert stops this rotation/,
  });
  const check = await rig.call('POST', `/v1/rotations/${rotation}/gates/activate/check`);
  t.match(check, { status: 409, json: { status: 'aborted', summary: /is aborted: alert / } });
});
