import { OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { z } from 'zod';
import {
  ALERT_LABELS,
  ALERT_STATUSES,
  type AlertRecord,
  type SilenceRecord,
} from '../core/alerts/alert.ts';
import { ALERT_NAMES, SEVERITIES } from '../core/alerts/catalogue.ts';
import { ALERT_CHANGES, type NoticeRecord } from '../core/alerts/notice.ts';
import type { SeriesRecord } from '../core/detectors/series-record.ts';

// Strict shapes of what is read back from disk, as in record-schemas.ts.

const text = z.string();
const atMs = z.number();
const count = z.number().int().nonnegative();

const labels = z.partialRecord(z.enum(ALERT_LABELS), text);

export const alertSchema = z.strictObject({
  id: text,
  name: z.enum(ALERT_NAMES),
  labels,
  severity: z.enum(SEVERITIES),
  status: z.enum(ALERT_STATUSES),
  sinceMs: atMs,
  firedAtMs: z.nullable(atMs),
  resolvedAtMs: z.nullable(atMs),
  changedAtMs: atMs,
  transition: count,
  summary: text,
  details: z.array(text).readonly(),
  acknowledged: z.nullable(z.strictObject({ by: text, reason: text, atMs })),
  told: z.nullable(
    z.strictObject({ severity: z.enum(SEVERITIES), noData: z.boolean(), resolved: z.boolean() }),
  ),
}) satisfies z.ZodType<AlertRecord>;

export const silenceSchema = z.strictObject({
  id: text,
  name: z.nullable(z.enum(ALERT_NAMES)),
  labels,
  by: text,
  reason: text,
  atMs,
  expiresAtMs: atMs,
}) satisfies z.ZodType<SilenceRecord>;

export const noticeSchema = z.strictObject({
  id: text,
  receiver: text,
  news: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('alert'),
      change: z.enum(ALERT_CHANGES),
      alert: alertSchema,
    }),
    z.strictObject({
      kind: z.literal('rotation'),
      rotationId: text,
      issuer: text,
      step: text,
      by: text,
      message: text,
    }),
  ]),
  createdAtMs: atMs,
  attempts: count,
  nextAtMs: atMs,
  lastError: z.nullable(text),
  givenUpAtMs: z.nullable(atMs),
}) satisfies z.ZodType<NoticeRecord>;

export const seriesSchema = z.strictObject({
  id: text,
  score: z.number(),
  failures: count,
  tokens: count,
  sinceMs: atMs,
  rate: z.number(),
  calm: z.number(),
  reasons: z.partialRecord(z.enum(OUTCOMES), count),
  firing: z.nullable(z.strictObject({ atMs, rotationId: z.nullable(text), isOwn: z.boolean() })),
  resolvedAtMs: z.nullable(atMs),
  baseline: z.nullable(
    z.strictObject({
      latestHour: z.number().int(),
      hours: z.array(z.tuple([count, count]).readonly()).readonly(),
      usual: z.number(),
    }),
  ),
  updatedAtMs: atMs,
}) satisfies z.ZodType<SeriesRecord>;
