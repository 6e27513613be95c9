import { createHash } from 'node:crypto';
import type { AuditEntry } from '../core/records.ts';
import { canonicalJson } from './canonical-json.ts';

/** Where an audit trail stands: the last number given out and the hash the next one builds on. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

/** Before the first entry. */
export const AUDIT_START: AuditHead = { number: 0, hash: '0'.repeat(64) };

/** One entry as stored; `body` is the canonical JSON the hash covers. */
export interface AuditLink extends AuditHead {
  readonly body: string;
}

/** The link that follows `head`. */
export function nextAuditLink(head: AuditHead, entry: AuditEntry): AuditLink {
  const number = head.number + 1;
  const body = canonicalJson(entry);
  return { number, body, hash: auditHash(head.hash, number, body) };
}

/** SHA-256, hex, over the previous hash, the number and the entry's canonical JSON, one per line. */
export function auditHash(previousHash: string, number: number, body: string): string {
  return createHash('sha256').update(`${previousHash}\n${number}\n${body}`).digest('hex');
}

/**
 * Number of the first link that does not follow from the one before, or null. A trail that ends
 * before `head` was cut: the answer is then the first missing number.
 */
export function firstBrokenLink(links: Iterable<AuditLink>, head: AuditHead): number | null {
  let last: AuditHead = AUDIT_START;
  for (const link of links) {
    const expected = last.number + 1;
    if (link.number !== expected) return expected;
    if (link.hash !== auditHash(last.hash, link.number, link.body)) return expected;
    last = link;
  }
  if (last.number < head.number) return last.number + 1;
  return last.number === head.number && last.hash === head.hash ? null : Math.max(1, last.number);
}
