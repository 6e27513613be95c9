import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import {
  FLEET_ROW_FLAGS,
  type FleetRow,
  FleetRowsSchema,
  type FleetRowsView,
} from '../../src/api/schemas/fleet-rows.ts';
import {
  counted,
  id,
  ISSUER,
  NEW_KEY,
  OLD_KEY,
  pushedClock,
  type Rig,
  service,
  startRig,
} from './rig.ts';

const SECOND_MS = 1_001;

async function started(
  t: Pick<typeof import('tap').default, 'teardown'>,
  instances = 3,
): Promise<Rig> {
  const rig = await startRig({ services: [service('orders', { instances })] });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  return rig;
}

/** An answer a second after the one before, checked against the schema it promises. */
async function rows(rig: Rig, since?: string): Promise<FleetRowsView> {
  rig.clock.push(SECOND_MS);
  const query = since === undefined ? '' : `?since=${since}`;
  const { status, json } = await rig.call('GET', `/v1/fleet/rows${query}`);
  if (status !== 200) throw new Error(JSON.stringify(json));
  return FleetRowsSchema.parse(json);
}

/** Before any act, the engine looks for leases that are over. */
async function leasesEnd(rig: Rig): Promise<void> {
  const nobody = { service: 'nobody', instance: 'x', cache: null };
  await rig.engine.act({ type: 'remove_verifier', ...nobody, by: 'alice', reason: 'gone' });
}

const flags = (row: FleetRow | undefined): string[] =>
  FLEET_ROW_FLAGS.filter((_, bit) => ((row?.[6] ?? 0) & (1 << bit)) !== 0);
const instances = (answer: FleetRowsView): string[] => answer.rows.map((row) => row[2]);
const rowOf = (answer: FleetRowsView, instance: string) =>
  answer.rows.find((row) => row[2] === instance);

t.test('a first answer has every verifier, and what its numbers stand for', async (t) => {
  const rig = await started(t);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders', 'a'), [OLD_KEY, NEW_KEY]);
  await rig.report(id('orders', 'b'), [OLD_KEY, { ...NEW_KEY, kid: 'stranger' }]);
  await rig.report(id('extra', 'x', 'second'), []);

  const answer = await rows(rig);
  t.ok(answer.complete);
  t.equal(answer.total, 3);
  t.match(answer.head, {
    issuers: [ISSUER],
    keys: [{ kid: 'old' }, { kid: 'new' }],
    rotations: [{ id: rotation, old_key: 0, new_key: 1, old_kid: 'old', new_kid: 'new' }],
  });
  const word = (at: number | undefined) => answer.words.entries[at ?? -1];
  const a = rowOf(answer, 'a');
  t.same(flags(a), ['reporting', 'synced', 'holds_old']);
  t.same(a?.[8], [[0, [0, 1], 0, 0, null]], 'holds both keys');
  const [standing] = a?.[10] ?? [];
  t.equal(word(standing?.[0]), rotation);
  t.equal(word(standing?.[1]), 'present');
  t.equal(word(standing?.[3]), 'held');
  t.equal(standing?.[5], 1);

  const b = rowOf(answer, 'b');
  t.same(flags(b), ['reporting', 'lagging', 'holds_old']);
  t.same(b?.[8], [[0, [0], 1, 0, null]], 'one of its keys is none the collector knows');
  const x = rowOf(answer, 'x');
  t.equal(word(x?.[3]), 'second');
  t.match(answer.services.entries[x?.[1] ?? -1], { name: 'extra', declared: false });
  t.match(answer.profiles.entries[a?.[4] ?? -1], { id: 'jose', refresh_s: 600 });
  const reportedAtMs = Date.parse(answer.base_at) + (a?.[12] ?? Number.NaN) * 1_000;
  t.ok(Math.abs(reportedAtMs - rig.engine.nowMs()) < 3_000, 'moments count from base_at');
});

t.test('afterwards, only what changed', async (t) => {
  const rig = await started(t);
  await rig.report(id('orders', 'a'), [OLD_KEY]);
  await rig.report(id('orders', 'b'), [OLD_KEY]);
  const first = await rows(rig);
  t.same(instances(first), ['a', 'b']);
  const quiet = await rows(rig, first.cursor);
  t.match(quiet, { complete: false, rows: [], gone: [], head: null, words: { entries: [] } });
  t.equal(quiet.cursor, first.cursor);

  await rig.report(id('orders', 'b'), []);
  await rig.report(id('orders', 'c'), [OLD_KEY]);
  const changed = await rows(rig, first.cursor);
  t.same(instances(changed), ['b', 'c']);
  t.equal(changed.rows[0]?.[0], first.rows[1]?.[0], 'a row keeps its number');
  t.equal(changed.total, 3);
  t.same(instances(await rows(rig, first.cursor)), ['b', 'c'], 'whoever is behind hears it again');
  t.same(instances(await rows(rig, changed.cursor)), []);

  await rig.sight(OLD_KEY, NEW_KEY);
  const published = await rows(rig, changed.cursor);
  t.equal(published.head?.keys.length, 2, 'a key came to be known');
});

