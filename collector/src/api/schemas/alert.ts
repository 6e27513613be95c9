import { z } from 'zod';
import { ALERT_LABELS, ALERT_STATUSES } from '../../core/alerts/alert.ts';
import { ALERT_NAMES, SEVERITIES } from '../../core/alerts/catalogue.ts';
import { BySchema, ReasonSchema } from './acts.ts';
import { MomentSchema } from './verdict.ts';

/** Longest silence, seconds (30 days). */
const SILENCE_S_MAX = 2_592_000;

export const AlertIdSchema = z.string().min(1).max(64);

export const SilenceIdSchema = z.string().min(1).max(64);

export const AlertStatusSchema = z
  .enum(ALERT_STATUSES)
  .describe('no_data: it fires, and whether it is over cannot be seen now');

const LabelsSchema = z
  .partialRecord(z.enum(ALERT_LABELS), z.string())
  .describe('What it is about: names of things, never values');

export const AlertSchema = z
  .object({
    id: z.string().describe('Of this occurrence'),
    name: z.enum(ALERT_NAMES),
    title: z.string().describe('What alerts of this name say, without values'),
    labels: LabelsSchema,
    group: z.string().describe('Alerts with the same are of one kind, issuer and rotation'),
    severity: z.enum(SEVERITIES),
    status: AlertStatusSchema,
    firing: z.boolean().describe('It counts: status firing or no_data'),
    since_at: MomentSchema.describe('When it was first seen'),
    fired_at: MomentSchema.nullable(),
    resolved_at: MomentSchema.nullable(),
    summary: z.string().describe('One sentence for a person'),
    details: z.array(z.string()),
    acknowledged: z
      .object({ by: z.string(), reason: z.string(), at: MomentSchema })
      .nullable()
      .describe('Who has taken it on; nobody is told of it again unless it gets worse'),
    silenced_by: z.string().nullable().describe('Silence that keeps it from being told'),
    inhibited_by: z.string().nullable().describe('Alert that keeps it from being told'),
    shuts_gates: z.boolean().describe('While it fires, gates that lead on are shut'),
    advises_rollback: z.boolean().describe('While it fires, going back is advised'),
    runbook_url: z.string().describe('What it means and what to do, on this collector'),
  })
  .meta({ id: 'Alert' });

export const SilenceSchema = z
  .object({
    id: z.string(),
    name: z.enum(ALERT_NAMES).nullable().describe('Null: alerts of any name'),
    labels: LabelsSchema.describe("All of these have to be the alert's"),
    by: z.string(),
    reason: z.string(),
    at: MomentSchema,
    expires_at: MomentSchema,
  })
  .meta({ id: 'Silence' });

export const AcknowledgeSchema = z
  .strictObject({ by: BySchema, reason: ReasonSchema })
  .meta({ id: 'Acknowledge' });

export const SilenceBodySchema = z
  .strictObject({
    name: z.enum(ALERT_NAMES).optional().describe('Left out: alerts of any name'),
    labels: z.record(z.string().max(64), z.string().max(512)).default({}),
    everything: z
      .boolean()
      .default(false)
      .describe('Has to be true where neither name nor labels are given'),
    by: BySchema,
    reason: ReasonSchema,
    valid_for_s: z.int().min(1).max(SILENCE_S_MAX).describe('Seconds until it expires'),
  })
  .meta({ id: 'SilenceAlerts' });

export type AlertView = z.infer<typeof AlertSchema>;
export type SilenceView = z.infer<typeof SilenceSchema>;
