import t from 'tap';
import { noteDelivery } from '../../../../src/core/alerts/deliveries.ts';
import { deliveryFailing } from '../../../../src/core/alerts/rules/delivery-failing.ts';
import { judge, presentOf, worldOf } from '../alert-world.ts';

t.test('before anything was sent nothing can be told', async (t) => {
  const { state, at } = worldOf(['pager', 'chat']);
  t.match(deliveryFailing.judge(state, at(0)), [
    { status: 'unknown', labels: { receiver: 'pager' } },
    { status: 'unknown', labels: { receiver: 'chat' } },
  ]);
});

t.test('a receiver that takes nothing, from then until it takes something', async (t) => {
  const { state, at } = worldOf(['pager', 'chat']);
  const judged = (atS: number) =>
    deliveryFailing.judge(state, at(atS)).filter(({ status }) => status === 'present');
  noteDelivery(state, 'chat', null, at(0));
  noteDelivery(state, 'pager', 'status 503', at(1));
  noteDelivery(state, 'pager', 'no answer within 10s', at(9));
  const summary =
    /^receiver pager has not taken what it was sent since \S+:01Z: no answer within 10s$/;
  t.match(judged(10), [{ labels: { receiver: 'pager' }, summary, details: [] }]);
  t.equal(judged(10).length, 1);
  judge(state, [presentOf()], at(10));
  t.match(judged(11), [{ details: ['what it is to be told waits in the outbox'] }]);
  noteDelivery(state, 'pager', null, at(12));
  t.same(judged(13), []);
});

t.test('a restart does not end the alert before something arrived', async (t) => {
  const { state, at } = worldOf(['pager']);
  const status = () => [...state.alerts.values()].map((alert) => alert.status);
  const look = (atS: number) =>
    judge(state, deliveryFailing.judge(state, at(atS)), at(atS), ['DeliveryFailing']);
  noteDelivery(state, 'pager', 'status 503', at(0));
  for (const atS of [0, 59]) look(atS);
  t.same(status(), ['pending']);
  look(60);
  t.same(status(), ['firing']);
  state.deliveries.clear();
  look(61);
  t.same(status(), ['no_data']);
  noteDelivery(state, 'pager', null, at(62));
  look(62);
  t.same(status(), ['resolved']);
});

t.test('the others are told', async (t) => {
  const { state, at } = worldOf(['pager', 'chat']);
  noteDelivery(state, 'pager', 'status 503', at(0));
  noteDelivery(state, 'chat', null, at(0));
  for (const atS of [0, 60]) judge(state, deliveryFailing.judge(state, at(atS)), at(atS));
  const told = [...state.notices.values()].filter(({ receiver }) => receiver === 'chat');
  t.match(told, [{ news: { change: 'fired', alert: { labels: { receiver: 'pager' } } } }]);
});

t.test('nobody but receivers of the settings', async (t) => {
  const { state, at } = worldOf(['pager']);
  noteDelivery(state, 'stranger', 'x', at(0));
  t.equal(state.deliveries.size, 0);
  noteDelivery(state, 'pager', 'x'.repeat(9_999), at(0));
  t.equal(state.deliveries.get('pager')?.error?.length, 500);
});
