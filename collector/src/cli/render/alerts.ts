import { counted } from '@keyturn/shared/model/counted.ts';
import type { AlertView, SilenceView } from '../../api/schemas/alert.ts';
import type { Paint } from '../paint.ts';
import { table } from './table.ts';
import { ago, toTheSecond, until } from './time.ts';

/** An alert in one line: how bad, since when, what, and what is done about it. */
export function alertLine(alert: AlertView, nowMs: number, paint: Paint): string {
  const what = `${severityWord(alert, paint)} ${paint.bold(alert.name)}: ${alert.summary}`;
  return `${what} ${paint.dim(`(${[...stateOf(alert, nowMs), alert.id].join(', ')})`)}`;
}

/** Alerts, those of one kind, issuer and rotation together. */
export function alertsText(
  body: { readonly alerts: readonly AlertView[]; readonly alarms: number; readonly more: boolean },
  nowMs: number,
  paint: Paint,
): string {
  const groups = Map.groupBy(body.alerts, ({ group }) => group);
  const lines = [
    body.alarms === 0
      ? paint.green('no alert fires')
      : paint.red(`${counted(body.alarms, 'alert')} firing`),
  ];
  for (const alerts of groups.values()) {
    lines.push('', ...alerts.map((alert) => alertLine(alert, nowMs, paint)));
  }
  if (body.more) lines.push('', 'there are more: keyturn alerts --limit N');
  return `${lines.join('\n')}\n`;
}

/** An alert in full. `runbook`: where its page is. */
export function alertText(alert: AlertView, runbook: string, nowMs: number, paint: Paint): string {
  const lines = [
    `${severityWord(alert, paint)} ${paint.bold(alert.name)} ${statusWord(alert, paint)}`,
    `  ${alert.title}.`,
    '',
    `  ${alert.summary}`,
    ...alert.details.map((detail) => `    ${detail}`),
    '',
    ...table(factsOf(alert, runbook, nowMs)).map((line) => `  ${line}`),
  ];
  if (alert.firing && alert.acknowledged === null) {
    lines.push('', `to take it on: keyturn alerts ack ${alert.id} --reason "why"`);
  }
  return `${lines.join('\n')}\n`;
}

/** Silences in force. */
export function silencesText(silences: readonly SilenceView[], nowMs: number): string {
  if (silences.length === 0) return 'no silence is in force\n';
  const lines = silences.map(
    (silence) =>
      `${silence.id}: ${matched(silence)} until ${until(silence.expires_at, nowMs)}, by ${silence.by}: ${silence.reason}`,
  );
  return `${lines.join('\n')}\n`;
}

/** What a silence is of. */
export function matched({ name, labels }: SilenceView): string {
  const wanted = Object.entries(labels).map(([label, value]) => `${label} ${value}`);
  return [name ?? 'every alert', ...wanted].join(', ');
}

function factsOf(alert: AlertView, runbook: string, nowMs: number): string[][] {
  const { acknowledged } = alert;
  const effects = [
    ...(alert.shuts_gates ? ['shuts gates that lead on'] : []),
    ...(alert.advises_rollback ? ['advises going back'] : []),
  ];
  return [
    ...Object.entries(alert.labels).map(([label, value]) => [label, value]),
    ['seen', `${toTheSecond(alert.since_at)}, ${ago(alert.since_at, nowMs)}`],
    ...(alert.fired_at === null ? [] : [['fires', `since ${toTheSecond(alert.fired_at)}`]]),
    ...(alert.resolved_at === null ? [] : [['over', `since ${toTheSecond(alert.resolved_at)}`]]),
    ...(effects.length === 0 ? [] : [['while it fires', effects.join(', ')]]),
    ...(acknowledged === null
      ? []
      : [
          [
            'taken on',
            `by ${acknowledged.by}, ${ago(acknowledged.at, nowMs)}: ${acknowledged.reason}`,
          ],
        ]),
    ...(alert.silenced_by === null ? [] : [['silenced by', alert.silenced_by]]),
    ...(alert.inhibited_by === null ? [] : [['told with', alert.inhibited_by]]),
    ['runbook', runbook],
  ];
}

function stateOf(alert: AlertView, nowMs: number): string[] {
  const at = alert.resolved_at ?? alert.fired_at ?? alert.since_at;
  return [
    `${alert.status.replace('_', ' ')} since ${ago(at, nowMs)}`,
    ...(alert.acknowledged === null ? [] : [`taken on by ${alert.acknowledged.by}`]),
    ...(alert.silenced_by === null ? [] : ['silenced']),
    ...(alert.inhibited_by === null ? [] : ['told with another']),
  ];
}

function severityWord({ firing, severity }: AlertView, paint: Paint): string {
  if (!firing) return paint.dim(severity);
  return severity === 'critical' ? paint.red(severity) : paint.yellow(severity);
}

function statusWord(alert: AlertView, paint: Paint): string {
  const word = alert.status.replace('_', ' ').toUpperCase();
  return alert.firing ? paint.red(word) : paint.dim(word);
}
