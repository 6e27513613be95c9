import { jsonPath } from './json-path.ts';
import t, { type Test } from 'tap';
import { counted, id, NEW_KEY, OLD_KEY, type Rig, startRig } from './rig.ts';

// Each stub decides by the rules its tool documents and implements, and by nothing else.

/**
 * Argo Rollouts, web metric: any answer that is not 2xx is an Error; else the success condition, the
 * failure condition, or Inconclusive when neither holds. It gives up after ten seconds.
 */
async function argoMeasures(
  rig: Rig,
  path: string,
  rules: {
    jsonPath: string;
    success: (result: unknown) => boolean;
    failure: (result: unknown) => boolean;
  },
): Promise<'Successful' | 'Failed' | 'Inconclusive' | 'Error'> {
  const startedAt = performance.now();
  const answer = await rig.call('GET', path, { token: null });
  if (performance.now() - startedAt > 10_000) return 'Error';
  if (answer.status < 200 || answer.status >= 300) return 'Error';
  const result = jsonPath(answer.json, rules.jsonPath);
  if (rules.failure(result)) return 'Failed';
  return rules.success(result) ? 'Successful' : 'Inconclusive';
}

/**
 * Flagger, webhooks: POSTs JSON; a status above 202 is a failure that halts the canary, its body in
 * the event. For a `rollback` hook the meaning is turned round: success rolls back.
 */
async function flaggerAsks(rig: Rig, path: string): Promise<{ passes: boolean; message: string }> {
  const answer = await rig.call('POST', path, {
    token: null,
    headers: { 'content-type': 'application/json', 'user-agent': 'Go-http-client/1.1' },
    body: {
      name: 'issuer',
      namespace: 'prod',
      phase: 'Progressing',
      checksum: '85d557f47b',
      metadata: { anything: 'at all' },
    },
  });
  return { passes: answer.status <= 202, message: answer.text };
}

/**
 * Spinnaker, webhook stage: 429 and 5xx are tried again; other errors end the stage. A monitored
 * answer is read for its status and progress, sorted by lists of words.
 */
async function spinnakerStage(
  rig: Rig,
  method: 'GET' | 'POST',
  path: string,
): Promise<'SUCCEEDED' | 'RUNNING' | 'TERMINAL'> {
  const answer = await rig.call(method, path, {
    token: null,
    ...(method === 'POST' ? { body: {} } : {}),
  });
  if (answer.status === 429 || answer.status >= 500) return 'RUNNING';
  if (answer.status >= 400) return 'TERMINAL';
  const status = jsonPath(answer.json, '$.status');
  if (status === 'open') return 'SUCCEEDED';
  if (status === 'aborted') return 'TERMINAL';
  return typeof jsonPath(answer.json, '$.progress') === 'string' ? 'RUNNING' : 'TERMINAL';
}

const ARGO = {
  jsonPath: '{$}',
  success: (result: unknown) => (result as { ready: boolean }).ready,
  failure: (result: unknown) => (result as { status: string }).status === 'aborted',
};

async function staged(t: Test): Promise<{ rig: Rig; rotation: string; gate: string }> {
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  return { rig, rotation, gate: `/v1/rotations/${rotation}/gates/activate` };
}

async function open(rig: Rig): Promise<void> {
  rig.settleIn();
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
}

async function abort(rig: Rig, rotation: string): Promise<void> {
  await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'abort', by: 'alice' },
  });
}

t.test('Argo Rollouts', async (t) => {
  const { rig, rotation, gate } = await staged(t);
  const plain = {
    jsonPath: '{$.ready}',
    success: (result: unknown) => result === true,
    failure: () => false,
  };
  t.equal(
    await argoMeasures(rig, gate, ARGO),
    'Inconclusive',
    'unknown while the collector starts',
  );
  rig.settleIn();
  await rig.report(id('orders'), [OLD_KEY]);
  t.equal(await argoMeasures(rig, gate, ARGO), 'Inconclusive', 'closed pauses, it does not fail');
  t.equal(await argoMeasures(rig, gate, plain), 'Inconclusive');
  await open(rig);
  t.equal(await argoMeasures(rig, gate, ARGO), 'Successful');
  t.equal(await argoMeasures(rig, gate, plain), 'Successful');
  await abort(rig, rotation);
  t.equal(await argoMeasures(rig, gate, ARGO), 'Failed');
});

t.test('Flagger', async (t) => {
  const { rig, rotation, gate } = await staged(t);
  t.match(await flaggerAsks(rig, `${gate}/check`), {
    passes: false,
    message: /started a moment ago/,
  });
  await open(rig);
  t.match(await flaggerAsks(rig, `${gate}/check`), { passes: true });
  await abort(rig, rotation);
  t.match(await flaggerAsks(rig, `${gate}/check`), { passes: false });
});

t.test('Flagger asks whether to roll back', async (t) => {
  const { rig, rotation } = await staged(t);
  const hook = `/v1/rotations/${rotation}/gates/rollback/check`;
  await open(rig);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY], [counted('new', { unknown_kid: 1 })]);
  t.match(await flaggerAsks(rig, hook), { passes: false }, 'nothing was switched');
  const switched = await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'activate', by: 'alice' },
  });
  t.equal(switched.status, 200, switched.text);
  t.match(await flaggerAsks(rig, hook), { passes: false }, 'nothing fails');
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY], [counted('new', { unknown_kid: 9, ok: 1 })]);
  t.match(await flaggerAsks(rig, hook), { passes: true }, 'tokens of the new key fail');

  await rig.sight(NEW_KEY);
  const verdict = await rig.call('GET', `/v1/rotations/${rotation}/gates/rollback`);
  t.match(verdict.json, { advised: true, status: 'closed' }, 'advised, but the old key is gone');
  t.match(await flaggerAsks(rig, hook), { passes: false }, 'going back would break more');
});

t.test('Spinnaker', async (t) => {
  const { rig, rotation, gate } = await staged(t);
  const both = async (): Promise<string[]> => [
    await spinnakerStage(rig, 'GET', gate),
    await spinnakerStage(rig, 'POST', `${gate}/check`),
  ];
  t.same(await both(), ['RUNNING', 'RUNNING']);
  rig.settleIn();
  t.same(await both(), ['RUNNING', 'RUNNING']);
  await open(rig);
  t.same(await both(), ['SUCCEEDED', 'SUCCEEDED']);
  await abort(rig, rotation);
  t.same(await both(), ['TERMINAL', 'TERMINAL']);
  t.equal(await spinnakerStage(rig, 'GET', '/v1/rotations/r-none/gates/activate'), 'TERMINAL');
});
