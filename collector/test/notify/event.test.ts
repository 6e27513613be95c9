import t from 'tap';
import { ALERT_CHANGES } from '../../src/core/alerts/notice.ts';
import { AlertEventSchema, eventOf, RotationEventSchema } from '../../src/notify/event.ts';
import { alertNotice, alertRecord, SENDER, stepNotice } from './notices.ts';

t.test('an alert as a CloudEvent', async (t) => {
  const event = eventOf(alertNotice('hook', 'fired'), SENDER);
  t.same(event, {
    specversion: '1.0',
    id: 'al-0badcafe-m1.1',
    source: 'https://keyturn.example.com',
    type: 'dev.keyturn.alert.firing',
    subject: 'al-0badcafe-m1',
    time: '2026-01-01T12:00:01.000Z',
    datacontenttype: 'application/json',
    dataschema: 'https://keyturn.example.com/v1/schemas/alert-event',
    data: {
      change: 'fired',
      alert: {
        id: 'al-0badcafe-m1',
        name: 'KidReused',
        title: 'One kid stands for two keys',
        labels: { issuer: 'https://login.example.com', kid: '2026-a' },
        severity: 'critical',
        status: 'firing',
        since_at: '2026-01-01T12:00:00.000Z',
        fired_at: '2026-01-01T12:00:00.000Z',
        resolved_at: null,
        summary: 'kid "2026-a" stands for 2 keys',
        details: ['one at https://a.example', 'one at https://b.example'],
        acknowledged: null,
        url: 'https://keyturn.example.com/alerts/al-0badcafe-m1',
        runbook_url: 'https://keyturn.example.com/runbooks/KidReused',
      },
    },
  });
});

t.test('every change fits the schema and has a type of its own', async (t) => {
  const acknowledged = { by: 'bob', reason: 'on it', atMs: 0 };
  const types = ALERT_CHANGES.map((change) => {
    const event = eventOf(alertNotice('hook', change, alertRecord({ acknowledged })), SENDER);
    t.ok(AlertEventSchema.safeParse(event.data).success, change);
    return event.type;
  });
  t.equal(new Set(types).size, ALERT_CHANGES.length);
});

t.test('a step of a rotation', async (t) => {
  const event = eventOf(stepNotice('hook'), SENDER);
  t.match(event, {
    id: /^r-20260101-aaaaaa\.activate\.\d+$/,
    type: 'dev.keyturn.rotation.activate',
    subject: 'r-20260101-aaaaaa',
    dataschema: 'https://keyturn.example.com/v1/schemas/rotation-event',
  });
  t.ok(RotationEventSchema.safeParse(event.data).success);
});

t.test('one piece of news has one id, whoever is told and however often', async (t) => {
  const ids = ['hook', 'other.hook', 'x'].map(
    (receiver) => eventOf(alertNotice(receiver, 'fired'), SENDER).id,
  );
  t.equal(new Set(ids).size, 1);
  const again = alertNotice('hook', 'fired', alertRecord(), { attempts: 7, lastError: 'x' });
  t.same(eventOf(again, SENDER), eventOf(alertNotice('hook', 'fired'), SENDER));
});

t.test('a name that is no URI is one as a source', async (t) => {
  const named = (name: string) => eventOf(alertNotice('hook', 'fired'), { ...SENDER, name }).source;
  t.equal(named('keyturn'), 'keyturn');
  t.equal(named('our keyturn / eu'), 'our%20keyturn%20%2F%20eu');
  t.equal(named('https://a.example/x y'), 'https://a.example/x%20y');
});
