import t from 'tap';
import { alertReadings } from '../../src/telemetry/read-alerts.ts';
import { collectorReadings } from '../../src/telemetry/read-collector.ts';
import { alertNotice } from '../notify/notices.ts';
import { policyOf, START_MS } from '../support/policies.ts';
import { World } from '../support/world.ts';

t.test('notices that wait: what was given up waits for nothing', async (t) => {
  const { state } = new World(policyOf([]));
  const waiting = alertNotice('chat', 'fired');
  const givenUp = { ...alertNotice('hook', 'fired'), givenUpAtMs: START_MS };
  for (const notice of [waiting, givenUp]) state.notices.set(notice.id, notice);
  const notices = alertReadings(state).filter(({ instrument }) => instrument === 'notices');
  t.same(notices, [{ instrument: 'notices', value: 1, attributes: {} }]);
});

t.test('whatever was dropped is counted', async (t) => {
  const { state } = new World(policyOf([]));
  const { health } = state;
  health.refusedVerifiers = 1;
  health.untrackedUsage = 2;
  health.droppedKeys = 3;
  health.droppedRotations = 4;
  health.droppedAlerts = 5;
  health.droppedNotices = 6;
  state.detectors.dropped = 7;
  const dropped = collectorReadings(state, START_MS).filter(
    ({ instrument }) => instrument === 'dropped',
  );
  t.same(
    dropped.map(({ value, attributes }) => [attributes['keyturn.dropped.kind'], value]),
    [
      ['verifier', 1],
      ['usage', 2],
      ['key', 3],
      ['rotation', 4],
      ['alert', 5],
      ['notice', 6],
      ['series', 7],
    ],
  );
});
