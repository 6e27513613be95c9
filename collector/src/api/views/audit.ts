import type { StoredAuditEntry } from '../../store/store.ts';
import type { AuditEntryView } from '../schemas/status.ts';
import { isoMoment } from '../../iso-moment.ts';

export function auditEntryView(entry: StoredAuditEntry): AuditEntryView {
  return {
    number: entry.number,
    at: isoMoment(entry.atMs),
    kind: entry.kind,
    rotation_id: entry.rotationId,
    actor: entry.actor,
    action: entry.action,
    message: entry.message,
    detail: { ...entry.detail },
    hash: entry.hash,
  };
}
