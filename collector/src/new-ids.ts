import { randomBytes } from 'node:crypto';

/** A rotation id a person can say: the day and three random bytes. */
export function newRotationId(nowMs: number): string {
  return `r-${new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '')}-${randomBytes(3).toString('hex')}`;
}

/** An id for an attestation (`att`), waiver (`wvr`) or silence (`sil`). */
export function newRecordId(prefix: 'att' | 'wvr' | 'sil'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
