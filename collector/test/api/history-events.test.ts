import t from 'tap';
import { id, ISSUER, NEW_KEY, OLD_KEY, counted, pushedClock, startRig, type Rig } from './rig.ts';

const LOOK_MS = 1_200;

/** Waits until history has looked again. */
async function looked(rig: Rig): Promise<void> {
  const looks = LOOK_MS;
  await new Promise((resolve) => rig.clock.after(looks, () => resolve(undefined)));
}

t.test('what happened to a verifier and to a JWKS is told by those who saw it', async (t) => {
  const rig = await startRig({ clock: pushedClock() });
  t.teardown(() => rig.close());
  const alive = setInterval(() => undefined, 1_000);
  t.teardown(() => clearInterval(alive));
  const orders = id('orders');
  await rig.sight(OLD_KEY);
  await rig.report(orders, [OLD_KEY]);
  await looked(rig);
  await rig.sight(OLD_KEY, { ...NEW_KEY, kid: '</script>\u{1f600}' });
  await rig.report(orders, [OLD_KEY, NEW_KEY], [counted('old', { ok: 3, expired: 1 })]);
  await looked(rig);

  const path = '/v1/history/verifiers/orders/orders-1/main';
  const { json } = await rig.call('GET', path, { token: null });
  t.match(json, { service: 'orders', instance: 'orders-1', cache: 'main', earlier: false });
  t.match(json.events, [
    { what: 'first_seen', profile: 'jose', at: /Z$/ },
    { what: 'keys', issuer: ISSUER, added: ['old'], removed: [], changed: [], more: 0, count: 1 },
    { what: 'keys', added: ['new'], count: 2, data_at: /Z$/ },
  ]);
  t.equal(json.minutes.at.length, json.minutes.ok.length);
  t.equal(Math.max(...json.minutes.ok), 3);
  t.equal(Math.max(...json.minutes.other), 1);

  const last = await rig.call('GET', `${path}?limit=1`);
  t.match(last.json, { earlier: true, events: [{ what: 'keys', added: ['new'] }] });
  t.equal(last.json.events.length, 1);
  const before = await rig.call('GET', `${path}?to=2026-01-01T00:00:00Z`);
  t.strictSame(before.json.events, []);

  const issuer = await rig.call('GET', `/v1/history/issuers?issuer=${encodeURIComponent(ISSUER)}`);
  t.match(issuer.json, { issuer: ISSUER, earlier: false });
  t.match(issuer.json.events, [
    { what: 'document', first: true, added: [], key_count: 1, keys: [{ kid: 'old' }] },
    { what: 'document', first: false, added: ['</script>\u{1f600}'], removed: [], key_count: 2 },
  ]);
});

t.test('what is kept, and that nothing of it was lost', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const { status, json } = await rig.call('GET', '/v1/history', { token: null });
  t.equal(status, 200);
  t.strictSame(json.kept, [
    { step_s: 10, kept_s: 7_200 },
    { step_s: 60, kept_s: 172_800 },
    { step_s: 600, kept_s: 2_592_000 },
  ]);
  const { damaged, unwritten, failed_looks: looks, failed_writes: writes } = json;
  t.strictSame([damaged, unwritten, looks, writes], [0, 0, 0, 0]);
});

t.test('bad questions', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const one = '/v1/history/verifiers/orders/orders-1/main';
  const issuer = `/v1/history/issuers?issuer=${encodeURIComponent(ISSUER)}`;
  const cases = [
    [one, 404, 'service', /No verifier of this name/],
    [`/v1/history/verifiers/${'x'.repeat(65)}/a/b`, 400, 'service', /64 characters/],
    [`${one}?limit=0`, 400, 'limit', />=1/],
    [`${one}?limit=1001`, 400, 'limit', /<=1000/],
    [`${one}?from=2026-02-01`, 400, 'from', /ISO datetime/],
    [`${one}?points=5`, 400, 'querystring', /"points"/],
    [`${issuer}&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z`, 400, 'from', /before to/],
    [`${issuer}&vantage=a`, 400, 'querystring', /"vantage"/],
    ['/v1/history/issuers', 400, 'issuer', /expected string/],
    ['/v1/history/issuers?issuer=nobody', 404, 'issuer', /no issuer/],
  ] as const;
  for (const [path, status, field, detail] of cases) {
    t.match(await rig.call('GET', path), { status, json: { status, field, detail } }, path);
  }
});
