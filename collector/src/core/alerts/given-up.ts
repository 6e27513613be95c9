import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { type AlertLabels, type AlertRecord, isFiring } from './alert.ts';
import type { NoticeRecord } from './notice.ts';
import { ERROR_CHARS_MAX, keepNotice, removeNotice } from './outbox.ts';
import { trailOf } from './trail.ts';

/** How long a notice that nobody will get is kept, for people to see. */
export const GIVEN_UP_KEPT_MS = 24 * 3_600_000;

/** A notice will not be tried again: its receiver refuses it for good, or it got too old. */
export function noticeGivenUp(
  state: State,
  id: string,
  error: string,
  now: Now,
  writes: Write[],
): void {
  const record = state.notices.get(id);
  if (record === undefined || record.givenUpAtMs !== null) return;
  const lastError = error.slice(0, ERROR_CHARS_MAX).toWellFormed();
  const attempts = record.attempts + 1;
  keepNotice(state, { ...record, attempts, lastError, givenUpAtMs: now.atMs }, writes);
  writes.push({
    kind: 'audit',
    record: {
      atMs: now.atMs,
      kind: 'observation',
      rotationId: trailOf(state, labelsOf(record)),
      actor: 'keyturn',
      action: 'notice_given_up',
      message: `receiver ${record.receiver} was not told: ${lastError}`,
      detail: { notice: id, receiver: record.receiver, attempts, news: record.news.kind },
    },
  });
}

/**
 * What the outbox holds after a start: what was given up is tried once more where it tells of an alert
 * that fires. Its receiver may have got another address or token since, and would never hear of it.
 */
export function withSecondTry(
  notices: Map<string, NoticeRecord>,
  alerts: readonly AlertRecord[],
  now: Now,
): Map<string, NoticeRecord> {
  const firing = new Set(alerts.filter(isFiring).map(({ id }) => id));
  for (const [id, record] of notices) {
    if (record.givenUpAtMs === null || record.news.kind !== 'alert') continue;
    if (!firing.has(record.news.alert.id)) continue;
    const { atMs } = now;
    notices.set(id, { ...record, createdAtMs: atMs, nextAtMs: atMs, givenUpAtMs: null });
  }
  return notices;
}

/** Removes notices that were given up long ago. */
export function forgetGivenUp(state: State, now: Now, writes: Write[]): void {
  for (const record of state.notices.values()) {
    const { givenUpAtMs } = record;
    if (givenUpAtMs !== null && now.atMs - givenUpAtMs >= GIVEN_UP_KEPT_MS) {
      removeNotice(state, record, writes);
    }
  }
}

function labelsOf({ news }: NoticeRecord): AlertLabels {
  return news.kind === 'rotation' ? { rotation: news.rotationId } : news.alert.labels;
}
