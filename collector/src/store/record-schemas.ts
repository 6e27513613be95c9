import { z } from 'zod';
import { GATES } from '@keyturn/shared/model/verdict.ts';
import { OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { CANARY_OUTCOMES, CANARY_ROLES } from '@keyturn/shared/model/probe.ts';
import { FETCH_ERRORS } from '@keyturn/shared/model/report.ts';
import type {
  AttestationRecord,
  AuditEntry,
  IssuerRecord,
  KeyRecord,
  RehearsalRecord,
  RotationRecord,
  UsageRecord,
  VerifierRecord,
  WaiverRecord,
} from '../core/records.ts';
import { OBSERVED_FINDINGS } from '../core/records.ts';
import type { Meta } from './store.ts';

// Strict shapes of everything that is read back from disk. A member that is missing, of another type
// or not known here means the row is damaged or its migration is missing; both must be loud.

const text = z.string();
const atMs = z.number();
const count = z.number().int().nonnegative();
const orNull = <T extends z.ZodType>(schema: T) => z.nullable(schema);

const keyRef = z.strictObject({ kid: text, thumbprint: text, alg: text });

const countKey = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('kid'), kid: text }),
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('other') }),
]);

const outcomes = z.partialRecord(z.enum(OUTCOMES), count);

const heldKeySet = z.strictObject({
  issuer: text,
  keys: z.array(keyRef),
  dataAtMs: orNull(atMs),
  attemptAtMs: orNull(atMs),
  consecutiveFailures: count,
  lastError: orNull(z.enum(FETCH_ERRORS)),
  nextRefreshAtMs: orNull(atMs),
  cooldownUntilMs: orNull(atMs),
  documentSha256: orNull(text),
  servedAtMs: orNull(atMs),
  secretsAtMs: orNull(atMs),
});

const heldCounts = z.strictObject({
  issuer: text,
  key: countKey,
  outcomes,
  highestIatS: orNull(z.number()),
  highestExpS: orNull(z.number()),
  longestLifetimeS: orNull(z.number()),
  acceptedWithoutExp: count,
  acceptedWithoutIat: count,
  lastAcceptedAtMs: orNull(atMs),
});

const probedKey = z.strictObject({ kid: text, thumbprint: text });

const heldProbe = z.strictObject({
  issuer: text,
  latest: orNull(
    z.strictObject({
      rotationId: text,
      key: probedKey,
      atMs,
      validUntilMs: atMs,
      answers: z.array(
        z.strictObject({
          role: z.enum(CANARY_ROLES),
          outcome: z.enum(CANARY_OUTCOMES),
          status: orNull(count),
        }),
      ),
    }),
  ),
  refusedNew: orNull(z.strictObject({ key: probedKey, atMs })),
  bogusAcceptedAtMs: orNull(atMs),
});

export const verifierSchema = z.strictObject({
  id: z.strictObject({ service: text, instance: text, cache: text }),
  bootId: text,
  epoch: count,
  seq: count,
  profile: text,
  source: z.enum(['in_process', 'pushed', 'proxy']),
  issuers: z.array(text),
  cacheKind: z.enum(['public', 'secret', 'any']),
  firstSeenAtMs: atMs,
  receivedAtMs: orNull(atMs),
  observedAtMs: orNull(atMs),
  keySets: z.array(heldKeySet),
  counts: z.array(heldCounts),
  carried: z.array(z.strictObject({ issuer: text, key: countKey, outcomes })),
  otherBoots: z.array(z.strictObject({ bootId: text, counts: z.array(heldCounts) })),
  departedAtMs: orNull(atMs),
  duplicateAtMs: orNull(atMs),
  probes: z.array(heldProbe),
}) satisfies z.ZodType<VerifierRecord>;

export const issuerRecordSchema = z.strictObject({
  issuer: text,
  cacheLifeMs: z.number().nonnegative(),
  readAtMs: orNull(atMs),
  watchedSinceMs: orNull(atMs),
}) satisfies z.ZodType<IssuerRecord>;

