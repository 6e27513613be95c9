import type { Now, State } from '../state.ts';

const ERROR_CHARS_MAX = 500;

/** How it stands with one receiver, since the collector started. */
export interface Delivery {
  /** Since when what it was sent last did not arrive; null: it arrived. */
  readonly failingSinceMs: number | null;
  /** Why not; null while it takes what it is sent. */
  readonly error: string | null;
}

/** Whoever sends tells what came of it, when that changed. Only for receivers of the settings. */
export function noteDelivery(state: State, receiver: string, error: string | null, now: Now): void {
  if (!receiverNames(state).includes(receiver)) return;
  const before = state.deliveries.get(receiver);
  state.deliveries.set(
    receiver,
    error === null
      ? { failingSinceMs: null, error: null }
      : {
          failingSinceMs: before?.failingSinceMs ?? now.atMs,
          error: error.slice(0, ERROR_CHARS_MAX).toWellFormed(),
        },
  );
}

/** Everybody who is told of alerts, by name. */
export function receiverNames({ policy }: State): readonly string[] {
  return [...policy.alerts.receivers, ...policy.alerts.alertmanagers];
}
