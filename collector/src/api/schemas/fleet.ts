import { CANARY_OUTCOMES, CANARY_ROLES } from '@keyturn/shared/model/probe.ts';
import { z } from 'zod';
import { KindSchema } from './service.ts';
import { MomentSchema } from './verdict.ts';

/** Conditions a verifier can be in; several hold at once. */
export const VERIFIER_STATES = [
  'reporting',
  'silent',
  'joined',
  'departed',
  'lagging',
  'synced',
  'holds_old',
  'failing',
] as const;

export const VerifierStateSchema = z
  .enum(VERIFIER_STATES)
  .describe(
    'reporting, silent, joined (hello, no report yet), departed: whether it is heard. ' +
      'lagging, synced: evidence of the new key below or at what its service requires. ' +
      'holds_old: still holds the old key. failing: its last fetch failed',
  );

export type VerifierState = (typeof VERIFIER_STATES)[number];

export const VerifierSchema = z
  .object({
    service: z.string(),
    instance: z.string(),
    cache: z.string(),
    kind: KindSchema,
    states: z.array(VerifierStateSchema),
    state_since_at: MomentSchema.describe('Heard, silent, … since'),
    profile: z.string(),
    source: z.enum(['in_process', 'pushed', 'proxy']),
    first_seen_at: MomentSchema,
    reported_at: MomentSchema.nullable(),
    duplicate_at: MomentSchema.nullable().describe('Last time two processes used this identity'),
    key_sets: z.array(
      z.object({
        issuer: z.string(),
        kids: z.array(z.string()),
        data_at: MomentSchema.nullable().describe('When the keys were fetched'),
        attempt_at: MomentSchema.nullable(),
        consecutive_failures: z.int(),
        last_error: z.string().nullable(),
        next_refresh_at: MomentSchema.nullable(),
        served_at: MomentSchema.nullable().describe(
          'Proxy: when the verifier last fetched from it',
        ),
      }),
    ),
    probes: z
      .array(
        z.object({
          issuer: z.string(),
          probed_at: MomentSchema.nullable().describe('Null: by an earlier process'),
          counts_until_at: MomentSchema.nullable().describe('As evidence for the new key'),
          reading: z.enum(['knows_new', 'lacks_new', 'takes_anything', 'unclear']).nullable(),
          answers: z.array(
            z.object({
              role: z.enum(CANARY_ROLES),
              outcome: z.enum(CANARY_OUTCOMES),
              status: z.int().nullable().describe('HTTP'),
            }),
          ),
          refused_new_at: MomentSchema.nullable(),
          bogus_accepted_at: MomentSchema.nullable(),
        }),
      )
      .describe('What canary tokens showed, by issuer'),
    rotations: z.array(
      z.object({
        rotation_id: z.string(),
        holds_new: z.string().describe('Grade of evidence, or absent, stale, silent, never_seen'),
        holds_new_since_at: MomentSchema,
        holds_old: z.enum(['held', 'served', 'dropped', 'unknown']),
        holds_old_since_at: MomentSchema,
        sufficient: z.boolean().describe('At least the grade its service requires'),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'Verifier' });

export const IssuerSchema = z
  .object({
    issuer: z.string(),
    control: z
      .enum(['ours', 'third_party'])
      .describe('third_party: its rotations are observed, not started here'),
    healthy: z.boolean().describe('Every vantage was readable the last time'),
    shared_secrets: z
      .boolean()
      .describe('Tokens may be signed with secrets it shares with verifiers'),
    max_token_lifetime_s: z.number().nullable().describe('Declared or longest seen; null: unknown'),
    vantages: z.array(
      z.object({
        url: z.string(),
        fetched_at: MomentSchema.nullable(),
        readable_at: MomentSchema.nullable(),
        consecutive_failures: z.int(),
        failing_since_at: MomentSchema.nullable(),
        error: z.string().nullable(),
        message: z.string().nullable(),
      }),
    ),
    keys: z.array(
      z.object({
        kid: z.string(),
        thumbprint: z.string().describe('Empty: a shared secret, known by its id alone'),
        alg: z.string(),
        first_seen_at: MomentSchema,
        published_at: MomentSchema.nullable(),
        withdrawn_at: MomentSchema.nullable(),
        tombstone: z.enum(['retired', 'reused']).nullable(),
        last_accepted_at: MomentSchema.nullable().describe('A verifier accepted a token of it'),
      }),
    ),
    reused_kids: z.array(z.string()).describe('Seen with more than one thumbprint'),
  })
  .meta({ id: 'Issuer' });

export const ProfileSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    refresh_s: z.number().nullable(),
    refetches_on_unknown_kid: z.boolean(),
    cooldown_s: z.number().nullable(),
    new_kid_refused_s: z.number().nullable().describe('Longest after publication; null: unbounded'),
    removed_key_accepted_s: z
      .number()
      .nullable()
      .describe('Longest after removal; null: unbounded'),
    replaces_whole_set: z.boolean(),
    several_caches: z.boolean(),
    caches_verified_tokens: z.boolean(),
    static_keys: z.boolean(),
    drop_now: z.string().describe('What makes one verifier give up a removed key at once'),
    jwks_bytes_max: z.number().nullable().describe('Largest JWKS it takes; null: none known'),
    jwks_keys_max: z.number().nullable().describe('Most keys it takes; null: none known'),
    algs: z.array(z.string()).nullable().describe('Algorithms accepted; null: not known'),
    unknown_key_spoils_set: z
      .boolean()
      .nullable()
      .describe('One key of an unknown type makes it refuse the whole set; null: not known'),
  })
  .meta({ id: 'Profile' });

export type VerifierView = z.infer<typeof VerifierSchema>;
export type IssuerView = z.infer<typeof IssuerSchema>;
export type ProfileView = z.infer<typeof ProfileSchema>;
