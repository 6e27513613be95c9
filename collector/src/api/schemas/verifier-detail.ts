import { OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { z } from 'zod';
import { AlertSchema } from './alert.ts';
import { ProfileSchema, VerifierSchema } from './fleet.ts';
import { KindSchema } from './service.ts';
import { MomentSchema } from './verdict.ts';

/** What a verifier does, or would do, once a key has left the JWKS. */
export const RetirementSchema = z
  .object({
    issuer: z.string(),
    rotation_id: z.string().nullable().describe('Null: no rotation of this issuer is open'),
    kid: z.string().nullable().describe('The old key of that rotation'),
    withdrawn_at: MomentSchema.nullable().describe('Since when the key is served nowhere'),
    would: z
      .enum(['refuse', 'accept_for_a_time', 'accept_without_end'])
      .describe('refuse: it has shown that it dropped the key'),
    drop_bound_s: z
      .number()
      .nullable()
      .describe(
        'How long after the removal it may go on accepting the key; null: no bound is known',
      ),
    may_accept_until: MomentSchema.nullable(),
    sentences: z.array(z.string()),
    drop_now: z.string().describe('What makes it give the key up at once'),
  })
  .meta({ id: 'RetirementBehaviour' });

export const VerifierDetailSchema = z
  .object({
    verifier: VerifierSchema,
    contested: z.boolean().describe('A second process shows itself under this name now'),
    replaced: z.boolean().describe('Silent, and others of its service have taken its place'),
    stale: z.boolean().describe('It decides with keys older than its kind keeps them'),
    clock_ahead_s: z.number().nullable().describe("Its machine's clock against the collector's"),
    service: z.object({
      declared: z.boolean(),
      kind: KindSchema,
      required: z.boolean(),
      evidence: z.string().describe('The weakest that counts for `activate`'),
      instances_expected: z.int().nullable(),
      instances_live: z.int().describe('Of its service, over its issuers the fewest'),
    }),
    profile: ProfileSchema.describe('What it is judged by'),
    retirement: z.array(RetirementSchema).describe('By issuer, one for each open rotation'),
    counts: z
      .array(
        z.object({
          issuer: z.string(),
          kid: z.string().nullable().describe('Null: tokens without one, or kids counted together'),
          outcomes: z.partialRecord(z.enum(OUTCOMES), z.number()),
          last_accepted_at: MomentSchema.nullable(),
        }),
      )
      .describe('Since its process started; at most 100 rows'),
    counts_left_out: z.int(),
    alerts: z.array(AlertSchema).describe('Those that name it or its service, at most 50'),
    help: z.array(z.object({ why: z.string(), command: z.string() })),
  })
  .meta({ id: 'VerifierDetail' });

export type RetirementView = z.infer<typeof RetirementSchema>;
export type VerifierDetailView = z.infer<typeof VerifierDetailSchema>;
