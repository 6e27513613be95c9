import { GRADES } from '@keyturn/shared/model/evidence.ts';
import { z } from 'zod';
import { STEPS } from './rotation.ts';
import { GateSchema, MomentSchema } from './verdict.ts';

const StepSchema = z.enum(STEPS);
const KeySchema = z.object({ kid: z.string(), thumbprint: z.string().nullable() });
const StatusSchema = z.enum(['open', 'closed', 'unknown', 'aborted']);
const CountsByName = z.record(z.string(), z.int());
const ms = z.number().nullable();

const StepTakenSchema = z.object({
  step: StepSchema,
  at: MomentSchema,
  by: z.string(),
  gate: GateSchema.nullable(),
  gate_status: StatusSchema.nullable().describe('What the gate said as the step was declared'),
  override_reason: z.string().nullable().describe('Set when the step was taken against its gate'),
  reason: z.string().nullable().describe('Why, where that was said'),
  evidence: z.int().nullable().describe('Number of the evidence kept with the step'),
});

const WindowSchema = z.object({
  required_ms: ms.describe('Null: a term is not known or has no bound'),
  actual_ms: ms.describe('Null: not over yet, or its ends were not seen'),
  margin_ms: ms.describe('Actual less required; negative: too short'),
});

const OverlapSchema = z.object({
  published_at: MomentSchema.nullable().describe('The new key was served at every vantage'),
  switched_at: MomentSchema.nullable().describe('The signer was declared switched'),
  switch_seen_at: MomentSchema.nullable().describe('First new-key token accepted after that'),
  last_old_signature_at: MomentSchema.nullable().describe('Latest the old key may have signed'),
  last_old_accepted_at: MomentSchema.nullable().describe('A token of the old key was accepted'),
  old_tokens_gone_at: MomentSchema.nullable().describe('No old token can be accepted from here'),
  withdrawn_at: MomentSchema.nullable().describe('The old key was served nowhere'),
  gone_at: MomentSchema.nullable().describe('Declared gone everywhere'),
  formula: z.string(),
  terms: z.array(z.object({ symbol: z.string(), name: z.string(), ms, note: z.string() })),
  terms_from: z.int().nullable().describe('Evidence the terms are of; null: as set now'),
  whole: WindowSchema.describe('From publication of the new key to withdrawal of the old'),
  before_switch: WindowSchema.describe('From publication to the switch: P + Spub'),
  after_switch: WindowSchema.describe('From the last old signature to withdrawal: Tmax + σ + Sret'),
});

const EvidenceCheckSchema = z.object({
  id: z.string(),
  status: z.enum(['pass', 'fail', 'unknown', 'waived']),
  class: z.enum(['time', 'evidence', 'coverage', 'health', 'policy']),
  message: z.string(),
  offender_count: z.int(),
});

const EvidenceServiceSchema = z.object({
  name: z.string(),
  declared: z.boolean(),
  required: z.boolean(),
  kind: z.string().describe('How its verifiers come to be known'),
  way: z.string().describe('How its readiness was established: evidence, attested, timed, …'),
  evidence: z.enum(GRADES).describe('The weakest evidence its policy asked for'),
  profile: z.string(),
  instances_declared: z.int().nullable().describe('The fewest where a range was declared'),
  instances_max: z.int().nullable(),
  instances_live: z.int(),
  verifiers: z.int(),
  silent: z.int(),
  joined: z.int(),
  uncounted: z.int(),
  by_new: CountsByName.describe('Verifiers by what was known of the new key'),
  by_old: CountsByName.describe('Verifiers by what was known of the old key'),
});

const EvidenceVerifierSchema = z.object({
  service: z.string(),
  instance: z.string(),
  cache: z.string(),
  profile: z.string(),
  source: z.string(),
  liveness: z.string(),
  holds_new: z.string(),
  holds_new_since_at: MomentSchema,
  holds_old: z.string(),
  holds_old_since_at: MomentSchema,
  detail: z.string(),
  reported_at: MomentSchema.nullable(),
});

const EvidenceSchema = z.object({
  number: z.int(),
  at: MomentSchema,
  occasion: z.string().describe('`step activate`, `gate activate opens`, …'),
  gate: GateSchema.nullable(),
  gate_status: StatusSchema.nullable(),
  weakest_grade: z.enum(GRADES).nullable(),
  checks: z.array(EvidenceCheckSchema),
  services: z.array(EvidenceServiceSchema),
  verifiers: z.array(EvidenceVerifierSchema).describe('Weakest evidence first'),
  verifiers_more: z.int().describe('In the stored evidence beyond those listed here'),
  verifiers_uncounted: z.int().describe('Known then, and not listed in the stored evidence either'),
  attestations: z.array(z.string()).describe('Ids of those in force'),
  waivers: z.array(z.string()).describe('Ids of those in force'),
  policy_sha256: z.string().describe('Of the policy in force; contains no secret'),
  sha256: z.string().describe('Of the evidence as stored: GET …/evidence/{number}'),
  witnessed: z.boolean().describe('The audit trail names this digest'),
});

