import type { AlertView } from './alert.ts';
import type { RotationView } from './rotation.ts';
import type { VerdictView } from './verdict.ts';

/** What the title and the picture of a browser's tab are judged by. */
export interface TabView {
  /** Critical ones that fire, the worst first; the first 100. */
  readonly alerts: readonly Pick<AlertView, 'severity' | 'firing' | 'name' | 'labels'>[];
  /** Open ones that somebody declared, the first 50. */
  readonly rotations: readonly {
    readonly rotation: Pick<RotationView, 'id' | 'issuer' | 'phase' | 'open'>;
    /** Null: none any more. */
    readonly next_gate: VerdictView['gate'] | null;
    /** The gate it waits for, and `rollback`. */
    readonly gates: readonly Pick<VerdictView, 'gate' | 'status' | 'progress' | 'advised'>[];
  }[];
  /** Beyond the first 50: nothing is said of them. */
  readonly more_rotations: number;
}
