import type { AlertView } from './alert.ts';
import type { CollectorHealthView } from './health.ts';
import type { RotationListView } from './rotation-list.ts';
import type { TimelineView } from './timeline.ts';
import type { AlertDetailView, AlertsView } from './live-alerts.ts';
import type { InventoryView } from './live-inventory.ts';
import type { IssuerDetailView, IssuersView } from './live-issuers.ts';
import type { OverviewView } from './overview.ts';
import type { RotationDetailView } from './rotation.ts';
import type { TabView } from './tab.ts';
import type { VerifierDetailView } from './verifier-detail.ts';

/** What each view of the live stream is, by its name; see GET /v1/live. */
export interface LiveViewTypes {
  readonly tab: TabView;
  readonly overview: OverviewView;
  /** Argument: the rotation's id. */
  readonly rotation: RotationDetailView;
  /** Argument: the rotation's id. */
  readonly 'rotation-timeline': TimelineView;
  /** Argument: the rotation's id. */
  readonly 'rotation-alerts': readonly AlertView[];
  readonly rotations: RotationListView;
  readonly health: CollectorHealthView;
  /** Argument: a filter, as in the page's address: `state`, `severity`, `issuer`, `name`, `q`. */
  readonly alerts: AlertsView;
  /** Argument: the alert's id. */
  readonly alert: AlertDetailView;
  readonly issuers: IssuersView;
  /** Argument: the exact issuer. */
  readonly issuer: IssuerDetailView;
  /** Argument: a filter, as in the page's address: `state`, `issuer`, `q`. */
  readonly inventory: InventoryView;
  /** Argument: `service/instance/cache`. */
  readonly verifier: VerifierDetailView;
}

export type LiveViewName = keyof LiveViewTypes;