const DecisionSchema = z.object({
  number: z.int().describe('In the audit trail'),
  at: MomentSchema,
  gate: z.string(),
  status: z.string(),
  before: z.string().nullable(),
  reasons: z.array(z.string()).describe('What kept it from being open'),
  hash: z.string(),
});

const ActSchema = z.object({
  number: z.int(),
  at: MomentSchema,
  refused: z.boolean(),
  by: z.string(),
  action: z.string(),
  message: z.string(),
  hash: z.string(),
});

const VouchedSchema = z.object({
  id: z.string(),
  what: z.string(),
  by: z.string(),
  reason: z.string(),
  at: MomentSchema,
  until: MomentSchema,
});

const RehearsedSchema = z.object({
  number: z.int(),
  at: MomentSchema,
  by: z.string(),
  status: z.enum(['passed', 'failed', 'unknown']),
  in_the_way: z.array(z.string()),
});

const FindingSchema = z.object({
  id: z.string().describe('Stable, snake_case'),
  level: z.enum(['alarm', 'warning', 'note']),
  at: MomentSchema.nullable(),
  message: z.string(),
});

const ControlSchema = z.object({
  framework: z.string(),
  id: z.string(),
  title: z.string(),
  extent: z
    .enum(['evidence', 'partly', 'nothing'])
    .describe('How far this report is evidence; `nothing`: the rotation shows nothing of it'),
  shows: z.string(),
});

/** The evidence report of one rotation. */
export const ReportSchema = z
  .object({
    format: z.literal('keyturn-report/1'),
    produced_by: z.object({ name: z.string(), version: z.string() }),
    rotation: z.object({
      id: z.string(),
      issuer: z.string(),
      alg: z.string().describe('Of the new key'),
      old_alg: z.string().describe('Of the old key; empty where it names none'),
      key_kind: z.enum(['public', 'secret']).describe('Secret: shared, known by its id alone'),
      origin: z
        .enum(['declared', 'observed'])
        .describe('Observed: the key appeared by itself, and its gates only advise'),
      old_key: KeySchema,
      new_key: KeySchema,
      started_at: MomentSchema,
      started_by: z.string(),
      ended_at: MomentSchema.nullable(),
      outcome: z.enum(['completed', 'aborted']).nullable(),
      ended_because: z.string().nullable().describe('Why an observed rotation ended'),
      tainted: z.boolean().describe('The old key was marked as compromised'),
      interim: z.boolean().describe('The rotation is still open; a later report will say more'),
    }),
    summary: z.array(z.string()).describe('Sentences for a person'),
    steps: z.array(StepTakenSchema).describe('In the order taken'),
    overlap: OverlapSchema,
    evidence: z.array(EvidenceSchema).describe('What was known, at each step and gate opening'),
    evidence_left_out: z.int(),
    decisions: z.array(DecisionSchema).describe('Every change of a gate, oldest first'),
    decisions_left_out: z.int().describe('From the middle, where there are very many'),
    acts: z.array(ActSchema).describe('What people and tools did or were refused'),
    acts_left_out: z.int(),
    overrides: z.array(StepTakenSchema),
    waivers: z.array(VouchedSchema),
    attestations: z.array(VouchedSchema),
    rehearsals: z
      .array(RehearsedSchema)
      .describe('Dry runs of going back, oldest first; the latest that are kept'),
    findings: z.array(FindingSchema),
    audit: z.object({
      entries: z.int().describe('Of this rotation'),
      first: z.object({ number: z.int(), hash: z.string() }).nullable(),
      last: z.object({ number: z.int(), hash: z.string() }).nullable(),
      chain_intact: z.boolean().nullable().describe('Of the whole trail; null: not looked at'),
      first_broken: z.int().nullable(),
    }),
    controls: z.array(ControlSchema),
  })
  .meta({ id: 'Report' });

export type ReportView = z.infer<typeof ReportSchema>;
export type StepTakenView = z.infer<typeof StepTakenSchema>;
export type EvidenceView = z.infer<typeof EvidenceSchema>;
export type DecisionView = z.infer<typeof DecisionSchema>;
export type ActView = z.infer<typeof ActSchema>;
export type FindingView = z.infer<typeof FindingSchema>;
export type ControlView = z.infer<typeof ControlSchema>;
export type OverlapView = z.infer<typeof OverlapSchema>;
export type WindowView = z.infer<typeof WindowSchema>;
