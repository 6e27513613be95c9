import type { AlertRecord } from './alert.ts';

/**
 * What receivers are told of an alert. `fired`: it counts, and they were not told before. `worse`: its
 * severity rose above what they were told. `no_data`: it goes on, unseen; once per occurrence.
 * `acknowledged`: somebody took it on. `resolved`: it is over.
 */
export const ALERT_CHANGES = ['fired', 'worse', 'no_data', 'acknowledged', 'resolved'] as const;
export type AlertChange = (typeof ALERT_CHANGES)[number];

/** Something receivers are to be told, once each: a change of an alert, or a step of a rotation. */
export type News =
  /** `alert`: as it was at the change. */
  | { readonly kind: 'alert'; readonly change: AlertChange; readonly alert: AlertRecord }
  | {
      readonly kind: 'rotation';
      readonly rotationId: string;
      readonly issuer: string;
      /** As in the audit trail: `activate`, `rollback`, `taint`, … */
      readonly step: string;
      readonly by: string;
      readonly message: string;
    };

/** A line of the outbox: one piece of news for one receiver, kept until that has taken it. */
export interface NoticeRecord {
  /**
   * The same for ever for the same news and receiver, so that it can be told twice and count once:
   * `ALERT.TRANSITION.RECEIVER`, or `ROTATION.STEP.MOMENT.RECEIVER`.
   */
  readonly id: string;
  /** Name of the receiver in the settings. */
  readonly receiver: string;
  readonly news: News;
  readonly createdAtMs: number;
  readonly attempts: number;
  /** Not tried again before this. */
  readonly nextAtMs: number;
  /** Why the last attempt failed; null before one did. */
  readonly lastError: string | null;
  /** Since when it is not tried any more; null while it is. */
  readonly givenUpAtMs: number | null;
}
