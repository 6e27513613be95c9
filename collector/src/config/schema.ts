import { GRADES } from '@keyturn/shared/model/evidence.ts';
import { ID_LIMITS } from '@keyturn/shared/model/ids.ts';
import { CANARY_AUDIENCE } from '@keyturn/shared/model/probe.ts';
import { duration } from '@keyturn/shared/settings.ts';
import {
  address,
  fetchUrl,
  filePath,
  integer,
  issuerName,
  name,
  oneOf,
  text,
} from '@keyturn/shared/settings/fields.ts';
import { z } from 'zod';
import { EMERGENCY_SKIPPABLE } from '../core/emergency-policy.ts';
import { SERVICE_KINDS } from '../core/kinds.ts';
import {
  algorithms,
  durationOrUnbounded,
  hostName,
  integerOrUnlimited,
  percentile,
  profileId,
} from './fields.ts';

// The settings file, section by section, so that a problem in one does not hide those of another.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const topSchema = z.strictObject({
  name: z.unknown(),
  public_url: z.unknown(),
  listen: z.unknown(),
  data: z.unknown(),
  operator_token_file: z.unknown(),
  issuers: z.unknown(),
  services: z.unknown(),
  policy: z.unknown(),
  receivers: z.unknown(),
});

export const listenSchema = z.strictObject({
  http: address('127.0.0.1:7460').optional(),
  grpc: address('127.0.0.1:7461').optional(),
  names: z.array(hostName).max(32).default([]),
  tls: z.strictObject({ cert: filePath, key: filePath }).optional(),
});

export const canarySchema = z.strictObject({
  audience: text('the audience canaries have', 256).default(CANARY_AUDIENCE),
  max_lifetime: duration({ minMs: 10_000, maxMs: HOUR_MS }).default(15 * 60_000),
  interval: duration({ minMs: 500, maxMs: DAY_MS }).default(60_000),
  per_second: integer(1, 1_000).default(20),
});

export const issuerSchema = z.strictObject({
  issuer: issuerName,
  control: oneOf(['ours', 'third_party'] as const).default('ours'),
  jwks_uri: fetchUrl.optional(),
  discovery: z.boolean().default(false),
  vantages: z.array(fetchUrl).max(32).default([]),
  watch_interval: duration({ minMs: 500, maxMs: HOUR_MS }).default(15_000),
  max_token_lifetime: duration({ minMs: 1_000 }).optional(),
  clock_skew: duration({ maxMs: HOUR_MS }).default(60_000),
  // One minute: replicas behind one address that differ for longer show up as differing sightings.
  origin_spread: duration({ maxMs: DAY_MS }).default(60_000),
  switch_spread: duration({ maxMs: DAY_MS }).default(0),
  shared_caches: z
    .array(duration({ maxMs: 30 * DAY_MS }))
    .max(16)
    .default([]),
  planned_lead: duration({ minMs: 1_000 }).optional(),
  rotation_period: duration({ minMs: 1_000 }).optional(),
  failed_fetch_allowance: duration({ maxMs: DAY_MS }).default(60_000),
  canary: canarySchema.optional(),
  ca: filePath.optional(),
  allow_http: z.boolean().default(false),
  shared_secrets: z.boolean().default(false),
});

export const overridesSchema = z.strictObject({
  refresh: durationOrUnbounded.optional(),
  refetches_on_unknown_kid: z.boolean().optional(),
  cooldown: duration().optional(),
  new_kid_refused: durationOrUnbounded.optional(),
  removed_key_accepted: durationOrUnbounded.optional(),
  replaces_whole_set: z.boolean().optional(),
  several_caches: z.boolean().optional(),
  caches_verified_tokens: z.boolean().optional(),
  static_keys: z.boolean().optional(),
  drop_now: text('a sentence', 500).optional(),
  jwks_bytes_max: integerOrUnlimited(1, 1_073_741_824).optional(),
  jwks_keys_max: integerOrUnlimited(1, 1_000_000).optional(),
  algs: algorithms.optional(),
  unknown_key_spoils_set: z.boolean().optional(),
});

const cohortSchema = z.strictObject({
  percentile,
  within: duration({ minMs: 1_000 }),
});

export const serviceSchema = z.strictObject({
  name: name(ID_LIMITS.serviceBytes),
  issuers: z.array(issuerName).min(1).max(16).optional(),
  kind: oneOf(SERVICE_KINDS).optional(),
  // A number or a range.
  instances: z.unknown().optional(),
  required: z.boolean().default(true),
  profile: profileId.optional(),
  evidence: oneOf(GRADES).optional(),
  keys: oneOf(['any', 'public', 'secret']).default('any'),
  overrides: overridesSchema.optional(),
  refresh_bound: duration({ minMs: 1_000 }).optional(),
  cohorts: z.array(cohortSchema).min(1).max(32).optional(),
  cover_percentile: percentile.optional(),
  shipping_interval: duration({ minMs: 60_000 }).optional(),
});

export const policySchema = z.strictObject({
  publish_safety: duration({ maxMs: 30 * DAY_MS }).default(HOUR_MS),
  retire_safety: duration({ maxMs: 30 * DAY_MS }).default(HOUR_MS),
  heartbeat: duration({ minMs: 100, maxMs: 10 * 60_000 }).default(15_000),
  lease_heartbeats: integer(2, 20).default(3),
  reconnect_window: duration({ maxMs: HOUR_MS }).default(10_000),
  stable_for: duration({ maxMs: DAY_MS }).optional(),
  max_verifiers: integer(1, 2_000_000).default(200_000),
  uncounted_verifiers_block_retire: z.boolean().default(false),
  cover_percentile: percentile.default(100),
  rollback_window: duration({ maxMs: 400 * DAY_MS }).default(DAY_MS),
  require_rehearsal: z.boolean().default(false),
  rehearsal_valid_for: duration({ minMs: 60_000, maxMs: 30 * DAY_MS }).default(DAY_MS),
  on_alert: oneOf(['close', 'abort']).default('close'),
  calm_for: duration({ minMs: 1_000, maxMs: HOUR_MS }).default(5 * 60_000),
  stalled_after: duration({ minMs: 1_000, maxMs: 400 * DAY_MS }).default(7 * DAY_MS),
  emergency: z
    .strictObject({
      publish_safety: duration({ maxMs: 30 * DAY_MS }).optional(),
      retire_grace: duration({ maxMs: 30 * DAY_MS }).default(0),
      skip: z.array(oneOf(EMERGENCY_SKIPPABLE)).max(EMERGENCY_SKIPPABLE.length).default([]),
    })
    .prefault({}),
});

export type IssuerSettings = z.output<typeof issuerSchema>;
export type ServiceSettings = z.output<typeof serviceSchema>;
export type PolicySettings = z.output<typeof policySchema>;
export type OverrideSettings = z.output<typeof overridesSchema>;
