import t from 'tap';
import { id, ISSUER, NEW_KEY, OLD_KEY, service, startRig } from './rig.ts';

t.test('verifiers: filtered, in pages, in the order of their names', async (t) => {
  const rig = await startRig({
    services: [service('orders', { instances: 30 }), service('web', { required: false })],
  });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  const order = [7, 3, 20, 1, 12, 30, 2, 11, 5, 9, 4, 25, 18, 6, 22];
  for (const n of order) {
    await rig.report(id('orders', `orders-${n}`), n > 10 ? [OLD_KEY] : [OLD_KEY, NEW_KEY]);
  }
  await rig.report(id('web'), [OLD_KEY]);

  const names: string[] = [];
  let after = '';
  for (let page = 0; page < 20; page += 1) {
    const { json } = await rig.call('GET', `/v1/verifiers?limit=4${after}`);
    names.push(...json.verifiers.map((verifier: { instance: string }) => verifier.instance));
    if (json.next === null) break;
    after = `&after=${encodeURIComponent(json.next)}`;
  }
  t.same(names, [...order.map((n) => `orders-${n}`).sort(), 'web-1']);

  const list = async (query: string) =>
    (await rig.call('GET', `/v1/verifiers?${query}`)).json.verifiers;
  t.equal((await list('service=web')).length, 1);
  t.equal((await list('service=nobody')).length, 0);
  t.equal((await list('state=lagging&service=orders')).length, 7);
  t.equal((await list(`state=synced&rotation=${rotation}`)).length, 8);
  t.equal((await list('state=holds_old')).length, 16);
  t.equal((await list('state=silent')).length, 0);
  t.match((await list('service=web'))[0], {
    service: 'web',
    instance: 'web-1',
    cache: 'main',
    states: ['reporting', 'lagging', 'holds_old'],
    source: 'in_process',
    key_sets: [{ issuer: ISSUER, kids: ['old'], consecutive_failures: 0 }],
    rotations: [
      { rotation_id: rotation, holds_new: 'absent', holds_old: 'held', sufficient: false },
    ],
  });
  for (const query of ['limit=0', 'limit=501', 'state=bored', 'colour=red', 'service=']) {
    t.equal((await rig.call('GET', `/v1/verifiers?${query}`)).status, 400, query);
  }
  t.equal((await rig.call('GET', '/v1/verifiers?rotation=r-none')).status, 404);

  const { services } = (await rig.call('GET', '/v1/services')).json;
  t.match(services, [
    {
      name: 'orders',
      declared: true,
      required: true,
      evidence: 'present',
      profile: 'jose',
      issuers: [{ instances_expected: 30, instances_live: 15, reporting: 15, silent: 0 }],
    },
    { name: 'web', required: false },
  ]);
  const verdict = (await rig.call('GET', `/v1/rotations/${rotation}/gates/activate`)).json;
  t.match(verdict, {
    progress: '8/30',
    counts: { expected: 30, satisfied: 8, by_grade: { present: 8, absent: 7, never_seen: 15 } },
  });
});

