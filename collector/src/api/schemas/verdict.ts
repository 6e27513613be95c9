import { GRADES } from '@keyturn/shared/model/evidence.ts';
import { GATES } from '@keyturn/shared/model/verdict.ts';
import { z } from 'zod';

/** A moment by the collector's clock, ISO 8601, UTC. */
export const MomentSchema = z.iso.datetime().describe('ISO 8601, UTC, collector clock');

export const GateSchema = z.enum(GATES).describe('What is asked before which irreversible act');

export const OffenderSchema = z
  .object({
    service: z.string(),
    instance: z.string().describe('Empty when the service as a whole is meant'),
    cache: z.string(),
    state: z.string().describe('Grade or condition found: absent, stale, silent, never_seen, …'),
    since_at: MomentSchema.nullable(),
    detail: z.string(),
  })
  .meta({ id: 'Offender' });

export const CheckSchema = z
  .object({
    id: z.string(),
    status: z.enum(['pass', 'fail', 'unknown', 'waived']),
    class: z.enum(['time', 'evidence', 'coverage', 'health', 'policy']),
    message: z.string(),
    offenders: z.array(OffenderSchema).describe('At most 100; offender_count is the full number'),
    offender_count: z.int(),
    since_at: MomentSchema.nullable(),
    clears_at: MomentSchema.nullable(),
    help: z.string().describe('The command that would help; empty when only waiting does'),
  })
  .meta({ id: 'Check' });

export const CountsSchema = z
  .object({
    expected: z.int().describe('Required verifiers known, and declared instances not heard of'),
    satisfied: z.int().describe('Those of which this gate knows what it needs'),
    by_grade: z
      .record(z.string(), z.int())
      .describe('Required verifiers by evidence of the new key'),
  })
  .meta({ id: 'Counts' });

export const VerdictSchema = z
  .object({
    rotation_id: z.string(),
    gate: GateSchema,
    ready: z.boolean().describe('True only when status is open'),
    status: z.enum(['open', 'closed', 'unknown', 'aborted']),
    summary: z.string().describe('One sentence for a person'),
    checks: z.array(CheckSchema),
    progress: z.string().describe('`satisfied/expected`; empty when it means nothing'),
    counts: CountsSchema.nullable(),
    weakest_grade: z.enum(GRADES).nullable().describe('Weakest evidence the gate accepted'),
    clears_at: MomentSchema.nullable().describe('When all that fails has passed, if known'),
    clears_at_ms: z.number().nullable().describe('The same, Unix milliseconds'),
    evaluated_at: MomentSchema,
    evaluated_at_ms: z.number(),
    valid_until: MomentSchema.nullable().describe('Ask again after this: one report interval on'),
    open_since_at: MomentSchema.nullable().describe(
      'Open without interruption since; null unless open',
    ),
    revision: z.int().describe('Grows with every visible change; the `index` of a long poll'),
    advised: z.boolean().describe('Gate rollback only: going back is advised'),
    advisory: z
      .boolean()
      .describe('The rotation was observed, not started here: nobody who asks takes the step'),
  })
  .meta({ id: 'Verdict' });

export type VerdictView = z.infer<typeof VerdictSchema>;
export type CheckView = z.infer<typeof CheckSchema>;
export type OffenderView = z.infer<typeof OffenderSchema>;
export type CountsView = z.infer<typeof CountsSchema>;
