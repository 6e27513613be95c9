import { counted } from '@keyturn/shared/model/counted.ts';
import type { AuditEntry } from './core/records.ts';
import type { EvidenceRecord } from './core/snapshot/evidence-record.ts';
import { occasionName } from './occasion-name.ts';
import { evidenceBody, evidenceSha256 } from './store/evidence-body.ts';

/** The action under which the audit trail names snapshots. */
export const EVIDENCE_TAKEN = 'evidence_taken';

/**
 * The audit entry of a snapshot. Its digest stands in the hash chain, so that a snapshot cannot be
 * changed afterwards without the trail showing it.
 */
export function evidenceWitness(record: EvidenceRecord): AuditEntry {
  return {
    atMs: record.atMs,
    kind: 'observation',
    rotationId: record.rotationId,
    actor: 'keyturn',
    action: EVIDENCE_TAKEN,
    message: `evidence ${record.number} was kept: ${counted(record.verifiers.length, 'verifier')} as ${occasionName(record.occasion)}`,
    detail: {
      number: record.number,
      sha256: evidenceSha256(evidenceBody(record)),
      verifiers: record.verifiers.length,
      left_out: record.verifiersLeftOut,
    },
  };
}
