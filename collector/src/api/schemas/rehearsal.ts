import { z } from 'zod';
import { MomentSchema } from './verdict.ts';

export const RehearsalSchema = z
  .object({
    rotation_id: z.string(),
    number: z.int().describe('From 1 within the rotation'),
    by: z.string(),
    rehearsed_at: MomentSchema,
    status: z
      .enum(['passed', 'failed', 'unknown'])
      .describe('Unknown: no check failed, and one could not be judged'),
    checks: z.array(
      z.object({
        id: z.string(),
        status: z.enum(['pass', 'fail', 'unknown', 'waived']),
        class: z.enum(['time', 'evidence', 'coverage', 'health', 'policy']),
        message: z.string(),
        offenders: z.array(z.string()).describe('`service/instance/cache state` of the first few'),
        offender_count: z.int(),
      }),
    ),
  })
  .meta({ id: 'Rehearsal' });

export type RehearsalView = z.infer<typeof RehearsalSchema>;
