import { z } from 'zod';
import { ContainmentSchema } from './emergency.ts';
import { RehearsalSchema } from './rehearsal.ts';
import { DependentSchema } from './service.ts';
import { OBSERVED_FINDINGS } from '../../core/records.ts';
import { PropagationSchema } from './propagation.ts';
import { GateSchema, MomentSchema, VerdictSchema } from './verdict.ts';

export const STEPS = [
  'publish',
  'activate',
  'retire',
  'rollback',
  'abort',
  'taint',
  'complete',
  'destroy_old_key',
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
    key_kind: z
      .enum(['public', 'secret'])
      .describe('secret: both keys are shared secrets, handed out and never published'),
    old_key: KeySchema,
    new_key: KeySchema,
    phase: z
      .enum(['staged', 'published', 'ready', 'active', 'drained', 'withdrawn', 'gone', 'aborted'])
      .describe(
        'As observed, not as declared; of shared secrets, where nothing is published, as declared',
      ),
    open: z.boolean().describe('Neither completed nor aborted'),
    outcome: z.enum(['completed', 'aborted']).nullable(),
    tainted: z.boolean(),
    origin: z
      .enum(['declared', 'observed'])
      .describe('observed: the key appeared by itself; the gates are advisory'),
    findings: z
      .array(z.object({ id: z.enum(OBSERVED_FINDINGS), at: MomentSchema, message: z.string() }))
      .describe('What the issuer did that can make verifiers refuse valid tokens; observed only'),
    started_at: MomentSchema,
    started_by: z.string(),
    published_at: MomentSchema.nullable().describe(
      'The new key is served at every vantage since; a secret: declared to be handed out',
    ),
    switched_at: MomentSchema.nullable().describe(
      'The signer was declared switched; observed: the first token of the new key was accepted',
    ),
    withdrawn_at: MomentSchema.nullable().describe(
      'The old key is served nowhere since; a secret: declared to be dropped',
    ),
    ended_at: MomentSchema.nullable(),
    ended_because: z.string().nullable().describe('Why an observed rotation ended, one sentence'),
    rolled_back_at: MomentSchema.nullable().describe('The signer was last declared switched back'),
    rollback_until: MomentSchema.nullable().describe(
      'The issuer keeps the old private key until then; null: not switched, or not kept',
    ),
    old_key_destroyed_at: MomentSchema.nullable().describe('The old private key, as was declared'),
    new_key_needed: z
      .enum(['no', 'signs', 'until', 'unknown'])
      .describe(
        'Whether the new key must stay published: no token of it is known, it signs, until ' +
          '`new_key_needed_until`, or no end is known',
      ),
    new_key_needed_until: MomentSchema.nullable(),
    declared: z.array(
      z.object({
        step: StepSchema,
        at: MomentSchema,
        by: z.string(),
        override_reason: z.string().nullable(),
        reason: z.string().nullable(),
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

export const CanariesSchema = z
  .object({
    audience: z.string().describe('The only audience a canary may have'),
    held_until_at: MomentSchema.nullable().describe(
      'Null: none at hand; they are lost when the collector restarts',
    ),
    handed_over_by: z.string().nullable(),
    not_presented_because: z.string().nullable().describe('Null: they may go out now'),
    verifiers: z
      .object({
        knows_new: z.int().describe('Take the new key, refuse a bogus signature'),
        lacks_new: z.int().describe('Take the old key and refuse the new one'),
        takes_anything: z.int().describe('Take a signature that nobody made'),
        unclear: z.int().describe('Their endpoint proves nothing'),
      })
      .describe('By what their latest probe of this rotation showed'),
  })
  .meta({ id: 'Canaries' });

export const RotationDetailSchema = z
  .object({
    rotation: RotationSchema,
    next_gate: GateSchema.nullable().describe('What it waits for; null: it has ended'),
    gates: z.array(VerdictSchema),
    propagation: PropagationSchema.nullable(),
    attestations: z.array(AttestationSchema).describe('The latest 200'),
    waivers: z.array(WaiverSchema).describe('The latest 200'),
    dependents: z
      .array(DependentSchema)
      .describe('The first 200 services it depends on, those it waits for first'),
    canaries: CanariesSchema.nullable().describe('Null: not set up for this issuer'),
    containment: ContainmentSchema.nullable().describe('Of a tainted old key; else null'),
    rehearsals: z.array(RehearsalSchema).describe('The latest 20, oldest first'),
  })
  .meta({ id: 'RotationDetail' });

export type RotationView = z.infer<typeof RotationSchema>;
export type AttestationView = z.infer<typeof AttestationSchema>;
export type WaiverView = z.infer<typeof WaiverSchema>;
export type CanariesView = z.infer<typeof CanariesSchema>;
export type RotationDetailView = z.infer<typeof RotationDetailSchema>;
