import { OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { z } from 'zod';
import { EVIDENCE, OLD_STANDINGS } from '../../history/rotation-bucket.ts';
import { DETECTORS } from '../../history/detector-bucket.ts';
import { GateSchema, MomentSchema } from './verdict.ts';

const POINTS_MAX = 1_500;
const POINTS_DEFAULT = 720;

/** What every chart is asked for by. */
export const STRETCH = {
  from: MomentSchema.optional().describe('Default: one hour before `to`'),
  to: MomentSchema.optional().describe('Default: now'),
  points: z.coerce
    .number()
    .int()
    .min(1)
    .max(POINTS_MAX)
    .default(POINTS_DEFAULT)
    .describe('As many points at most; the buckets get wider until they fit'),
  step: z.coerce
    .number()
    .int()
    .min(0)
    .max(86_400)
    .default(0)
    .describe('Buckets at least this wide, seconds; to read on with the `step_s` of before'),
};

/** What every chart answers with. */
export const GRID = {
  step_s: z.int().describe('Width of a bucket, seconds'),
  at: z.array(z.number()).describe('Starts of the buckets, Unix seconds, in step'),
  settled_until: z
    .number()
    .describe(
      'Unix seconds. Points from here on may still change, for verifiers have not told of them ' +
        'yet; ask on from here',
    ),
  version: z.int().describe('Grows when there is more to read'),
};

export const HistorySchema = z
  .object({
    version: GRID.version,
    settled_until: GRID.settled_until,
    kept: z
      .array(z.object({ step_s: z.int(), kept_s: z.int() }))
      .describe('Buckets of this width reach this far back'),
    late: z.int().describe('Verifications told of too late to find their place'),
    damaged: z.int().describe('Buckets and events on record that could not be read'),
    unwritten: z.int().describe('Buckets and events given up while the store took none'),
    crowded_events: z.int().describe('Events of verifiers that had too many'),
    uncounted_by_minute: z.int().describe('Verifications of verifiers beyond those counted so'),
    failed_looks: z.int(),
    failed_writes: z.int(),
  })
  .meta({ id: 'History' });

export const IssuerParamSchema = z.string().min(1).max(512).describe('Exact `iss`');

export const TokenHistorySchema = z
  .object({
    issuer: z.string(),
    ...GRID,
    reporting: z
      .array(z.int().nullable())
      .describe('Verifiers of the issuer that were heard and can count, the fewest in the bucket'),
    known: z.array(z.int().nullable()),
    series: z.array(
      z.object({
        of: z
          .enum(['kid', 'foreign', 'none', 'other'])
          .describe(
            'kid: one the collector knows. foreign: all others, none: tokens without kid, other: ' +
              'what did not fit a table on the way',
          ),
        kid: z.string().nullable(),
        outcome: z.enum(OUTCOMES),
        values: z
          .array(z.number().nullable())
          .describe(
            'Per second; null where nobody watched, nobody was heard, or the kid may be among `other`',
          ),
      }),
    ),
    more: z.int().describe('Series beyond those listed, the busiest first'),
    late: z
      .int()
      .describe('Verifications since the start that were told of too late to find their place'),
  })
  .meta({ id: 'TokenHistory' });

const column = z.array(z.number().nullable());

/** A detector over time. */
const MARKS = {
  score: column.describe('The highest in the bucket'),
  threshold: column.describe('At which it fires, given enough failures'),
  firing: z.array(z.boolean().nullable()).describe('At any moment in the bucket'),
};

export const DetectorHistorySchema = z
  .object({
    issuer: z.string(),
    ...GRID,
    detectors: z.array(
      z.object({
        name: z
          .enum(DETECTORS)
          .describe(
            'all: failures keys cause, over all kids of the issuer. next, active, retired: of one ' +
              'kind of its kids. foreign: refused tokens of kids nobody published',
          ),
        ...MARKS,
      }),
    ),
  })
  .meta({ id: 'DetectorHistory' });

const ArmSchema = z.object({
  kid: z.string(),
  tokens: column.describe('Per second, without malformed ones'),
  failures: column.describe(
    'Per second, refused for another reason than their age: the ages of both keys’ tokens differ',
  ),
});

export const RotationHistorySchema = z
  .object({
    rotation_id: z.string(),
    issuer: z.string(),
    ...GRID,
    propagation: z.object({
      verifiers: column.describe('Required verifiers known, and declared instances not heard of'),
      knowing: column.describe('Hold the new key, or fetch it when they meet it'),
      knowing_fewest: column.describe('The fewest at any moment in the bucket'),
      lacking: column,
      unheard: column.describe('Silent, newly joined or missing'),
      by_grade: z.array(z.object({ grade: z.enum(EVIDENCE), values: column })),
      by_old: z
        .array(z.object({ standing: z.enum(OLD_STANDINGS), values: column }))
        .describe('What is known of the old key'),
    }),
    control: z
      .object({
        new: ArmSchema,
        old: ArmSchema,
        key: z.object(MARKS).describe('Failures of the new key’s tokens against the old key’s'),
        holders: z
          .object(MARKS)
          .describe('New tokens at verifiers without the new key against those with it'),
      })
      .describe('Both keys at the same moment: what fails for one alone is the key'),
    gates: z.array(
      z.object({
        gate: GateSchema,
        spans: z
          .array(
            z.object({
              status: z.enum(['open', 'closed', 'unknown', 'aborted']),
              from_at: MomentSchema,
              to_at: MomentSchema.nullable().describe('Null: it still says so'),
              reason: z.string().describe('The first one when it began; empty: every check passed'),
            }),
          )
          .describe('Oldest first; none where nobody looked'),
      }),
    ),
  })
  .meta({ id: 'RotationHistory' });

const EVENTS_DEFAULT = 200;
const EVENTS_MAX = 1_000;

/** What every list of events is asked for by. */
export const EVENT_STRETCH = {
  from: MomentSchema.optional().describe('Default: as far back as it is kept'),
  to: STRETCH.to,
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(EVENTS_MAX)
    .default(EVENTS_DEFAULT)
    .describe('At most this many, the latest ones'),
};

const kids = z.array(z.string()).describe('By kid; the first few');

const DIFFERENCE = {
  added: kids,
  removed: kids,
  changed: kids.describe('The same kid with other key material, or another algorithm'),
  more: z.int().describe('Kids beyond those named'),
};

const JwksEventSchema = z.discriminatedUnion('what', [
  z.object({
    at: MomentSchema,
    what: z.literal('document').describe('Other keys than before'),
    vantage: z.string(),
    first: z.boolean().describe('The first that is known; it adds and removes nothing'),
    ...DIFFERENCE,
    keys: z
      .array(z.object({ kid: z.string(), thumbprint: z.string(), alg: z.string() }))
      .describe('All of them then, the first 64'),
    key_count: z.int().describe('Those without kid or thumbprint too'),
    bytes: z.int(),
    max_age_s: z.number().nullable(),
  }),
  z.object({
    at: MomentSchema,
    what: z.literal('failing').describe('It could not be read from then on'),
    vantage: z.string(),
    error: z.string(),
    message: z.string(),
  }),
  z.object({ at: MomentSchema, what: z.literal('readable'), vantage: z.string() }),
]);

export const IssuerHistorySchema = z
  .object({
    issuer: z.string(),
    version: GRID.version,
    events: z.array(JwksEventSchema).describe('Oldest first'),
    earlier: z.boolean().describe('There are earlier ones in the stretch'),
  })
  .meta({ id: 'IssuerHistory' });

const VerifierEventSchema = z.discriminatedUnion('what', [
  z.object({ at: MomentSchema, what: z.literal('first_seen'), profile: z.string() }),
  z.object({
    at: MomentSchema,
    what: z
      .enum(['reporting', 'silent', 'joined', 'departed', 'forgotten', 'duplicate'])
      .describe(
        'duplicate: a second process goes by its name. forgotten: it is not listed any more',
      ),
  }),
  z.object({
    at: MomentSchema,
    what: z.literal('restarted').describe('Another process goes by its name'),
    epoch: z.int(),
  }),
  z.object({
    at: MomentSchema,
    what: z.literal('keys'),
    issuer: z.string(),
    ...DIFFERENCE,
    count: z.int().describe('Keys it held then'),
    data_at: MomentSchema.nullable().describe('When it fetched them'),
  }),
  z.object({
    at: MomentSchema,
    what: z.literal('fetch_failing'),
    issuer: z.string(),
    error: z.string().nullable(),
  }),
  z.object({ at: MomentSchema, what: z.literal('fetch_ok'), issuer: z.string() }),
]);

const minutes = z.array(z.number());

export const VerifierHistorySchema = z
  .object({
    service: z.string(),
    instance: z.string(),
    cache: z.string(),
    version: GRID.version,
    events: z.array(VerifierEventSchema).describe('Oldest first'),
    earlier: z.boolean().describe('There are earlier ones in the stretch'),
    minutes: z
      .object({
        at: minutes.describe('Starts of the minutes, Unix seconds'),
        ok: minutes.describe('Accepted, by when that was told'),
        attributable: minutes.describe('Refused for a reason keys cause'),
        other: minutes.describe('Refused for another'),
      })
      .describe('The last hour, as far as this collector has run'),
  })
  .meta({ id: 'VerifierHistory' });

export type IssuerHistoryView = z.infer<typeof IssuerHistorySchema>;
export type VerifierHistoryView = z.infer<typeof VerifierHistorySchema>;
export type DetectorHistoryView = z.infer<typeof DetectorHistorySchema>;
export type RotationHistoryView = z.infer<typeof RotationHistorySchema>;
export type TokenHistoryView = z.infer<typeof TokenHistorySchema>;
