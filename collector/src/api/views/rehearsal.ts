import type { RehearsalRecord } from '../../core/records.ts';
import type { RehearsalView } from '../schemas/rehearsal.ts';
import { isoMoment } from '../../iso-moment.ts';

/** A rehearsal as JSON. */
export function rehearsalView(record: RehearsalRecord): RehearsalView {
  return {
    rotation_id: record.rotationId,
    number: record.number,
    by: record.by,
    rehearsed_at: isoMoment(record.atMs),
    status: record.status,
    checks: record.checks.map((check) => ({
      id: check.id,
      status: check.status,
      class: check.class,
      message: check.message,
      offenders: [...check.offenders],
      offender_count: check.offenderCount,
    })),
  };
}
