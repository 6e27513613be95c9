import t from 'tap';
import { id, NEW_KEY, OLD_KEY, startRig } from '../api/rig.ts';
import { runCli } from './run.ts';

t.test('exit statuses of a gate', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const env = { KEYTURN_COLLECTOR: rig.url };
  await rig.sight(OLD_KEY);

  t.match(await runCli(['gate', 'activate'], env), {
    code: 2,
    out: '',
    err: /no rotation is open/,
  });
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  t.match(await runCli(['gate', 'activate'], env), {
    code: 4,
    out: /is UNKNOWN[\s\S]*started a moment ago/,
    err: '',
  });
  rig.settleIn();
  await rig.report(id('orders'), [OLD_KEY]);
  const closed = await runCli(['gate', 'activate', '--rotation', rotation], env);
  t.match(closed, { code: 3, err: '' });
  t.match(closed.out, /is CLOSED \(0\/1 verifiers/);
  t.match(closed.out, /orders\/orders-1\/main +absent +since \d+\w* ago/);
  t.match(closed.out, `try: keyturn verifiers --rotation ${rotation} --state lagging`);
  t.notMatch(closed.out, '\u001b', 'no colours without a terminal');
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  t.match(await runCli(['gate', 'activate'], env), { code: 0, out: /is OPEN/ });
  const json = await runCli(['gate', 'activate', '-o', 'json'], env);
  t.match(JSON.parse(json.out), {
    ready: true,
    status: 'open',
    gate: 'activate',
    rotation_id: rotation,
  });
  await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'abort', by: 'alice' },
  });
  t.match(await runCli(['gate', 'activate', '--rotation', rotation], env), {
    code: 1,
    out: /is ABORTED/,
  });
  t.match(await runCli(['gate', 'activate', '--rotation', 'r-none'], env), {
    code: 1,
    err: /no rotation/,
  });
});

t.test('as a process: usage, help, version', async (t) => {
  const [usage, help, version] = await Promise.all([
    runCli(['gate', 'moon']),
    runCli(['--help']),
    runCli(['--version']),
  ]);
  t.match(usage, { code: 2, out: '', err: /Allowed choices/ });
  t.match(help, { code: 0, out: /Exit status:/, err: '' });
  t.match(version, { code: 0, out: /^\d+\.\d+\.\d+\n$/ });
});
