import { GRADES } from '@keyturn/shared/model/evidence.ts';
import { z } from 'zod';
import { SERVICE_KINDS } from '../../core/kinds.ts';

export const KindSchema = z
  .enum(SERVICE_KINDS)
  .describe('How the verifiers of a service come to be known');

const PopulationSchema = z
  .object({
    cohorts: z.array(
      z.object({
        percentile: z.number(),
        within_s: z.number().describe('Within which it refreshes'),
      }),
    ),
    cover_percentile: z.number().describe('The share that must be covered, per cent'),
    covered_percentile: z
      .number()
      .nullable()
      .describe(
        'The smallest declared share that is large enough; null: none is, so gates stay unknown',
      ),
    covered_within_s: z.number().nullable(),
    uncovered_percent: z
      .number()
      .describe('The share that may refuse new tokens, or accept old ones'),
  })
  .meta({ id: 'Population' });

const WaitSchema = z.object({
  rotation_id: z.string(),
  what: z.array(z.string()).describe('In short phrases; empty: nothing'),
});

export const ServiceSchema = z
  .object({
    name: z.string(),
    declared: z.boolean().describe('False: reported without being declared; blocks all the same'),
    kind: KindSchema,
    judged_by: z
      .enum(['evidence', 'attested', 'timed', 'population'])
      .describe('What decides that it knows a new key'),
    required: z.boolean().describe('False: listed, never blocks'),
    evidence: z.enum(GRADES).describe('The weakest evidence that counts for activate'),
    profile: z.string(),
    population: PopulationSchema.nullable().describe('Of kind unmanaged'),
    shipping_interval_s: z
      .number()
      .nullable()
      .describe('Of kind static: how often keys are shipped'),
    issuers: z.array(
      z.object({
        issuer: z.string(),
        instances_expected: z.int().nullable().describe('The fewest, where a range is declared'),
        instances_at_most: z.int().nullable().describe('The upper end of a declared range'),
        instances_live: z.int(),
        verifiers: z.int(),
        reporting: z.int(),
        silent: z.int(),
        joined: z.int(),
        uncounted: z.int().describe('Verifiers whose agent cannot count outcomes'),
        waits_for: z
          .array(WaitSchema)
          .describe('Before it counts as knowing the new key, by open rotation'),
      }),
    ),
  })
  .meta({ id: 'Service' });

/** One service as a rotation meets it. */
export const DependentSchema = z
  .object({
    service: z.string(),
    kind: KindSchema,
    judged_by: ServiceSchema.shape.judged_by,
    required: z.boolean(),
    uncovered_percent: z.number().nullable().describe('Of kind unmanaged: the share left out'),
    waits_for: z.array(z.string()),
  })
  .meta({ id: 'Dependent' });

export type ServiceView = z.infer<typeof ServiceSchema>;
export type DependentView = z.infer<typeof DependentSchema>;
