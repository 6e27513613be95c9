import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import type { AlertChange, News, NoticeRecord } from './notice.ts';
import type { AlertRecord } from './alert.ts';

/** Notices kept at a time. One is about a kilobyte. */
export const NOTICES_MAX = 10_000;

/** Dropped together once the outbox is full, so that it is not searched for each further one. */
const DROPPED_TOGETHER = 100;

/** A receiver is tried again within this at the latest, milliseconds. */
const RETRY_WITHIN_MS = 3_600_000;

export const ERROR_CHARS_MAX = 500;

/** Puts a change of an alert into the outbox, once for every receiver. */
export function tellAlert(
  state: State,
  alert: AlertRecord,
  change: AlertChange,
  now: Now,
  writes: Write[],
): void {
  const id = `${alert.id}.${alert.transition}`;
  tell(state, id, { kind: 'alert', change, alert }, now, writes);
}

/** Puts a step of a rotation into the outbox, once for every receiver. */
export function tellStep(
  state: State,
  step: Omit<Extract<News, { readonly kind: 'rotation' }>, 'kind'>,
  now: Now,
  writes: Write[],
): void {
  const id = `${step.rotationId}.${step.step}.${now.atMs}`;
  tell(state, id, { kind: 'rotation', ...step }, now, writes);
}

function tell(state: State, id: string, news: News, now: Now, writes: Write[]): void {
  for (const receiver of state.policy.alerts.receivers) {
    const record: NoticeRecord = {
      id: `${id}.${receiver}`,
      receiver,
      news,
      createdAtMs: now.atMs,
      attempts: 0,
      nextAtMs: now.atMs,
      lastError: null,
      givenUpAtMs: null,
    };
    if (state.notices.has(record.id)) continue;
    if (state.notices.size >= NOTICES_MAX) makeRoom(state, writes);
    keepNotice(state, record, writes);
    state.noticesAdded = true;
  }
}

/** The outbox as it was written, oldest first. */
export function restoreNotices(records: readonly NoticeRecord[]): Map<string, NoticeRecord> {
  const oldestFirst = records.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  return new Map(oldestFirst.map((record) => [record.id, record]));
}

/** A receiver took a notice. One that is not there was taken before, or made room. */
export function noticeDelivered(state: State, id: string, writes: Write[]): void {
  const record = state.notices.get(id);
  if (record !== undefined) removeNotice(state, record, writes);
}

/** A receiver did not take a notice, which is to be tried again after `retryInMs`. */
export function noticeFailed(
  state: State,
  id: string,
  failure: { readonly error: string; readonly retryInMs: number },
  now: Now,
  writes: Write[],
): void {
  const record = state.notices.get(id);
  if (record === undefined) return;
  const waitMs = Math.min(RETRY_WITHIN_MS, Math.max(0, Math.round(failure.retryInMs) || 0));
  const next: NoticeRecord = {
    ...record,
    attempts: record.attempts + 1,
    nextAtMs: now.atMs + waitMs,
    lastError: failure.error.slice(0, ERROR_CHARS_MAX).toWellFormed(),
  };
  keepNotice(state, next, writes);
}

/** Removes notices for receivers that the settings do not name any more. */
export function forgetReceivers(state: State, writes: Write[]): void {
  const receivers = new Set(state.policy.alerts.receivers);
  for (const record of state.notices.values()) {
    if (!receivers.has(record.receiver)) removeNotice(state, record, writes);
  }
}

/**
 * What was given up goes first, then the oldest of those that a later one of the same alert and receiver
 * overtook: its news is in the later one. Then the oldest of all.
 */
function makeRoom(state: State, writes: Write[]): void {
  const all = [...state.notices.values()];
  const useless = all.filter(({ givenUpAtMs }) => givenUpAtMs !== null);
  const doomed = new Set([...useless, ...overtakenNotices(state), ...all]);
  for (const record of [...doomed].slice(0, DROPPED_TOGETHER)) {
    removeNotice(state, record, writes);
    state.health.droppedNotices += 1;
  }
}

function overtakenNotices(state: State): readonly NoticeRecord[] {
  const latest = new Map<string, NoticeRecord>();
  const overtaken: NoticeRecord[] = [];
  for (const record of state.notices.values()) {
    if (record.news.kind !== 'alert' || record.givenUpAtMs !== null) continue;
    const about = `${record.news.alert.id} ${record.receiver}`;
    const before = latest.get(about);
    if (before !== undefined) overtaken.push(before);
    latest.set(about, record);
  }
  return overtaken;
}

/** Puts a notice where it was, or behind all others. */
export function keepNotice(state: State, record: NoticeRecord, writes: Write[]): void {
  state.notices.set(record.id, record);
  writes.push({ kind: 'notice', record });
}

export function removeNotice(state: State, record: NoticeRecord, writes: Write[]): void {
  state.notices.delete(record.id);
  writes.push({ kind: 'notice_removed', record });
}
