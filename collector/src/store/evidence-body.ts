import { createHash } from 'node:crypto';
import type { EvidenceRecord } from '../core/snapshot/evidence-record.ts';

/** The text a snapshot is stored and fingerprinted as. */
export function evidenceBody(record: EvidenceRecord): string {
  return JSON.stringify(record);
}

/** SHA-256, hex, of a snapshot's text: the same for as long as nobody changes it. */
export function evidenceSha256(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
