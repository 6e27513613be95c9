import type { Now, State } from '../state.ts';
import type { AlertLabels } from './alert.ts';
import type { AlertName, Severity } from './catalogue.ts';

/** What a rule says of one thing now. */
export type Judgement =
  /** It is so. */
  | {
      readonly status: 'present';
      readonly name: AlertName;
      readonly labels: AlertLabels;
      /** Where it differs from the kind's own, such as in an open rotation. */
      readonly severity?: Severity;
      readonly summary: string;
      readonly details?: readonly string[];
    }
  /**
   * Whether it is so cannot be told now. An alert that fires goes on, as `no_data`; one that does not
   * fire is not raised by it.
   */
  | { readonly status: 'unknown'; readonly name: AlertName; readonly labels: AlertLabels };

/**
 * A rule looks at the state and says everything that is so, or cannot be told, of the kinds it speaks
 * for. What it says nothing of is over. Called about once a second: it reads kept sets and counters,
 * never the whole fleet.
 */
export interface AlertRule {
  readonly names: readonly AlertName[];
  judge(state: State, now: Now): readonly Judgement[];
}
