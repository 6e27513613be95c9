import { z } from 'zod';
import { CheckSchema, MomentSchema } from './verdict.ts';

export const BlastRadiusSchema = z
  .object({
    rotation_id: z.string(),
    old_kid: z.string(),
    new_kid: z.string(),
    tainted: z.boolean(),
    as_of: MomentSchema.describe('To be given as `confirm.seen_at` when the key is tainted'),
    counted_since: MomentSchema.describe('15 minutes ago, or when the collector started'),
    summary: z.string().describe('What removing the old key now would refuse, in a sentence'),
    keys: z
      .array(
        z.object({
          kid: z
            .string()
            .nullable()
            .describe('Null: tokens without a kid, which may be of any key'),
          role: z.enum(['old', 'new', 'none']),
          accepted: z
            .int()
            .describe(
              'Accepted verifications since then: requests, not tokens, which nobody can count',
            ),
          busiest_minute: z.int(),
          verifiers: z.int().describe('That accepted one since then'),
          last_accepted_at: MomentSchema.nullable(),
          latest_exp_at: MomentSchema.nullable().describe(
            'Of accepted tokens; whoever has a stolen key may have made it up',
          ),
        }),
      )
      .describe('The old key, the new one, and tokens without a kid'),
    uncounted_verifiers: z
      .int()
      .describe('Behind the proxy: what they accept is not in the counts'),
    services: z.array(
      z.object({
        service: z.string(),
        required: z.boolean(),
        profile: z.string(),
        verifiers: z.int(),
        holding: z.int().describe('Known to hold the old key'),
        dropped: z.int().describe('Known to hold it no more'),
        drop_bound_s: z
          .number()
          .nullable()
          .describe('Longest after removal that it may be accepted; null: without a bound'),
        may_accept_until: MomentSchema.nullable().describe(
          'Null before the removal, and where there is no bound',
        ),
        drop_now: z.string().describe('What makes one of them give it up at once'),
      }),
    ),
  })
  .meta({ id: 'BlastRadius' });

export const ContainmentSchema = z
  .object({
    rotation_id: z.string(),
    old_kid: z.string(),
    as_of: MomentSchema,
    withdrawn_at: MomentSchema.nullable(),
    percent: z
      .int()
      .describe(
        '100 exactly when every check of gate `purge` about verifiers passes without a waiver: all but `no_alert`, `signer_switched` and `retire_declared`',
      ),
    status: z.enum(['contained', 'not_contained', 'unknown']),
    total: z.int().describe('Required verifiers, and declared instances not heard of'),
    contained: z.int(),
    services: z.array(
      z.object({
        service: z.string(),
        profile: z.string(),
        total: z.int().describe('What is contained and what is pending add up to it'),
        contained: z.int(),
        pending: z.array(
          z.object({
            state: z.enum([
              'not_withdrawn',
              'holds_old',
              'waiting',
              'unbounded',
              'unheard',
              'unvouched',
            ]),
            count: z.int(),
            until_at: MomentSchema.nullable(),
          }),
        ),
        drop_now: z.string(),
      }),
    ),
    reasons: z.array(CheckSchema).describe('Checks of gate `purge` that do not pass'),
  })
  .meta({ id: 'Containment' });

export type BlastRadiusView = z.infer<typeof BlastRadiusSchema>;
export type ContainmentView = z.infer<typeof ContainmentSchema>;
