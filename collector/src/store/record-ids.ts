import {
  type KeyRecord,
  type RehearsalRecord,
  REHEARSALS_KEPT_MAX,
  type UsageRecord,
} from '../core/records.ts';
import type { EvidenceRef } from '../core/snapshot/evidence-record.ts';

// Identity of records that have no id of their own. JSON keeps the parts apart whatever they contain.

/** (issuer, kid, thumbprint): one kid with two thumbprints is two keys. */
export function keyRecordId(record: KeyRecord): string {
  return JSON.stringify([record.issuer, record.key.kid, record.key.thumbprint]);
}

/** (issuer, kid), kid null for tokens without one. */
export function usageRecordId(record: UsageRecord): string {
  return JSON.stringify([record.issuer, record.kid]);
}

/** (rotation, number). */
export function evidenceRecordId(record: Pick<EvidenceRef, 'rotationId' | 'number'>): string {
  return JSON.stringify([record.rotationId, record.number]);
}

/** (rotation, number), where a number beyond those kept takes the place of the oldest. */
export function rehearsalRecordId(record: RehearsalRecord): string {
  return JSON.stringify([record.rotationId, record.number % REHEARSALS_KEPT_MAX]);
}
