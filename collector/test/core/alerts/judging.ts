import type { Test } from 'tap';
import {
  alertIdentity,
  type AlertLabels,
  type AlertStatus,
} from '../../../src/core/alerts/alert.ts';
import { ALERT_KINDS, type AlertName } from '../../../src/core/alerts/catalogue.ts';
import type { AlertRule, Judgement } from '../../../src/core/alerts/judgement.ts';
import type { World } from '../../support/world.ts';

/** What a rule says of one thing; `absent`: nothing. */
export type Said = Judgement['status'] | 'absent';

/** The judgement of one thing in a world as it is now. */
export function judgementOf(
  world: World,
  rule: AlertRule,
  labels: AlertLabels,
  name = rule.names[0],
): Judgement | undefined {
  if (name === undefined) throw new Error('the rule speaks of nothing');
  const identity = alertIdentity(name, labels);
  return rule
    .judge(world.state, world.now())
    .find((judgement) => alertIdentity(judgement.name, judgement.labels) === identity);
}

/** The status of the alert that went through the real core's ticks; `none`: there is no such alert. */
export function alertStatus(
  world: World,
  name: AlertName,
  labels: AlertLabels,
): AlertStatus | 'none' {
  return world.state.alerts.get(alertIdentity(name, labels))?.status ?? 'none';
}

/** One situation of a rule. */
export interface Row {
  readonly name: string;
  /** Makes the world that is judged. */
  readonly given: () => World;
  readonly said: Said;
  readonly labels: AlertLabels;
  /** Of a present one. */
  readonly summary?: RegExp;
  readonly severity?: string;
  readonly details?: readonly RegExp[];
  /** Where a rule speaks of several kinds. */
  readonly of?: AlertName;
}

/** Runs a table, one test per situation. */
export function ruleTable(t: Test, rule: AlertRule, rows: readonly Row[]): void {
  for (const row of rows) {
    void t.test(row.name, async (t) => {
      const found = judgementOf(row.given(), rule, row.labels, row.of ?? rule.names[0]);
      t.equal(found?.status ?? 'absent', row.said);
      if (found?.status !== 'present') return;
      if (row.summary !== undefined) t.match(found.summary, row.summary);
      for (const [at, detail] of (row.details ?? []).entries()) {
        t.match(found.details?.[at] ?? '', detail);
      }
      if (row.severity !== undefined) {
        t.equal(found.severity ?? ALERT_KINDS[found.name].severity, row.severity);
      }
    });
  }
}
