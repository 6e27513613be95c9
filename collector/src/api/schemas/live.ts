import type { AlertView } from './alert.ts';
import type { CollectorHealthView } from './health.ts';
import type { RotationDetailView } from './rotation.ts';
import type { RotationListView } from './rotation-list.ts';
import type { StatusView } from './status.ts';
import type { TimelineView } from './timeline.ts';

/** What each view of the live stream is, by its name; see GET /v1/live. */
export interface LiveViewTypes {
  readonly overview: StatusView;
  /** Argument: the rotation's id. */
  readonly rotation: RotationDetailView;
  /** Argument: the rotation's id. */
  readonly 'rotation-timeline': TimelineView;
  /** Argument: the rotation's id. */
  readonly 'rotation-alerts': readonly AlertView[];
  readonly rotations: RotationListView;
  readonly health: CollectorHealthView;
}

export type LiveViewName = keyof LiveViewTypes;
