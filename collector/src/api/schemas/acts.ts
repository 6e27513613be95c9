import { z } from 'zod';
import { FACTS, StepSchema } from './rotation.ts';
import { GateSchema, MomentSchema } from './verdict.ts';

const TEXT_CHARS_MAX = 500;

/** Longest life of an attestation or waiver, seconds (400 days). */
const VALID_FOR_S_MAX = 34_560_000;

const text = z.string().min(1).max(TEXT_CHARS_MAX);

export const BySchema = text.describe('The person or tool that acts, for the audit trail');

export const ReasonSchema = text.describe('Why, for the audit trail');

const ValidForSchema = z.int().min(1).max(VALID_FOR_S_MAX).describe('Seconds until it expires');

export const RotationIdSchema = z.string().min(1).max(128);

export const StartSchema = z
  .strictObject({
    issuer: z.string().min(1).max(512).describe('Exact `iss`'),
    alg: z.string().min(1).max(16),
    new_kid: z.string().min(1).max(128),
    old_kid: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe(
        'Left out: the one key of this alg the issuer publishes now. Needed where the alg changes',
      ),
    new_thumbprint: z.string().length(43).optional().describe('RFC 7638 SHA-256, base64url'),
    by: BySchema,
  })
  .meta({ id: 'StartRotation' });

export const DeclareSchema = z
  .strictObject({
    step: StepSchema,
    by: BySchema,
    override_reason: text
      .optional()
      .describe('Needed when the gate of the step is not open; recorded as an override'),
    reason: text
      .optional()
      .describe('Why; needed for taint and destroy_old_key, which nothing undoes'),
    confirm: z
      .strictObject({
        old_kid: z.string().min(1).max(128).describe('kid of the key that is compromised'),
        seen_at: MomentSchema.describe(
          '`as_of` of the blast radius that was looked at; at most 15 minutes ago',
        ),
      })
      .optional()
      .describe('Needed for taint: what was seen of the key before'),
  })
  .meta({ id: 'DeclareStep' });

export const RehearseSchema = z
  .strictObject({
    by: BySchema,
    old_key_available: z
      .boolean()
      .describe('Must be true: the old private key is there to sign with, as the caller knows'),
  })
  .meta({ id: 'Rehearse' });

export const AttestSchema = z
  .strictObject({
    service: z.string().min(1).max(64),
    instance: z.string().min(1).max(128).optional().describe('Left out: every instance'),
    fact: z.enum(FACTS),
    by: BySchema,
    reason: ReasonSchema,
    valid_for_s: ValidForSchema,
  })
  .meta({ id: 'Attest' });

// Its form is looked at where no refusal shows what came.
const token = z.string();

export const HandOverSchema = z
  .strictObject({
    next: token.describe('Compact JWS signed by the new key'),
    current: token.describe('Compact JWS signed by the old key'),
    by: BySchema,
  })
  .meta({ id: 'HandOverCanaries' });

export const WaiveSchema = z
  .strictObject({
    gate: GateSchema,
    check_id: z.string().min(1).max(64),
    by: BySchema,
    reason: ReasonSchema,
    valid_for_s: ValidForSchema,
  })
  .meta({ id: 'Waive' });
