import type { AlertLabels, AlertRecord } from '../../src/core/alerts/alert.ts';
import { ALERT_KINDS, type AlertName } from '../../src/core/alerts/catalogue.ts';
import type { AlertRule, Judgement } from '../../src/core/alerts/judgement.ts';
import { reconcile } from '../../src/core/alerts/reconcile.ts';
import { ALERT_RULES } from '../../src/core/alerts/rules.ts';
import { tellAlerts } from '../../src/core/alerts/telling.ts';
import type { Write } from '../../src/core/writes.ts';
import type { World } from './world.ts';

// Only a test judges in its worlds: a rule would find at each tick that nothing is the matter.
(ALERT_RULES as AlertRule[]).length = 0;

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
  judgeAll(world, [name], judged);
  return [...world.state.alerts.values()].find(
    (alert) => alert.name === name && JSON.stringify(alert.labels) === JSON.stringify(labels),
  );
}

/** Judges as a tick does, where these are all kinds there are. */
export function judgeAll(
  world: World,
  names: readonly AlertName[],
  judgements: readonly Judgement[],
): void {
  const now = world.now();
  const canTell = now.atMs >= world.state.health.holdDownUntilMs;
  const writes: Write[] = [];
  reconcile(world.state, new Set(names), judgements, canTell, now, writes);
  tellAlerts(world.state, now, writes);
  world.store.commit(writes);
}
