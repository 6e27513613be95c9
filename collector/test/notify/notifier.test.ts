import { once } from 'node:events';
import { createServer as createRawServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Secret } from '../../src/notify/secret.ts';
import { NEW_KEY, OLD_KEY, type Rig, startRig } from '../api/rig.ts';
import { origin } from '../issuer/origin.ts';
import { alertmanager, pagerduty, slack, webhook } from './notices.ts';
import { type Taker, taker } from './taker.ts';

// Real engine, real HTTP, receivers of every kind on loopback.

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(25);
  }
  throw new Error(`${what}: never`);
}

/** One kid stands for two keys: an alert at once. */
async function reuseKid(rig: Rig): Promise<void> {
  await rig.sight(OLD_KEY);
  await rig.sight({ ...OLD_KEY, thumbprint: 'x'.repeat(43) });
}

async function garbage(t: Test): Promise<string> {
  const server = createRawServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('SSH-2.0-OpenSSH_9.2\r\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const isReuse = (taken: Taker['taken'][number]) => taken.body.includes('KidReused');

t.test('everybody hears of it in their own words', async (t) => {
  const [hook, chat, pager, am] = await Promise.all([taker(t), taker(t), taker(t), taker(t)]);
  const rig = await startRig({
    receivers: [
      webhook(`${hook.url}/in`, { hmacKey: new Secret('k'.repeat(24)) }),
      slack(`${chat.url}/services/T/B/x`),
      pagerduty(pager.url),
      alertmanager([am.url]),
    ],
  });
  t.teardown(() => rig.close());
  await reuseKid(rig);
  const event = await until('webhook', () => hook.taken.find(isReuse));
  t.match(event.json, { type: 'dev.keyturn.alert.firing', specversion: '1.0' });
  t.match(event.headers, { 'webhook-id': event.json.id });
  const message = await until('slack', () => chat.taken.find(isReuse));
  t.match(message.json.text, /^\*\[FIRING\] KidReused\* \(critical\): /);
  const incident = await until('pagerduty', () => pager.taken.find(isReuse));
  t.equal(incident.url, '/v2/enqueue');
  t.match(incident.json, { event_action: 'trigger', payload: { severity: 'critical' } });
  const posted = await until('alertmanager', () => am.taken.find(isReuse));
  t.equal(posted.url, '/api/v2/alerts');
  t.match(posted.json[0]?.labels.alertname, /^Keyturn/);

  const { alert } = event.json.data;
  const acknowledged = await rig.call('POST', `/v1/alerts/${alert.id}/acknowledge`, {
    body: { by: 'ana', reason: 'on it' },
  });
  t.equal(acknowledged.status, 200);
  const taken = await until('acknowledged', () =>
    pager.taken.find(({ json }) => json.event_action === 'acknowledge'),
  );
  t.equal(taken.json.dedup_key, incident.json.dedup_key, 'the same incident');
  await until('outbox', () => (rig.engine.state().notices.size === 0 ? true : undefined));
});

t.test('a step of a rotation is a change event', async (t) => {
  const pager = await taker(t);
  const rig = await startRig({ receivers: [pagerduty(pager.url)] });
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY, NEW_KEY);
  const id = await rig.start();
  const step = { step: 'activate', by: 'ana', override_reason: 'the test wants a step' };
  t.equal((await rig.call('POST', `/v1/rotations/${id}/steps`, { body: step })).status, 200);
  const change = await until('change', () =>
    pager.taken.find(({ url }) => url === '/v2/change/enqueue'),
  );
  t.match(change.json, {
    payload: { summary: /^Key rotation r-/, custom_details: { step: 'activate', by: 'ana' } },
  });
});

t.test('whoever misbehaves holds up nobody', async (t) => {
  const works = await taker(t);
  const refuses = await taker(t);
  refuses.answer = (_taken, response) => {
    response.writeHead(400).end('invalid event');
  };
  const broken = await taker(t);
  broken.answer = (_taken, response) => {
    response.writeHead(503).end();
  };
  const leads = await taker(t);
  leads.answer = (_taken, response) => {
    response.writeHead(302, { location: works.url }).end();
  };
  const hangs = await origin(t, () => undefined);
  const urls: Readonly<Record<string, string>> = {
    refuses: refuses.url,
    broken: broken.url,
    leads: leads.url,
    garbage: await garbage(t),
    hangs,
    works: works.url,
  };
  const rig = await startRig({
    receivers: Object.entries(urls).map(([name, url]) => webhook(url, { name })),
  });
  t.teardown(() => rig.close());
  const startedMs = performance.now();
  await reuseKid(rig);
  await until('the one that works is told', () => works.taken.find(isReuse));
  t.equal((await rig.call('GET', '/v1/status', { token: null })).status, 200);
  t.ok(performance.now() - startedMs < 8_000, 'long before the one that hangs gives up');
  t.ok(works.taken.every(({ json }) => json.specversion === '1.0'));
  t.equal(works.taken.filter(isReuse).length, 1, 'nobody was led there');

  const errorOf = (name: string) => () =>
    rig.engine.state().deliveries.get(name)?.error ?? undefined;
  t.match(await until('refuses', errorOf('refuses')), 'status 400: "invalid event"');
  t.match(await until('broken', errorOf('broken')), 'status 503');
  t.match(await until('leads', errorOf('leads')), 'a redirect, which is not followed');
  t.ok(await until('garbage', errorOf('garbage')));
  const { receivers } = (await rig.call('GET', '/v1/receivers', { token: null })).json;
  const refused = receivers.find(({ name }: { name: string }) => name === 'refuses');
  t.ok(refused.given_up > 0, 'refused for good: given up and shown');
  const { entries } = (await rig.call('GET', '/v1/audit', { token: null })).json;
  t.match(
    entries.find(({ action }: { action: string }) => action === 'notice_given_up'),
    { message: /^receiver refuses was not told: status 400/ },
  );
});
