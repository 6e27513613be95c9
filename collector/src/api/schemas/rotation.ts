import { z } from 'zod';
import { DependentSchema } from './service.ts';
import { GateSchema, MomentSchema, VerdictSchema } from './verdict.ts';

export const STEPS = [
  'publish',
  'activate',
  'retire',
  'rollback',
  'abort',
  'taint',
  'complete',
] as const;

export const FACTS = ['holds_new', 'rejects_old'] as const;

export const StepSchema = z.enum(STEPS).describe('What the tool has just done or is about to do');

const KeySchema = z.object({ kid: z.string(), thumbprint: z.string().nullable() });

export const RotationSchema = z
  .object({
    id: z.string(),
    issuer: z.string(),
    alg: z.string(),
    old_alg: z
      .string()
      .describe(
        'Algorithm of the old key; differs where the rotation changes it, empty: not known',
      ),
    old_key: KeySchema,
    new_key: KeySchema,
    phase: z
      .enum(['staged', 'published', 'ready', 'active', 'drained', 'withdrawn', 'gone', 'aborted'])
      .describe('As observed, not as declared'),
    open: z.boolean().describe('Neither completed nor aborted'),
    outcome: z.enum(['completed', 'aborted']).nullable(),
    tainted: z.boolean(),
    started_at: MomentSchema,
    started_by: z.string(),
    published_at: MomentSchema.nullable().describe('The new key is served at every vantage since'),
    switched_at: MomentSchema.nullable().describe('The signer was declared switched'),
    withdrawn_at: MomentSchema.nullable().describe('The old key is served nowhere since'),
    ended_at: MomentSchema.nullable(),
    declared: z.array(
      z.object({
        step: StepSchema,
        at: MomentSchema,
        by: z.string(),
        override_reason: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Rotation' });

export const AttestationSchema = z
  .object({
    id: z.string(),
    rotation_id: z.string(),
    service: z.string(),
    instance: z.string().nullable().describe('Null: every instance'),
    fact: z.enum(FACTS),
    by: z.string(),
    reason: z.string(),
    attested_at: MomentSchema,
    expires_at: MomentSchema,
    in_force: z.boolean(),
  })
  .meta({ id: 'Attestation' });

export const WaiverSchema = z
  .object({
    id: z.string(),
    rotation_id: z.string(),
    gate: GateSchema,
    check_id: z.string(),
    by: z.string(),
    reason: z.string(),
    waived_at: MomentSchema,
    expires_at: MomentSchema,
    in_force: z.boolean(),
  })
  .meta({ id: 'Waiver' });

export const RotationDetailSchema = z
  .object({
    rotation: RotationSchema,
    gates: z.array(VerdictSchema),
    attestations: z.array(AttestationSchema).describe('The latest 200'),
    waivers: z.array(WaiverSchema).describe('The latest 200'),
    dependents: z
      .array(DependentSchema)
      .describe('The first 200 services it depends on, those it waits for first'),
  })
  .meta({ id: 'RotationDetail' });

export type RotationView = z.infer<typeof RotationSchema>;
export type AttestationView = z.infer<typeof AttestationSchema>;
export type WaiverView = z.infer<typeof WaiverSchema>;
export type RotationDetailView = z.infer<typeof RotationDetailSchema>;
