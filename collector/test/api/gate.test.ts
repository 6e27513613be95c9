import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { id, NEW_KEY, OLD_KEY, startRig, type Rig } from './rig.ts';

/** Gate activate of a fresh rotation, the new key published, one verifier that lacks it. */
async function staged(t: Test): Promise<{ rig: Rig; rotation: string; gate: string }> {
  const rig = await startRig();
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  return { rig, rotation, gate: `/v1/rotations/${rotation}/gates/activate` };
}

t.test('the verdict is 200 whatever it says, with reasons', async (t) => {
  const { rig, rotation, gate } = await staged(t);
  const closed = await rig.call('GET', gate, { token: null });
  t.equal(closed.status, 200);
  t.match(closed.json, {
    rotation_id: rotation,
    gate: 'activate',
    ready: false,
    status: 'closed',
    progress: '0/1',
    counts: { expected: 1, satisfied: 0 },
    weakest_grade: null,
    open_since_at: null,
    advised: false,
  });
  t.match(closed.json.summary, /^activate is closed: 1 verifier without evidence of key new/);
  t.match(closed.json.evaluated_at, /^\d{4}-\d\d-\d\dT.*Z$/);
  t.ok(Date.parse(closed.json.valid_until) > Date.parse(closed.json.evaluated_at));
  const check = closed.json.checks.find((entry: { id: string }) => entry.id === 'new_key_known');
  t.match(check, {
    status: 'fail',
    class: 'evidence',
    offender_count: 1,
    offenders: [{ service: 'orders', instance: 'orders-1', cache: 'main', state: 'absent' }],
    help: `keyturn verifiers --rotation ${rotation} --state lagging`,
  });

  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  const open = await rig.call('GET', gate);
  t.match(open.json, { ready: true, status: 'open', progress: '1/1', weakest_grade: 'present' });
  t.match(open.json.open_since_at, /Z$/);
  t.ok(open.json.revision > closed.json.revision);
});

t.test('a gate that answers by status', async (t) => {
  const { rig, rotation, gate } = await staged(t);
  for (const method of ['GET', 'POST']) {
    const closed = await rig.call(method, `${gate}/check`, { token: null });
    t.equal(closed.status, 503, method);
    t.equal(closed.headers['retry-after'], '10', 'a heartbeat, when nothing better is known');
    t.equal(closed.json.status, 'closed');
  }
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  for (const method of ['GET', 'POST']) {
    t.equal((await rig.call(method, `${gate}/check`)).status, 200, method);
  }
  await rig.goodbye(id('orders'));
  t.match(await rig.call('GET', `${gate}/check`), { status: 503, json: { status: 'unknown' } });
  await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'abort', by: 'alice' },
  });
  t.match(await rig.call('POST', `${gate}/check`), {
    status: 409,
    json: { status: 'aborted', counts: null, progress: '' },
  });
});

t.test('a closed gate whose end is known says when to ask again', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  const held = await rig.call('GET', `/v1/rotations/${rotation}/gates/activate/check`);
  t.match(held, { status: 503, json: { status: 'unknown' } }, 'hold-down');
  const seconds = Number(held.headers['retry-after']);
  t.ok(seconds >= 25 && seconds <= 33, `until the hold-down ends: ${seconds}`);
  t.match(held.json.clears_at, /Z$/);
});

t.test(
  'rollback/check: 200 only when going back is advised and not known to be unsafe',
  async (t) => {
    const { rig, rotation } = await staged(t);
    const answer = await rig.call('POST', `/v1/rotations/${rotation}/gates/rollback/check`, {
      body: { name: 'web', namespace: 'prod', phase: 'Progressing', metadata: {} },
    });
    t.match(answer, { status: 503, json: { gate: 'rollback', advised: false } });
  },
);

t.test('what does not exist or is malformed', async (t) => {
  const { rig, rotation, gate } = await staged(t);
  t.match(await rig.call('GET', '/v1/rotations/r-none/gates/activate'), {
    status: 404,
    headers: { 'content-type': /^application\/problem\+json/ },
    json: { type: 'urn:keyturn:problem:not-found', status: 404, field: 'rotation_id' },
  });
  t.equal((await rig.call('POST', '/v1/rotations/r-none/gates/activate/check')).status, 404);
  t.match(await rig.call('GET', `/v1/rotations/${rotation}/gates/open-sesame`), {
    status: 400,
    json: { field: 'gate', detail: /activate.*open-sesame/s },
  });
  for (const [query, field] of [
    ['index=-1', 'index'],
    ['index=abc', 'index'],
    ['index=1.5', 'index'],
    ['index=1&wait=60', 'wait'],
    ['index=1&wait=soon', 'wait'],
    ['index=1&wait=1h%00', 'wait'],
    ['indx=1', 'querystring'],
  ] as const) {
    t.match(await rig.call('GET', `${gate}?${query}`), { status: 400, json: { field } }, query);
  }
  t.match(await rig.call('POST', `${gate}/check`, { rawBody: '{"a":' }), { status: 400 });
  t.match(
    await rig.call('POST', `${gate}/check`, {
      rawBody: 'hello',
      headers: { 'content-type': 'text/plain' },
    }),
    { status: 415 },
  );
});

t.test('long poll', async (t) => {
  const { rig, gate } = await staged(t);
  const first = (await rig.call('GET', gate)).json.revision as number;

  const early = await rig.call('GET', `${gate}?index=${first - 1}&wait=60s`);
  t.equal(early.json.revision, first, 'another index is answered at once');
  const ahead = await rig.call('GET', `${gate}?index=${first + 1_000}&wait=60s`);
  t.equal(ahead.json.revision, first, 'an index from before a restore is answered at once');
  const unasked = await rig.call('GET', `${gate}?wait=60s`);
  t.equal(unasked.json.revision, first, 'without index there is nothing to wait for');

  const quiet = await rig.call('GET', `${gate}?index=${first}&wait=80ms`);
  t.equal(quiet.json.revision, first, 'answers with nothing new when time is up');

  const waiting = rig.call('GET', `${gate}?index=${first}&wait=60s`);
  await pause(30);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  const changed = await waiting;
  t.match(changed.json, { status: 'open' });
  t.ok(changed.json.revision > first);
});

t.test('long polls are bounded, and one whose client leaves makes room', async (t) => {
  const rig = await startRig({ api: { waitersMax: 1 } });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  const gate = `/v1/rotations/${rotation}/gates/activate`;
  const { revision } = (await rig.call('GET', gate)).json;
  const path = `${gate}?index=${revision}&wait=10m`;

  const socket = connect(rig.port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\n\r\n`);
  await pause(50);
  const refused = await rig.call('GET', path);
  t.match(refused, {
    status: 503,
    headers: { 'retry-after': '5' },
    json: { type: 'urn:keyturn:problem:busy' },
  });
  socket.destroy();
  await pause(50);
  const short = await rig.call('GET', `${gate}?index=${revision}&wait=20ms`);
  t.equal(short.status, 200, 'room again');
});

t.test('closing ends long polls instead of waiting for them', async (t) => {
  const rig = await startRig();
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  const gate = `/v1/rotations/${rotation}/gates/activate`;
  const { revision } = (await rig.call('GET', gate)).json;
  const waiting = rig.call('GET', `${gate}?index=${revision}&wait=10m`).catch(() => 'cut off');
  await pause(30);
  const startedAt = performance.now();
  await rig.close();
  await waiting;
  t.ok(performance.now() - startedAt < 2_000);
});