export const keySchema = z.strictObject({
  issuer: text,
  key: keyRef,
  firstSeenAtMs: atMs,
  publishedAtMs: orNull(atMs),
  withdrawnAtMs: orNull(atMs),
  tombstone: orNull(z.enum(['retired', 'reused'])),
  declaredLifetimeMs: orNull(z.number()),
  unclaimed: z.boolean(),
}) satisfies z.ZodType<KeyRecord>;

export const usageSchema = z.strictObject({
  issuer: text,
  kid: orNull(text),
  firstAcceptedAtMs: atMs,
  lastAcceptedAtMs: atMs,
  highestIatS: orNull(z.number()),
  highestExpS: orNull(z.number()),
  longestLifetimeS: orNull(z.number()),
  acceptedWithoutExp: count,
  acceptedWithoutIat: count,
}) satisfies z.ZodType<UsageRecord>;

export const step = z.enum([
  'publish',
  'activate',
  'retire',
  'rollback',
  'abort',
  'taint',
  'complete',
  'destroy_old_key',
]);

const declaration = z.strictObject({
  atMs,
  by: text,
  overrideReason: orNull(text),
  reason: orNull(text),
});

export const rotationSchema = z.strictObject({
  id: text,
  issuer: text,
  alg: text,
  oldAlg: text,
  keyKind: z.enum(['public', 'secret']),
  oldKid: text,
  oldThumbprint: orNull(text),
  newKid: text,
  newThumbprint: orNull(text),
  startedAtMs: atMs,
  startedBy: text,
  declared: z.partialRecord(step, declaration),
  switchedAtMs: orNull(atMs),
  switchSeenAtMs: orNull(atMs),
  firstSwitchedAtMs: orNull(atMs),
  rolledBackAtMs: orNull(atMs),
  failuresAtSwitch: count,
  endedAtMs: orNull(atMs),
  outcome: orNull(z.enum(['completed', 'aborted'])),
  tainted: z.boolean(),
  origin: z.enum(['declared', 'observed']),
  endedBecause: orNull(text),
  findings: z
    .array(z.strictObject({ id: z.enum(OBSERVED_FINDINGS), atMs, message: text }))
    .readonly(),
}) satisfies z.ZodType<RotationRecord>;

export const attestationSchema = z.strictObject({
  id: text,
  rotationId: text,
  service: text,
  instance: orNull(text),
  fact: z.enum(['holds_new', 'rejects_old']),
  by: text,
  reason: text,
  atMs,
  expiresAtMs: atMs,
}) satisfies z.ZodType<AttestationRecord>;

export const waiverSchema = z.strictObject({
  id: text,
  rotationId: text,
  gate: z.enum(GATES),
  checkId: text,
  by: text,
  reason: text,
  atMs,
  expiresAtMs: atMs,
}) satisfies z.ZodType<WaiverRecord>;

export const rehearsalSchema = z.strictObject({
  rotationId: text,
  number: count,
  by: text,
  atMs,
  status: z.enum(['passed', 'failed', 'unknown']),
  checks: z
    .array(
      z.strictObject({
        id: text,
        status: z.enum(['pass', 'fail', 'unknown', 'waived']),
        class: z.enum(['time', 'evidence', 'coverage', 'health', 'policy']),
        message: text,
        offenders: z.array(text).readonly(),
        offenderCount: count,
      }),
    )
    .readonly(),
}) satisfies z.ZodType<RehearsalRecord>;

export const metaSchema = z.strictObject({
  epochFloor: count,
  lastNowMs: atMs,
}) satisfies z.ZodType<Meta>;

export const auditEntrySchema = z.strictObject({
  atMs,
  kind: z.enum(['act', 'decision', 'observation', 'refusal']),
  rotationId: orNull(text),
  actor: text,
  action: text,
  message: text,
  detail: z.record(z.string(), z.unknown()),
}) satisfies z.ZodType<AuditEntry>;