t.test('a heartbeat alone is passed on every ten seconds', async (t) => {
  const rig = await started(t);
  await rig.report(id('orders', 'a'), [OLD_KEY]);
  const first = await rows(rig);
  await rig.report(id('orders', 'a'), [OLD_KEY]);
  const second = await rows(rig, first.cursor);
  t.same(instances(second), []);
  rig.clock.push(9_000);
  const late = await rows(rig, second.cursor);
  t.same(instances(late), ['a']);
  t.ok((late.rows[0]?.[12] ?? 0) > (first.rows[0]?.[12] ?? 0), 'heard later');
});

t.test('silence, goodbyes and failures are news at once', async (t) => {
  const rig = await started(t);
  await rig.report(id('orders', 'a'), [OLD_KEY]);
  await rig.report(id('orders', 'b'), [OLD_KEY], [counted('old', { ok: 5, bad_signature: 7 })]);
  let answer = await rows(rig);
  t.equal(rowOf(answer, 'b')?.[11], 0, 'what it counted before is not of this minute');

  await rig.report(
    id('orders', 'b'),
    [OLD_KEY],
    [counted('old', { ok: 6, bad_signature: 9, expired: 40 })],
  );
  answer = await rows(rig, answer.cursor);
  t.equal(rowOf(answer, 'b')?.[11], 2, 'what no key can cause is not among them');

  rig.pass(20_000);
  await rig.report(id('orders', 'b'), [OLD_KEY]);
  rig.pass(25_000);
  await leasesEnd(rig);
  answer = await rows(rig, answer.cursor);
  t.same(flags(rowOf(answer, 'a')), ['silent']);
  rig.pass(25_000);
  answer = await rows(rig, answer.cursor);
  t.equal(rowOf(answer, 'b')?.[11], 0, 'a minute later they are over');

  await rig.report(id('orders', 'c'), [OLD_KEY]);
  await rig.goodbye(id('orders', 'c'));
  answer = await rows(rig, answer.cursor);
  t.same(flags(rowOf(answer, 'c')), ['departed']);
});

t.test('who was removed is gone', async (t) => {
  const rig = await started(t);
  await rig.report(id('orders', 'a'), [OLD_KEY]);
  await rig.report(id('orders', 'b'), [OLD_KEY]);
  const first = await rows(rig);
  rig.pass(45_000);
  const { status } = await rig.call('DELETE', '/v1/verifiers/orders/a?by=alice&reason=scaled%20in');
  t.equal(status, 200);
  const answer = await rows(rig, first.cursor);
  t.same(answer.gone, [rowOf(first, 'a')?.[0]]);
  t.same(instances(answer), ['b'], 'which has fallen silent');
  t.equal(answer.total, 1);
  t.same((await rows(rig)).gone, [], 'a complete answer does not speak of them');
});

t.test('a cursor of another run, and what is none', async (t) => {
  const clock = pushedClock();
  const before = await startRig({ clock });
  await before.report(id('orders', 'a'), [OLD_KEY]);
  const { cursor } = await rows(before);
  await before.close();
  const rig = await startRig({ clock });
  t.teardown(() => rig.close());
  await rig.report(id('orders', 'a'), [OLD_KEY]);
  const answer = await rows(rig, cursor);
  t.ok(answer.complete, 'everything');
  t.same(instances(answer), ['a']);
  t.ok((await rows(rig, `${answer.cursor.split('-')[0]}-999999`)).complete, 'of the future');

  for (const query of ['since=', 'since=x', `since=${cursor}x`, 'since=a-1', 'from=1']) {
    const { status, json } = await rig.call('GET', `/v1/fleet/rows?${query}`);
    t.equal(status, 400, query);
    t.match(json.detail, /cursor|from/, query);
  }
});

t.test('packed where the client takes it and there is much', async (t) => {
  const rig = await started(t, 60);
  for (let n = 0; n < 60; n += 1) await rig.report(id('orders', `i-${n}`), [OLD_KEY]);
  rig.clock.push(SECOND_MS);
  for (const [accept, packed] of [
    ['gzip, deflate, br', true],
    ['br;q=1, gzip;q=0.5', true],
    ['gzip;q=0', false],
    ['deflate', false],
  ] as const) {
    const asked = get(`${rig.url}/v1/fleet/rows`, { headers: { 'accept-encoding': accept } });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    t.equal(answer.headers['content-encoding'] === 'gzip', packed, accept);
    const body = await buffer(answer);
    const text = (packed ? gunzipSync(body) : body).toString();
    t.equal(FleetRowsSchema.parse(JSON.parse(text)).rows.length, 60, accept);
  }
});
