import t, { type Test } from 'tap';
import { counted, id, NEW_KEY, OLD_KEY, type Rig, service, startRig } from './rig.ts';

async function rigOf(t: Test): Promise<Rig> {
  const rig = await startRig({ services: [service('orders')] });
  t.teardown(() => rig.close());
  return rig;
}

async function view(rig: Rig, name: string): Promise<unknown> {
  const path = `/v1/live/snapshot?view=${encodeURIComponent(name)}`;
  return (await rig.call('GET', path)).json.views[name];
}

t.test('how the collector is: it has heard nobody yet, then it has', async (t) => {
  const rig = await rigOf(t);
  t.match(await view(rig, 'health'), { hold_down_until_at: /Z$/, store_failing_since_at: null });
  rig.settleIn();
  t.match(await view(rig, 'health'), { hold_down_until_at: null, verifiers: 0 });
});

t.test('the moments of both keys, from publication to the earliest retire', async (t) => {
  const rig = await rigOf(t);
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  const timeline = `rotation-timeline:${rotation}`;
  t.match(await view(rig, timeline), {
    rotation_id: rotation,
    published_at: null,
    switched_at: null,
    old_tokens_gone_at: null,
    unbounded_services: [],
  });
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY], [counted('old', { ok: 3 })]);
  await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'activate', by: 'alice', override_reason: 'a test' },
  });
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY], [counted('new', { ok: 1 })]);
  t.match(await view(rig, timeline), {
    published_at: /Z$/,
    switched_at: /Z$/,
    switch_seen_at: /Z$/,
    first_new_use_at: /Z$/,
    last_old_use_at: /Z$/,
    last_old_signature_at: /Z$/,
    old_tokens_gone_at: /Z$/,
    withdrawn_at: null,
    terms: { lifetime_s: Number, retire_safety_s: Number, propagation_of: 'orders' },
  });
  t.equal(await view(rig, 'rotation-timeline:nobody'), null);
});

t.test('rotations newest first, open ones apart from those that ended', async (t) => {
  const rig = await rigOf(t);
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  t.match(await view(rig, 'rotations'), {
    open: [{ rotation: { id: rotation }, next: { gate: 'publish' }, rollback_advised: false }],
    ended: [],
  });
  await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'abort', by: 'alice', override_reason: 'a test' },
  });
  t.match(await view(rig, 'rotations'), {
    open: [],
    ended: [{ id: rotation, outcome: 'aborted' }],
  });
  t.same(await view(rig, `rotation-alerts:${rotation}`), []);
});
