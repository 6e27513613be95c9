import { z } from 'zod';
import { STEPS } from '../api/schemas/rotation.ts';
import { MomentSchema } from '../api/schemas/verdict.ts';
import type { ReportView } from '../api/schemas/report.ts';
import { reportSha256 } from '../report/report-digest.ts';

/** `typ` of a receipt: no other token of the world can be taken for one (RFC 8725, 3.11). */
export const RECEIPT_TYPE = 'keyturn-receipt+jwt';

const KeySchema = z.object({ kid: z.string(), thumbprint: z.string().nullable() });

/** What a receipt says. */
export const ReceiptClaimsSchema = z.object({
  iss: z.string().describe("The collector's name"),
  iat: z.int(),
  sub: z.string().describe('The rotation'),
  report_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  interim: z.boolean(),
  token_issuer: z.string(),
  alg: z.string(),
  old_key: KeySchema,
  new_key: KeySchema,
  outcome: z.enum(['completed', 'aborted']).nullable(),
  started_at: MomentSchema,
  ended_at: MomentSchema.nullable(),
  tainted: z.boolean(),
  steps: z.array(
    z.object({
      step: z.enum(STEPS),
      at: MomentSchema,
      by: z.string(),
      gate: z.string().nullable(),
      gate_status: z.string().nullable(),
      overridden: z.boolean(),
      evidence_sha256: z.string().nullable(),
    }),
  ),
  published_at: MomentSchema.nullable(),
  switched_at: MomentSchema.nullable(),
  last_old_signature_at: MomentSchema.nullable(),
  withdrawn_at: MomentSchema.nullable(),
  overlap_required_ms: z.number().nullable(),
  overlap_actual_ms: z.number().nullable(),
  audit_head: z.object({ number: z.int(), hash: z.string() }),
  audit_intact: z.boolean().nullable(),
  collector_version: z.string(),
});

export type ReceiptClaims = z.infer<typeof ReceiptClaimsSchema>;

/** Steps in one receipt; the report has all. */
const STEPS_MAX = 50;

/** The essential facts of a report, with its digest. `iatS`: Unix seconds. */
export function receiptClaims(
  report: ReportView,
  from: {
    readonly name: string;
    readonly iatS: number;
    readonly auditHead: ReceiptClaims['audit_head'];
  },
): ReceiptClaims {
  const { rotation, overlap } = report;
  return {
    iss: from.name,
    iat: from.iatS,
    sub: rotation.id,
    report_sha256: reportSha256(report),
    interim: rotation.interim,
    token_issuer: rotation.issuer,
    alg: rotation.alg,
    old_key: rotation.old_key,
    new_key: rotation.new_key,
    outcome: rotation.outcome,
    started_at: rotation.started_at,
    ended_at: rotation.ended_at,
    tainted: rotation.tainted,
    steps: report.steps.slice(-STEPS_MAX).map((step) => ({
      step: step.step,
      at: step.at,
      by: step.by,
      gate: step.gate,
      gate_status: step.gate_status,
      overridden: step.override_reason !== null,
      evidence_sha256:
        report.evidence.find(({ number }) => number === step.evidence)?.sha256 ?? null,
    })),
    published_at: overlap.published_at,
    switched_at: overlap.switched_at,
    last_old_signature_at: overlap.last_old_signature_at,
    withdrawn_at: overlap.withdrawn_at,
    overlap_required_ms: overlap.whole.required_ms,
    overlap_actual_ms: overlap.whole.actual_ms,
    audit_head: { number: from.auditHead.number, hash: from.auditHead.hash },
    audit_intact: report.audit.chain_intact,
    collector_version: report.produced_by.version,
  };
}
