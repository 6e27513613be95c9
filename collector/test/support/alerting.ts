import type { AlertLabels, AlertRecord } from '../../src/core/alerts/alert.ts';
import { ALERT_KINDS, type AlertName } from '../../src/core/alerts/catalogue.ts';
import type { Judgement } from '../../src/core/alerts/judgement.ts';
import { reconcile } from '../../src/core/alerts/reconcile.ts';
import { tellAlerts } from '../../src/core/alerts/telling.ts';
import type { Write } from '../../src/core/writes.ts';
import type { World } from './world.ts';

/** Judges one thing in a world as a rule of that kind would, and says nothing else of the kind. */
export function judgeIn(
  world: World,
  name: AlertName,
  labels: AlertLabels,
  status: 'present' | 'unknown' | 'over' = 'present',
): AlertRecord | undefined {
  const summary = ALERT_KINDS[name].title;
  const judged: readonly Judgement[] =
    status === 'present'
      ? [{ status, name, labels, summary }]
      : status === 'unknown'
        ? [{ status, name, labels }]
        : [];
  const now = world.now();
  const canTell = now.atMs >= world.state.health.holdDownUntilMs;
  const writes: Write[] = [];
  reconcile(world.state, new Set([name]), judged, canTell, now, writes);
  tellAlerts(world.state, now, writes);
  world.store.commit(writes);
  return [...world.state.alerts.values()].find(
    (alert) => alert.name === name && JSON.stringify(alert.labels) === JSON.stringify(labels),
  );
}
