import type { Clock } from '@keyturn/shared/clock.ts';
import type { Engine } from '../engine-port.ts';
import type { Sender } from './event.ts';
import type { post } from './post.ts';

/** What senders need of the engine. */
export type NotifyEngine = Pick<
  Engine,
  'state' | 'nowMs' | 'onNews' | 'noticeDelivered' | 'noticeFailed' | 'noticeGivenUp' | 'delivery'
>;

/** What senders tell of; one call per event. */
export interface NotifyEvents {
  /** Told when it begins, and whenever the reason changes. */
  deliveryFailing(receiver: string, message: string): void;
  deliveryRecovered(receiver: string): void;
  noticeGivenUp(receiver: string, notice: string, message: string): void;
}

/** What senders work with. */
export interface NotifyPort {
  readonly engine: NotifyEngine;
  readonly clock: Clock;
  readonly sender: Sender;
  readonly events: NotifyEvents;
  /** Of [0, 1); spreads retries. */
  readonly random: () => number;
  readonly post: typeof post;
}
