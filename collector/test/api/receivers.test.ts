import t from 'tap';
import { pagerduty, slack, webhook } from '../notify/notices.ts';
import { taker } from '../notify/taker.ts';
import { Secret } from '../../src/notify/secret.ts';
import { closedAddress } from '../issuer/origin.ts';
import { startRig } from './rig.ts';

t.test('who is told, and a test of each', async (t) => {
  const takes = await taker(t);
  const refuses = await taker(t);
  refuses.answer = ({ url }, response) => {
    response.writeHead(404).end(`no_service ${url}`);
  };
  const rig = await startRig({
    receivers: [
      webhook(`${takes.url}/in/secret-token`, { hmacKey: new Secret('k'.repeat(24)) }),
      slack(`${refuses.url}/services/T0/B0/slack-token`),
      pagerduty(await closedAddress()),
    ],
  });
  t.teardown(() => rig.close());
  const list = async () => (await rig.call('GET', '/v1/receivers', { token: null })).json.receivers;
  t.match(await list(), [
    { name: 'hook', type: 'webhook', failing_since_at: null, delivered_at: null, waiting: 0 },
    { name: 'chat', type: 'slack' },
    { name: 'pager', type: 'pagerduty' },
  ]);

  const hook = await rig.call('POST', '/v1/receivers/hook/test');
  t.equal(hook.status, 200);
  t.match(hook.json, { receiver: 'hook', taken: true, answers: [{ ok: true, status: 200 }] });
  t.match(takes.taken[0]?.json, { type: 'dev.keyturn.test', specversion: '1.0' });
  t.ok(takes.taken[0]?.headers['webhook-signature']);

  const chat = await rig.call('POST', '/v1/receivers/chat/test');
  t.match(chat.json, { taken: false, answers: [{ status: 404, message: /no_service …/ }] });
  const pager = await rig.call('POST', '/v1/receivers/pager/test');
  t.match(pager.json, { taken: false, answers: [{ status: null, message: /ECONNREFUSED/ }, {}] });

  const after = await list();
  t.match(after, [
    { delivered_at: String, error: null },
    { failing_since_at: String, error: /^status 404/ },
    { failing_since_at: String, error: /ECONNREFUSED/ },
  ]);
  t.notMatch(JSON.stringify([after, hook.json, chat.json]), /secret-token|slack-token/);
});

t.test('a test needs the token and a receiver', async (t) => {
  const takes = await taker(t);
  const rig = await startRig({ receivers: [webhook(takes.url)] });
  t.teardown(() => rig.close());
  t.equal((await rig.call('POST', '/v1/receivers/hook/test', { token: null })).status, 401);
  t.equal(takes.taken.length, 0);
  const none = await rig.call('POST', '/v1/receivers/nobody/test');
  t.equal(none.status, 404);
  t.match(none.json.detail, 'There is no receiver nobody in the settings.');
});

t.test('schemas of what webhooks are sent', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const alert = await rig.call('GET', '/v1/schemas/alert-event', { token: null });
  t.match(alert.json, { type: 'object', required: ['change', 'alert'] });
  const rotation = await rig.call('GET', '/v1/schemas/rotation-event', { token: null });
  t.match(rotation.json.properties, { step: { type: 'string' } });
  t.equal((await rig.call('GET', '/v1/schemas/other')).status, 400);
});
