import { expireSilences } from '../act/silence.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { reconcile } from './reconcile.ts';
import { ALERT_RULES } from './rules.ts';
import { tellAlerts } from './telling.ts';

/** Judges every rule anew, brings the alerts to it, and tells receivers. */
export function watchAlerts(state: State, now: Now, writes: Write[]): void {
  const names = new Set(ALERT_RULES.flatMap((rule) => rule.names));
  const judgements = ALERT_RULES.flatMap((rule) => rule.judge(state, now));
  // Just after a start nothing has been heard: that no rule finds anything shows nothing.
  const canTell = now.atMs >= state.health.holdDownUntilMs;
  reconcile(state, names, judgements, canTell, now, writes);
  expireSilences(state, now, writes);
  tellAlerts(state, now, writes);
}
