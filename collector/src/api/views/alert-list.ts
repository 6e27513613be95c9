import { type AlertRecord, isFiring } from '../../core/alerts/alert.ts';
import type { State } from '../../core/state.ts';
import { alertOrder, byOrder } from './alert.ts';

/** Which alerts; what is undefined filters nothing. */
export interface AlertFilter {
  readonly firing?: boolean | undefined;
  readonly status?: string | undefined;
  readonly name?: string | undefined;
  readonly rotation?: string | undefined;
  readonly issuer?: string | undefined;
  readonly service?: string | undefined;
}

export interface AlertList {
  readonly alerts: readonly AlertRecord[];
  /** Pass as `after` for the next page; null on the last. */
  readonly next: string | null;
}

/** One page of the matching alerts, those that fire first. */
export function alertList(
  state: Readonly<State>,
  filter: AlertFilter,
  page: { readonly after: string; readonly limit: number },
): AlertList {
  const found = [...state.alerts.values()]
    .filter((alert) => isAsked(alert, filter) && alertOrder(alert) > page.after)
    .toSorted(byOrder);
  const alerts = found.slice(0, page.limit);
  const last = alerts.at(-1);
  const isMore = found.length > page.limit && last !== undefined;
  return { alerts, next: isMore ? alertOrder(last) : null };
}

/** Whether an alert is one of those asked for. */
export function isAsked(alert: AlertRecord, filter: AlertFilter): boolean {
  const { labels, name, status } = alert;
  return (
    isWanted(filter.firing, isFiring(alert)) &&
    isWanted(filter.status, status) &&
    isWanted(filter.name, name) &&
    isWanted(filter.rotation, labels.rotation) &&
    isWanted(filter.issuer, labels.issuer) &&
    isWanted(filter.service, labels.service)
  );
}

function isWanted<T>(wanted: T | undefined, value: T | undefined): boolean {
  return wanted === undefined || wanted === value;
}
