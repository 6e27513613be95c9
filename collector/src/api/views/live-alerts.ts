import { z } from 'zod';
import { ALERT_STATUSES, type AlertRecord } from '../../core/alerts/alert.ts';
import { ALERT_NAMES, SEVERITIES } from '../../core/alerts/catalogue.ts';
import { type Mute, muter } from '../../core/alerts/mute.ts';
import type { State } from '../../core/state.ts';
import { filterArgument } from '../live/filter-argument.ts';
import type { LiveContext } from '../live/live-views.ts';
import type { AlertsView } from '../schemas/live-alerts.ts';
import { alertViews, byOrder, silenceView } from './alert.ts';
import { alertGroups } from './alert-groups.ts';
import { receiverView } from './receiver.ts';

const FIRING_LIMITS = { groups: 100, perGroup: 50 } as const;
const OTHER_LIMITS = { groups: 50, perGroup: 20 } as const;
const ISSUERS_SHOWN_MAX = 200;
const SILENCES_SHOWN_MAX = 100;

const FilterSchema = z.strictObject({
  state: z.enum(ALERT_STATUSES).optional(),
  severity: z.enum(SEVERITIES).optional(),
  issuer: z.string().max(512).optional(),
  name: z.enum(ALERT_NAMES).optional(),
  q: z.string().max(100).optional(),
});

type Filter = z.output<typeof FilterSchema>;

/** Alerts that match a filter, and who is told of them; undefined: the filter is not understood. */
export function alertsView(
  { engine, notifier }: LiveContext,
  argument: string,
): AlertsView | undefined {
  const filter = filterArgument(FilterSchema, argument);
  if (filter === undefined) return undefined;
  const state = engine.state();
  const nowMs = engine.nowMs();
  const muteOf = muter(state, { atMs: nowMs, earliestMs: nowMs });
  const all = [...state.alerts.values()].filter(({ name }) => name !== 'Watchdog');
  const matching = all.filter((alert) => isAsked(alert, filter)).toSorted(byOrder);
  const of = (...statuses: readonly AlertRecord['status'][]) =>
    matching.filter(({ status }) => statuses.includes(status));
  const firing = alertGroups(of('firing', 'no_data'), muteOf, FIRING_LIMITS);
  const pending = alertGroups(of('pending'), muteOf, OTHER_LIMITS);
  const resolved = alertGroups(of('resolved').toReversed(), muteOf, OTHER_LIMITS);
  const watchdog = [...state.alerts.values()].find(({ name }) => name === 'Watchdog');
  return {
    counts: countsOf(all),
    watchdog: watchdog === undefined ? null : alertViews(state, nowMs)(watchdog),
    matching: matching.length,
    firing: firing.groups,
    pending: pending.groups,
    resolved: resolved.groups,
    more: firing.more + pending.more + resolved.more,
    names: ALERT_NAMES.filter((name) => all.some((alert) => alert.name === name)),
    issuers: issuersOf(all),
    ...silencesOf(state, all, muteOf, nowMs),
    receivers: notifier.health().map(receiverView),
  };
}

function isAsked(alert: AlertRecord, filter: Filter): boolean {
  return (
    (filter.state === undefined || alert.status === filter.state) &&
    (filter.severity === undefined || alert.severity === filter.severity) &&
    (filter.issuer === undefined || alert.labels.issuer === filter.issuer) &&
    (filter.name === undefined || alert.name === filter.name) &&
    (filter.q === undefined || holds(alert, filter.q.toLowerCase()))
  );
}

function holds({ id, labels, name, summary }: AlertRecord, text: string): boolean {
  return [id, name, summary, ...Object.values(labels)].some((each) =>
    each.toLowerCase().includes(text),
  );
}

function countsOf(alerts: readonly AlertRecord[]): AlertsView['counts'] {
  const counts = { firing: 0, no_data: 0, pending: 0, resolved: 0 };
  for (const { status } of alerts) counts[status] += 1;
  return counts;
}

function issuersOf(alerts: readonly AlertRecord[]): readonly string[] {
  const issuers = new Set(alerts.flatMap(({ labels }) => labels.issuer ?? []));
  return [...issuers].sort().slice(0, ISSUERS_SHOWN_MAX);
}

function silencesOf(
  state: Readonly<State>,
  alerts: readonly AlertRecord[],
  muteOf: (alert: AlertRecord) => Mute | undefined,
  nowMs: number,
): Pick<AlertsView, 'silences' | 'more_silences'> {
  const kept = new Map<string, number>();
  for (const alert of alerts) {
    const mute =
      alert.status === 'firing' || alert.status === 'no_data' ? muteOf(alert) : undefined;
    if (mute?.kind === 'silenced') kept.set(mute.by.id, (kept.get(mute.by.id) ?? 0) + 1);
  }
  const inForce = [...state.silences.values()]
    .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
    .sort((a, b) => a.expiresAtMs - b.expiresAtMs);
  return {
    silences: inForce
      .slice(0, SILENCES_SHOWN_MAX)
      .map((silence) => ({ ...silenceView(silence), silencing: kept.get(silence.id) ?? 0 })),
    more_silences: Math.max(0, inForce.length - SILENCES_SHOWN_MAX),
  };
}
