import type { RotationDetailView } from './rotation.ts';
import type { StatusView } from './status.ts';

/** What each view of the live stream is, by its name; see GET /v1/live. */
export interface LiveViewTypes {
  readonly overview: StatusView;
  /** Argument: the rotation's id. */
  readonly rotation: RotationDetailView;
}

export type LiveViewName = keyof LiveViewTypes;
