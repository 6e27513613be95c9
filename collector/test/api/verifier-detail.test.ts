import t from 'tap';
import { VerifierDetailSchema } from '../../src/api/schemas/verifier-detail.ts';
import { counted, id, ISSUER, NEW_KEY, OLD_KEY, type Rig, service, startRig } from './rig.ts';

const { profile } = service('any');
const STUCK = {
  ...profile,
  id: 'stuck',
  removedKeyAcceptedS: null,
  cachesVerifiedTokens: true,
  severalCaches: true,
  dropNow: 'Restart every worker.',
};

async function detail(rig: Rig, name: string) {
  const { status, json } = await rig.call('GET', `/v1/verifiers/${name}/${name}-1/main`);
  if (status !== 200) throw new Error(JSON.stringify(json));
  return VerifierDetailSchema.parse(json);
}

t.test('one verifier: what it shows, and what it would do at retirement', async (t) => {
  const rig = await startRig({
    services: [
      service('orders'),
      service('sticky', { profile: STUCK }),
      service('word', { evidence: 'attested' }),
    ],
  });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  t.match((await detail(rig, 'orders')).retirement, [
    { rotation_id: null, kid: null, would: 'accept_for_a_time', drop_bound_s: 600 },
  ]);

  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY], [counted('old', { ok: 7, expired: 1 })]);
  await rig.report(id('sticky'), [OLD_KEY, NEW_KEY]);
  await rig.report(id('word'), [OLD_KEY]);

  const orders = await detail(rig, 'orders');
  t.match(orders, {
    verifier: { service: 'orders', states: ['reporting', 'lagging', 'holds_old'] },
    service: { required: true, evidence: 'present', instances_expected: 1, instances_live: 1 },
    profile: { id: 'jose', refresh_s: 600 },
    counts: [{ issuer: ISSUER, kid: 'old', outcomes: { ok: 7, expired: 1 } }],
    counts_left_out: 0,
    contested: false,
  });
  t.match(orders.retirement, [
    {
      rotation_id: rotation,
      kid: 'old',
      would: 'accept_for_a_time',
      may_accept_until: null,
      sentences: [/^Once old leaves the JWKS, it may go on accepting it for 600 s/],
      drop_now: 'Restart it.',
    },
  ]);
  t.ok(
    orders.help.some(({ command }) =>
      command.includes(`keyturn verifiers --service orders --rotation ${rotation}`),
    ),
  );
  const sticky = await detail(rig, 'sticky');
  t.match(sticky.retirement, [
    {
      would: 'accept_without_end',
      drop_bound_s: null,
      sentences: [/nothing bounds/, /remembers tokens/, /Several caches/],
      drop_now: 'Restart every worker.',
    },
  ]);
  const word = await detail(rig, 'word');
  t.match(word.help[0]?.command, /^keyturn attest word --rotation .* --instance word-1 --fact/);

  await rig.sight(NEW_KEY);
  await rig.sight(NEW_KEY);
  await rig.report(id('orders'), [NEW_KEY]);
  const dropped = await detail(rig, 'orders');
  t.match(dropped.retirement, [
    {
      would: 'refuse',
      may_accept_until: null,
      sentences: ['It has dropped old and refuses tokens of it.'],
    },
  ]);
  const waiting = (await detail(rig, 'word')).retirement[0];
  t.match(waiting, { would: 'accept_for_a_time', sentences: [/^It may accept old until /] });
  t.ok(waiting?.may_accept_until);
  rig.pass(700_000);
  t.match((await detail(rig, 'word')).retirement, [
    { sentences: [/^By the bound of its kind it has refused old since /] },
  ]);
});

t.test('a verifier that fell silent, and one nobody knows', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.report(id('orders'), [OLD_KEY]);
  rig.pass(45_000);
  await rig.engine.act({
    type: 'remove_verifier',
    service: 'nobody',
    instance: 'x',
    cache: null,
    by: 'alice',
    reason: 'gone',
  });
  const silent = await detail(rig, 'orders');
  t.same(silent.verifier.states, ['silent']);
  t.match(silent.help[0]?.command, /^keyturn remove orders orders-1 main --reason/);
  for (const path of ['orders/orders-1/other', 'orders/orders-2/main', '%00/x/y']) {
    const { status, json } = await rig.call('GET', `/v1/verifiers/${path}`);
    t.equal(status, 404, path);
    t.match(json.detail, /No verifier of this name/);
  }
});
