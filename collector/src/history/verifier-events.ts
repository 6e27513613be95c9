import { z } from 'zod';
import type { HeldKeySet, VerifierRecord } from '../core/records.ts';
import type { EventKind } from './event-log.ts';
import { isNone, keyDifference, named } from './jwks-events.ts';

/** Kids named in one event; what is more is counted. */
export const KIDS_NAMED_MAX = 16;

const LIVENESS = ['reporting', 'silent', 'joined', 'departed'] as const;

const verifierEventSchema = z.discriminatedUnion('what', [
  z.object({ v: z.literal(1), what: z.literal('first_seen'), profile: z.string() }),
  z.object({ v: z.literal(1), what: z.enum(LIVENESS) }),
  /** It is not known any more: nobody heard of it for long, or a person removed it. */
  z.object({ v: z.literal(1), what: z.literal('forgotten') }),
  z.object({ v: z.literal(1), what: z.literal('restarted'), epoch: z.number().int() }),
  z.object({ v: z.literal(1), what: z.literal('duplicate') }),
  z.object({
    v: z.literal(1),
    what: z.literal('keys'),
    issuer: z.string(),
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.string()),
    /** Kids beyond those named. */
    more: z.number().int(),
    count: z.number().int(),
    /** When they were fetched, Unix ms; null: it does not say. */
    dataAtMs: z.number().nullable(),
  }),
  z.object({
    v: z.literal(1),
    what: z.literal('fetch_failing'),
    issuer: z.string(),
    error: z.string().nullable(),
  }),
  z.object({ v: z.literal(1), what: z.literal('fetch_ok'), issuer: z.string() }),
]);

export type VerifierEvent = z.output<typeof verifierEventSchema>;

/** By `service/instance/cache`. */
export const VERIFIER_EVENTS = {
  kind: 'verifier',
  schema: verifierEventSchema,
} as const satisfies EventKind<typeof verifierEventSchema>;

/** What happened to a verifier between two records of it. */
export function eventsBetween(before: VerifierRecord, after: VerifierRecord): VerifierEvent[] {
  const found: VerifierEvent[] = [];
  if (after.bootId !== before.bootId) {
    found.push({ v: 1, what: 'restarted', epoch: after.epoch });
  }
  if (after.duplicateAtMs !== null && before.duplicateAtMs === null) {
    found.push({ v: 1, what: 'duplicate' });
  }
  if (after.keySets === before.keySets) return found;
  const issuers = new Set([...before.keySets, ...after.keySets].map(({ issuer }) => issuer));
  for (const issuer of issuers) {
    const [had, has] = [before, after].map(({ keySets }) =>
      keySets.find((set) => set.issuer === issuer),
    );
    found.push(...keysEvent(issuer, had, has), ...fetchEvent(issuer, had, has));
  }
  return found;
}

function keysEvent(
  issuer: string,
  had: HeldKeySet | undefined,
  has: HeldKeySet | undefined,
): VerifierEvent[] {
  const [before, after] = [had?.keys ?? [], has?.keys ?? []];
  if (isSame(before, after)) return [];
  const difference = keyDifference(before, after);
  if (isNone(difference)) return [];
  const dataAtMs = has?.dataAtMs ?? null;
  return [
    {
      v: 1,
      what: 'keys',
      issuer,
      ...named(difference, KIDS_NAMED_MAX),
      count: after.length,
      dataAtMs,
    },
  ];
}

/** Most reports bring the keys of the one before, in their order. */
function isSame(before: HeldKeySet['keys'], after: HeldKeySet['keys']): boolean {
  if (before.length !== after.length) return false;
  return after.every(({ kid, thumbprint, alg }, at) => {
    const other = before[at];
    return other?.kid === kid && other.thumbprint === thumbprint && other.alg === alg;
  });
}

function fetchEvent(
  issuer: string,
  had: HeldKeySet | undefined,
  has: HeldKeySet | undefined,
): VerifierEvent[] {
  const wasFailing = (had?.consecutiveFailures ?? 0) > 0;
  const isFailing = (has?.consecutiveFailures ?? 0) > 0;
  if (isFailing === wasFailing) return [];
  if (!isFailing) return [{ v: 1, what: 'fetch_ok', issuer }];
  return [{ v: 1, what: 'fetch_failing', issuer, error: has?.lastError ?? null }];
}
