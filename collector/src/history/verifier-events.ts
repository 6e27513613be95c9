import { z } from 'zod';
import type { HeldKeySet, VerifierRecord } from '../core/records.ts';
import type { EventKind } from './event-log.ts';
import { isNone, keyDifference, named } from './jwks-events.ts';

/** Kids named in one event; what is more is counted. */
export const KIDS_NAMED_MAX = 16;

const NO_KEYS: HeldKeySet['keys'] = [];

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
  for (const [at, has] of after.keySets.entries()) {
    const aligned = before.keySets[at];
    const had = aligned?.issuer === has.issuer ? aligned : setOf(before, has.issuer);
    compareSets(has.issuer, had, has, found);
  }
  for (const had of before.keySets) {
    const isGone = setOf(after, had.issuer) === undefined;
    if (isGone) compareSets(had.issuer, had, undefined, found);
  }
  return found;
}

function setOf({ keySets }: VerifierRecord, issuer: string): HeldKeySet | undefined {
  return keySets.find((set) => set.issuer === issuer);
}

function compareSets(
  issuer: string,
  had: HeldKeySet | undefined,
  has: HeldKeySet | undefined,
  found: VerifierEvent[],
): void {
  const [before, after] = [had?.keys ?? NO_KEYS, has?.keys ?? NO_KEYS];
  if (!isSame(before, after)) found.push(...keysEvent(issuer, before, after, has));
  const wasFailing = (had?.consecutiveFailures ?? 0) > 0;
  const isFailing = (has?.consecutiveFailures ?? 0) > 0;
  if (isFailing === wasFailing) return;
  if (!isFailing) found.push({ v: 1, what: 'fetch_ok', issuer });
  else found.push({ v: 1, what: 'fetch_failing', issuer, error: has?.lastError ?? null });
}

function keysEvent(
  issuer: string,
  before: HeldKeySet['keys'],
  after: HeldKeySet['keys'],
  has: HeldKeySet | undefined,
): VerifierEvent[] {
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
