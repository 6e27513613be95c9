import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { reconcile } from './reconcile.ts';
import { ALERT_RULES } from './rules.ts';

/** Judges every rule anew and brings the alerts to it. */
export function watchAlerts(state: State, now: Now, writes: Write[]): void {
  const names = new Set(ALERT_RULES.flatMap((rule) => rule.names));
  const judgements = ALERT_RULES.flatMap((rule) => rule.judge(state, now));
  // Just after a start nothing has been heard: that no rule finds anything shows nothing.
  const canTell = now.atMs >= state.health.holdDownUntilMs;
  reconcile(state, names, judgements, canTell, now, writes);
}