t.test('services: how each is judged, and what it waits for', async (t) => {
  const rig = await startRig({
    services: [
      service('orders', { instances: 2, instancesMax: 4 }),
      service('appliance', {
        kind: 'static',
        evidence: 'attested',
        instances: null,
        shippingIntervalMs: 86_400_000,
      }),
      service('gateway', { kind: 'managed', evidence: 'timed', instances: null }),
      service('mobile-app', {
        kind: 'unmanaged',
        evidence: 'timed',
        instances: null,
        population: {
          cohorts: [{ percentile: 99.9, withinMs: 3_600_000 }],
          coverPercentile: 99,
          dropsWithRefresh: true,
        },
      }),
      service('partners', {
        kind: 'unmanaged',
        evidence: 'timed',
        instances: null,
        required: false,
        population: { cohorts: [], coverPercentile: 99, dropsWithRefresh: true },
      }),
    ],
  });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const listed = async () => (await rig.call('GET', '/v1/services')).json.services;
  t.same((await listed())[0].issuers[0].waits_for, [], 'no rotation is open');
  const rotation = await rig.start();
  await rig.report(id('orders'), [OLD_KEY]);
  await rig.report(id('stranger'), [OLD_KEY, NEW_KEY]);
  const of = (what: unknown[]) => [{ waits_for: [{ rotation_id: rotation, what }] }];
  t.match(await listed(), [
    {
      name: 'appliance',
      kind: 'static',
      judged_by: 'attested',
      shipping_interval_s: 86_400,
      issuers: of(['the word of a named person']),
    },
    { name: 'gateway', judged_by: 'timed', issuers: of(['publication of the new key']) },
    {
      name: 'mobile-app',
      kind: 'unmanaged',
      judged_by: 'population',
      population: {
        cover_percentile: 99,
        covered_percentile: 99.9,
        covered_within_s: 3_600,
        uncovered_percent: 0.1,
      },
      issuers: of(['publication of the new key']),
    },
    {
      name: 'orders',
      kind: 'instrumented',
      judged_by: 'evidence',
      issuers: [
        {
          instances_expected: 2,
          instances_at_most: 4,
          waits_for: [{ what: ['1 verifier without evidence', '1 verifier not heard'] }],
        },
      ],
    },
    { name: 'partners', required: false, population: { covered_percentile: null } },
    { name: 'stranger', declared: false, kind: 'instrumented' },
  ]);

  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  await rig.report(id('orders', 'orders-2'), [OLD_KEY, NEW_KEY]);
  await rig.call('POST', `/v1/rotations/${rotation}/attestations`, {
    body: {
      service: 'appliance',
      fact: 'holds_new',
      by: 'ana',
      reason: 'shipped',
      valid_for_s: 60,
    },
  });
  t.match(await listed(), [
    { name: 'appliance', issuers: of([]) },
    { name: 'gateway', issuers: of([/^time, until 20/]) },
    { name: 'mobile-app', issuers: of([/^time, until 20/]) },
    { name: 'orders', issuers: of([]) },
    { name: 'partners', issuers: of(['a bound, and none is known']) },
    { name: 'stranger' },
  ]);
  t.match((await rig.call('GET', `/v1/rotations/${rotation}`)).json.dependents, [
    { service: 'gateway', kind: 'managed' },
    { service: 'mobile-app', uncovered_percent: 0.1 },
    { service: 'stranger' },
    { service: 'appliance', waits_for: [] },
    { service: 'orders' },
    { service: 'partners', required: false },
  ]);
  t.match((await rig.call('GET', '/status')).text, /4 services known by word or by time/);
  rig.pass(50_000);
  t.match((await listed())[0], { issuers: of([/^the word of ana again, before 20/]) });
});

t.test('the fleet as a whole', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const starting = (await rig.call('GET', '/v1/status')).json;
  t.match(starting, {
    version: '0.0.0-test',
    hold_down_until_at: /Z$/,
    store_failing_since_at: null,
  });
  t.match((await rig.call('GET', '/readyz')).json, { ready: true, hold_down: true });
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.start();
  await rig.report(id('orders'), [OLD_KEY]);
  const status = (await rig.call('GET', '/v1/status')).json;
  t.match(status, {
    hold_down_until_at: null,
    fleet: {
      verifiers_known: 1,
      issuers: [{ issuer: ISSUER, services: 1, reporting: 1, silent: 0 }],
    },
    issuers: [{ issuer: ISSUER, healthy: true, keys: [{ kid: 'old' }], max_token_lifetime_s: 600 }],
    rotations: [{ rotation: { phase: 'staged' }, gates: { length: 5 } }],
    more_rotations: 0,
  });
  t.match((await rig.call('GET', '/v1/issuers')).json, {
    issuers: [{ vantages: [{ error: null }] }],
  });
  t.match((await rig.call('GET', '/v1/profiles')).json, {
    profiles: [{ id: 'jose', new_kid_refused_s: 600 }],
    fallback: { id: 'unknown', new_kid_refused_s: null },
  });

  await rig.engine.sighting({
    issuer: ISSUER,
    vantage: 'https://issuer.example/jwks.json',
    result: { ok: false, error: 'timeout', message: 'no answer in 5s' },
  });
  t.match((await rig.call('GET', '/v1/issuers')).json, {
    issuers: [
      {
        healthy: false,
        vantages: [{ error: 'timeout', message: 'no answer in 5s', consecutive_failures: 1 }],
      },
    ],
  });
});

t.test('moments no date can hold do not break an answer', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'activate', by: 'a' },
  });
  await rig.report(
    id('orders'),
    [OLD_KEY, NEW_KEY],
    [
      {
        issuer: ISSUER,
        key: { kind: 'kid', kid: 'old' },
        outcomes: { ok: 1 },
        highestIat: 9e15,
        highestExp: 9e15,
        longestLifetimeS: 9e15,
        acceptedWithoutExp: 0,
        acceptedWithoutIat: 0,
        lastAcceptedAgeMs: 0,
      },
    ],
  );
  const answer = await rig.call('GET', `/v1/rotations/${rotation}/gates/retire`);
  t.equal(answer.status, 200, answer.text);
  t.equal(answer.json.ready, false);
  t.equal((await rig.call('GET', '/status')).status, 200);
});
