import { z } from 'zod';
import { MomentSchema, OffenderSchema } from './verdict.ts';

export const PropagationSchema = z
  .object({
    verifiers: z.int().describe('Required verifiers known, and declared instances not heard of'),
    knowing: z.int().describe('Hold the new key, or fetch it when they meet it'),
    refusing: z.int().describe('Refuse a token of the new key now'),
    doubtful: z.int().describe('Heard, and nothing shows that they would accept one'),
    unheard: z.int().describe('Silent, newly joined or missing'),
    unseen_services: z
      .int()
      .describe('Services nobody hears, covered neither by time nor by a person yet'),
    by_grade: z.record(z.string(), z.int()).describe('Verifiers by evidence of the new key'),
    lacking: z.array(OffenderSchema).describe('The first 20 that refuse it or are doubtful'),
    lead_s: z
      .number()
      .nullable()
      .describe(
        'From publication everywhere to the first use, or to now; negative: used before; null: not published everywhere',
      ),
    needed_lead_s: z
      .number()
      .nullable()
      .describe('How long the slowest verifier may work without the key; null: no bound'),
    known_by: MomentSchema.nullable().describe(
      'By then all that lack the key have it, by their profiles; null: none lacks it, or no bound',
    ),
    old_tokens_until: MomentSchema.nullable().describe(
      'Tokens of the old key may live until then; null: not known',
    ),
    removed_early: z.boolean().describe('The old key was withdrawn before that'),
    failures: z.int().describe('Failures of new-key tokens that a key could cause'),
    risk: z.enum(['low', 'raised', 'high']),
    reasons: z.array(z.string()).describe('Why the risk is what it is'),
  })
  .describe('How an observed key comes to the verifiers; null: not observed, or ended')
  .meta({ id: 'Propagation' });

export type PropagationView = z.infer<typeof PropagationSchema>;
