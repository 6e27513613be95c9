import { GATES } from '@keyturn/shared/model/verdict.ts';
import { z } from 'zod';
import type { Dated, EventKind } from './event-log.ts';

export const STATUSES = ['open', 'closed', 'unknown', 'aborted'] as const;

const gateEventSchema = z.union([
  z.object({
    v: z.literal(1),
    gate: z.enum(GATES),
    status: z.enum(STATUSES),
    /** First reason; empty: every check passed. */
    reason: z.string().max(2_000),
  }),
  /** From here on nobody looked. */
  z.object({ v: z.literal(1), blind: z.literal(true) }),
]);

export type GateEvent = z.output<typeof gateEventSchema>;

/** By rotation id. */
export const GATE_EVENTS = {
  kind: 'gates',
  schema: gateEventSchema,
} as const satisfies EventKind<typeof gateEventSchema>;

/** A stretch in which a gate said the same. */
export interface GateSpan {
  readonly status: (typeof STATUSES)[number];
  readonly fromMs: number;
  /** Null: it still does. */
  readonly toMs: number | null;
  readonly reason: string;
}

/** What a gate said and when, by events oldest first; where nobody looked there is no span. */
export function gateSpans(
  events: readonly Dated<GateEvent>[],
  gate: (typeof GATES)[number],
  endedAtMs: number | null,
): readonly GateSpan[] {
  const spans: GateSpan[] = [];
  let open: Omit<GateSpan, 'toMs'> | null = null;
  const end = (atMs: number | null): void => {
    if (open !== null && (atMs === null || atMs > open.fromMs)) spans.push({ ...open, toMs: atMs });
    open = null;
  };
  for (const { atMs, event } of events) {
    if (endedAtMs !== null && atMs > endedAtMs) break;
    if ('blind' in event) end(atMs);
    else if (event.gate === gate) {
      end(atMs);
      open = { status: event.status, fromMs: atMs, reason: event.reason };
    }
  }
  end(endedAtMs);
  return spans;
}
