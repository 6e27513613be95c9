import { z } from 'zod';
import { RECEIVER_TYPES } from '../../notify/receiver.ts';
import { MomentSchema } from './verdict.ts';

export const ReceiverSchema = z
  .object({
    name: z.string(),
    type: z.enum(RECEIVER_TYPES),
    hosts: z.array(z.string()).describe('Without paths, which may hold a token'),
    failing_since_at: MomentSchema.nullable().describe('What it was sent last did not arrive'),
    error: z.string().nullable(),
    delivered_at: MomentSchema.nullable().describe('Null: nothing since the collector started'),
    waiting: z.int().describe('Notices in the outbox'),
    given_up: z.int().describe('Notices of the last day that it will not get'),
  })
  .meta({ id: 'Receiver' });

export const ReceiverTestSchema = z
  .object({
    receiver: z.string(),
    taken: z.boolean(),
    answers: z.array(
      z.object({
        host: z.string(),
        ok: z.boolean(),
        status: z.int().nullable().describe('Null: no answer came'),
        message: z.string().describe('Start of what it said, or why nothing came'),
        took_ms: z.int(),
      }),
    ),
  })
  .meta({ id: 'ReceiverTest' });

export type ReceiverView = z.infer<typeof ReceiverSchema>;
export type ReceiverTestView = z.infer<typeof ReceiverTestSchema>;
