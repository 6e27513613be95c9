import type { RotationView } from './rotation.ts';
import type { VerdictView } from './verdict.ts';

/** Rotations, newest first: all that are open, and the latest of those that ended. */
export interface RotationListView {
  readonly open: readonly {
    readonly rotation: RotationView;
    /** Of the gate it waits for; null when it waits for none. */
    readonly next: Pick<VerdictView, 'gate' | 'status' | 'summary' | 'clears_at'> | null;
    /** Gate `rollback` says so. */
    readonly rollback_advised: boolean;
  }[];
  readonly ended: readonly RotationView[];
  readonly more_open: number;
  readonly more_ended: number;
}
