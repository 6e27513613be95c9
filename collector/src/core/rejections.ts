import type { Now, State } from './state.ts';

/** Services told apart; what others are turned away for counts as of nobody known. */
export const REJECTED_SERVICES_MAX = 64;

/** After so long without another one, rejections are over, milliseconds. */
export const REJECTIONS_REMEMBERED_MS = 600_000;

/** Longest reason kept, characters. */
const REASON_CHARS_MAX = 256;

/** What of one service was turned away without a break of `REJECTIONS_REMEMBERED_MS`. */
export interface Rejections {
  readonly count: number;
  readonly sinceMs: number;
  readonly lastAtMs: number;
  /** Of the last one. */
  readonly reason: string;
}

/** Counts one report, hello or message that was turned away. `service` empty: nobody known sent it. */
export function noteRejection(state: State, service: string, reason: string, now: Now): void {
  const { rejections } = state;
  const isNew = !rejections.has(service);
  if (isNew && rejections.size >= REJECTED_SERVICES_MAX) forgetOver(rejections, now);
  const name = isNew && rejections.size >= REJECTED_SERVICES_MAX ? '' : service;
  const before = rejections.get(name);
  const goesOn = before !== undefined && !isOver(before, now);
  rejections.set(name, {
    count: goesOn ? before.count + 1 : 1,
    sinceMs: goesOn ? before.sinceMs : now.atMs,
    lastAtMs: now.atMs,
    reason: reason.slice(0, REASON_CHARS_MAX),
  });
}

export function isOver({ lastAtMs }: Rejections, now: Now): boolean {
  return now.atMs - lastAtMs > REJECTIONS_REMEMBERED_MS;
}

function forgetOver(rejections: Map<string, Rejections>, now: Now): void {
  for (const [service, counted] of rejections) {
    if (isOver(counted, now)) rejections.delete(service);
  }
}
