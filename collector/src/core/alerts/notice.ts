import type { AlertRecord } from './alert.ts';

/** Something receivers are to be told, once each: a change of an alert, or a step of a rotation. */
export type News =
  | { readonly kind: 'alert'; readonly alert: AlertRecord }
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
  /** The same for ever for the same news and receiver, so that it can be told twice and count once. */
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
}
