import { z } from 'zod';
import { GRADES } from '@keyturn/shared/model/evidence.ts';
import { GATES } from '@keyturn/shared/model/verdict.ts';
import type { EvidenceRecord } from '../core/snapshot/evidence-record.ts';
import { attestationSchema, step, waiverSchema } from './record-schemas.ts';

// Snapshots are kept for years and read back as they were written: a member that later versions add
// must be optional here, for old snapshots are never rewritten.

const text = z.string();
const atMs = z.number();
const count = z.number().int().nonnegative();
const orNull = <T extends z.ZodType>(schema: T) => z.nullable(schema);
const counts = z.record(z.string(), count);

export const occasionSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('step'),
    step,
    by: text,
    overrideReason: orNull(text),
    reason: orNull(text),
  }),
  z.strictObject({ kind: z.literal('gate'), gate: z.enum(GATES) }),
  z.strictObject({
    kind: z.literal('end'),
    outcome: z.enum(['completed', 'aborted']),
    because: text,
  }),
]);

const verdict = z.strictObject({
  gate: z.enum(GATES),
  status: z.enum(['open', 'closed', 'unknown', 'aborted']),
  weakestGrade: orNull(z.enum(GRADES)),
  advised: z.boolean(),
  checks: z.array(
    z.strictObject({
      id: text,
      status: z.enum(['pass', 'fail', 'unknown', 'waived']),
      class: z.enum(['time', 'evidence', 'coverage', 'health', 'policy']),
      message: text,
      offenderCount: count,
      sinceMs: orNull(atMs),
      clearsAtMs: orNull(atMs),
    }),
  ),
});

const moments = z.strictObject({
  publishedAtMs: orNull(atMs),
  switchedAtMs: orNull(atMs),
  switchSeenAtMs: orNull(atMs),
  lastOldSignatureAtMs: orNull(atMs),
  lastOldAcceptedAtMs: orNull(atMs),
  oldTokensGoneAtMs: orNull(atMs),
  withdrawnAtMs: orNull(atMs),
});

const overlap = z.strictObject({
  propagationMs: orNull(z.number()),
  propagationOf: orNull(text),
  publishSafetyMs: z.number(),
  switchSpreadMs: z.number(),
  lifetimeMs: orNull(z.number()),
  skewMs: z.number(),
  retireSafetyMs: z.number(),
  requiredMs: orNull(z.number()),
});

const service = z.strictObject({
  name: text,
  declared: z.boolean(),
  required: z.boolean(),
  kind: text,
  way: text,
  evidence: z.enum(GRADES),
  profile: text,
  instancesDeclared: orNull(count),
  instancesMax: orNull(count),
  instancesLive: count,
  verifiers: count,
  silent: count,
  joined: count,
  uncounted: count,
  byNew: counts,
  byOld: counts,
});

const verifier = z.strictObject({
  service: text,
  instance: text,
  cache: text,
  profile: text,
  source: text,
  liveness: text,
  holdsNew: text,
  holdsNewSinceMs: atMs,
  holdsOld: text,
  holdsOldSinceMs: atMs,
  detail: text,
  reportedAtMs: orNull(atMs),
});

export const evidenceSchema = z.strictObject({
  rotationId: text,
  number: z.number().int().positive(),
  atMs,
  occasion: occasionSchema,
  verdict: orNull(verdict),
  moments,
  overlap: orNull(overlap),
  policySha256: text,
  services: z.array(service),
  verifiers: z.array(verifier),
  verifiersLeftOut: count,
  attestations: z.array(attestationSchema),
  waivers: z.array(waiverSchema),
}) satisfies z.ZodType<EvidenceRecord>;
