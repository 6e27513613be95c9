import fc from 'fast-check';
import t from 'tap';
import type { AlertChange } from '../../src/core/alerts/notice.ts';
import { dedupKey } from '../../src/notify/dedup-key.ts';
import { pagerdutyRequest } from '../../src/notify/pagerduty.ts';
import { alertNotice, alertRecord, pagerduty, SENDER, stepNotice } from './notices.ts';

const RECEIVER = pagerduty('https://events.pagerduty.com');

t.test('an alert', async (t) => {
  const alert = alertRecord({ labels: { issuer: 'https://i.example', service: 'orders' } });
  const request = pagerdutyRequest(RECEIVER, alertNotice('pager', 'fired', alert), SENDER);
  t.equal(request.url.href, 'https://events.pagerduty.com/v2/enqueue');
  t.same(JSON.parse(request.body), {
    routing_key: 'R0123456789abcdefghijklmnopqrstu',
    event_action: 'trigger',
    dedup_key: dedupKey('KidReused', alert.labels),
    client: 'Keyturn',
    client_url: 'https://keyturn.example.com/alerts/al-0badcafe-m1',
    links: [
      { href: 'https://keyturn.example.com/runbooks/KidReused', text: 'Runbook' },
      { href: 'https://keyturn.example.com/alerts/al-0badcafe-m1', text: 'Alert' },
    ],
    payload: {
      summary: alert.summary,
      source: 'https://keyturn.example.com',
      severity: 'critical',
      timestamp: '2026-01-01T12:00:01.000Z',
      component: 'orders',
      group: 'https://i.example',
      class: 'KidReused',
      custom_details: {
        title: 'One kid stands for two keys',
        change: 'fired',
        status: 'firing',
        alert: 'al-0badcafe-m1',
        notice: 'al-0badcafe-m1.1',
        labels: alert.labels,
        details: alert.details,
      },
    },
  });
});

t.test('one incident from its begin to its end', async (t) => {
  const rows: readonly (readonly [change: AlertChange, action: string])[] = [
    ['fired', 'trigger'],
    ['worse', 'trigger'],
    ['no_data', 'trigger'],
    ['acknowledged', 'acknowledge'],
    ['resolved', 'resolve'],
  ];
  const keys = rows.map(([change, action], at) => {
    const alert = alertRecord({ transition: at + 1, summary: `now ${at}` });
    const { body } = pagerdutyRequest(RECEIVER, alertNotice('pager', change, alert), SENDER);
    const event = JSON.parse(body) as Record<string, string>;
    t.equal(event['event_action'], action, change);
    return event['dedup_key'];
  });
  t.equal(new Set(keys).size, 1);
});

t.test('the key is bounded and tells alerts apart, whatever their labels hold', async (t) => {
  const value = fc.string({ maxLength: 600 });
  fc.assert(
    fc.property(value, value, (a, b) => {
      const one = dedupKey('KidReused', { issuer: a, kid: b });
      const other = dedupKey('KidReused', { issuer: b, kid: a });
      return one.length === 64 && (one === other) === (a === b);
    }),
  );
  t.not(dedupKey('KidReused', { issuer: 'a' }), dedupKey('JwksRegressed', { issuer: 'a' }));
  t.not(dedupKey('KidReused', { issuer: 'a' }), dedupKey('KidReused', { kid: 'a' }));
});

t.test('a step of a rotation is a change event', async (t) => {
  const request = pagerdutyRequest(RECEIVER, stepNotice('pager'), SENDER);
  t.equal(request.url.href, 'https://events.pagerduty.com/v2/change/enqueue');
  t.match(JSON.parse(request.body), {
    routing_key: 'R0123456789abcdefghijklmnopqrstu',
    payload: {
      summary: 'Key rotation r-20260101-aaaaaa: the signer switched from 2026-a to 2026-b',
      source: 'https://keyturn.example.com',
      timestamp: '2026-01-01T12:00:00.000Z',
      custom_details: { step: 'activate', by: 'alice' },
    },
  });
});

t.test('a base path and a long summary', async (t) => {
  const receiver = pagerduty('https://proxy.example/pd/');
  const alert = alertRecord({ summary: 'x'.repeat(5_000) });
  const { url, body } = pagerdutyRequest(receiver, alertNotice('pager', 'fired', alert), SENDER);
  t.equal(url.pathname, '/pd/v2/enqueue');
  t.equal((JSON.parse(body) as { payload: { summary: string } }).payload.summary.length, 1_024);
});
