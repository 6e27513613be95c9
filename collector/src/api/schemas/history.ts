import { OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { z } from 'zod';
import { MomentSchema } from './verdict.ts';

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
          .describe('Per second; null where nobody watched, or nobody was heard'),
      }),
    ),
    more: z.int().describe('Series beyond those listed, the busiest first'),
    late: z
      .int()
      .describe('Verifications since the start that were told of too late to find their place'),
  })
  .meta({ id: 'TokenHistory' });

export type TokenHistoryView = z.infer<typeof TokenHistorySchema>;
