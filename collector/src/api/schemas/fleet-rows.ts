import { z } from 'zod';
import { VERIFIER_STATES } from './fleet.ts';
import { KindSchema } from './service.ts';
import { MomentSchema } from './verdict.ts';

/**
 * Bit n of a row's flags. Beyond the states of a verifier: two processes use its name now; its keys
 * are older than its kind keeps them; it is silent, and others have taken its place.
 */
export const FLEET_ROW_FLAGS = [...VERIFIER_STATES, 'duplicate', 'stale', 'replaced'] as const;

export type FleetRowFlag = (typeof FLEET_ROW_FLAGS)[number];

const Index = z.int().min(0);
const Seconds = z.int().describe('Since `base_at`, whole seconds, collector clock');

const SetFactsSchema = z
  .tuple([
    Index.describe('Issuer'),
    z.array(Index).describe('Keys held, of those that the collector knows'),
    z.int().describe('Further keys held, which the collector does not know'),
    z.int().describe('Failed fetches in a row'),
    Index.nullable().describe('Last fetch error, a word'),
  ])
  .describe('One issuer');

const StandingRowSchema = z
  .tuple([
    Index.describe('Rotation id, a word'),
    Index.describe('What is known of the new key, a word'),
    Seconds,
    Index.describe('What is known of the old key, a word'),
    Seconds,
    z.union([z.literal(0), z.literal(1)]).describe('1: at least the grade its service requires'),
  ])
  .describe('One open rotation');

export const FleetRowSchema = z
  .tuple([
    z.int().describe('Number of the row while this collector runs'),
    Index.describe('Service'),
    z.string().describe('Instance'),
    Index.describe('Cache, a word'),
    Index.describe('Profile'),
    Index.describe('Source, a word'),
    z.int().describe(`Flags; bit n is the n-th of ${FLEET_ROW_FLAGS.join(', ')}`),
    Seconds.describe('Heard, silent, … since'),
    z.array(SetFactsSchema),
    z.int().describe('Key sets of issuers that the collector does not know'),
    z.array(StandingRowSchema),
    z.int().describe('Failures of the last minute that a key could have caused'),
    Seconds.nullable().describe('Last report'),
    z
      .array(z.tuple([Seconds.nullable(), Seconds.nullable()]))
      .describe('For each key set: when its keys were fetched, and when that was tried last'),
  ])
  .meta({ id: 'FleetRow' });

function dictionary<T extends z.ZodType>(entry: T) {
  return z.object({ from: Index, entries: z.array(entry) });
}

export const FleetRowsSchema = z
  .object({
    cursor: z.string().describe('Pass as `since` to hear what changed from here on'),
    complete: z
      .boolean()
      .describe('These rows are all there are: the cursor was unknown, too old or none'),
    base_at: MomentSchema.describe(
      'What moments in rows count from; failures before it are not in the last minute',
    ),
    total: z.int().describe('Verifiers known'),
    rows: z.array(FleetRowSchema).describe('New and changed'),
    gone: z.array(z.int()).describe('Rows of verifiers that are forgotten'),
    services: dictionary(
      z.object({
        name: z.string(),
        kind: KindSchema,
        declared: z.boolean(),
        required: z.boolean(),
        evidence: z.string().describe('The weakest that counts for `activate`'),
      }),
    ).describe('Entries that are new, and the place of the first of them'),
    profiles: dictionary(
      z.object({
        id: z.string(),
        name: z.string(),
        refresh_s: z.number().nullable(),
        removed_key_accepted_s: z.number().nullable(),
        static_keys: z.boolean(),
      }),
    ),
    words: dictionary(z.string()),
    head: z
      .object({
        issuers: z.array(z.string()),
        keys: z.array(
          z.object({
            issuer: Index,
            kid: z.string(),
            thumbprint: z.string(),
            alg: z.string(),
            published_at: MomentSchema.nullable(),
            withdrawn_at: MomentSchema.nullable(),
          }),
        ),
        rotations: z.array(
          z.object({
            id: z.string(),
            issuer: Index,
            alg: z.string(),
            phase: z.string(),
            old_kid: z.string(),
            new_kid: z.string(),
            old_key: Index.nullable().describe('Its place in `keys`; null: not seen yet'),
            new_key: Index.nullable(),
          }),
        ),
      })
      .nullable()
      .describe('Issuers and keys that rows name by place, and open rotations; null: as before'),
  })
  .meta({ id: 'FleetRows' });

/** The cursor of an answer before. */
export const FleetCursorSchema = z
  .string()
  .regex(/^[0-9a-f]{12}-[0-9]{1,15}$/, 'expected the `cursor` of an answer before');

export type FleetRow = z.infer<typeof FleetRowSchema>;
export type FleetRowsView = z.infer<typeof FleetRowsSchema>;
