import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { z } from 'zod';
import type { SightingError } from '../core/sighting.ts';
import type { EventKind } from './event-log.ts';

/** Keys of one document that are written down; a document may have hundreds. */
export const KEYS_NOTED_MAX = 64;

const ERRORS = [
  'timeout',
  'network',
  'tls',
  'status',
  'too_large',
  'not_json',
  'invalid',
  'private_members',
  'duplicate_kid',
] as const satisfies readonly SightingError[];

const keySchema = z.object({ kid: z.string(), thumbprint: z.string(), alg: z.string() });

const jwksEventSchema = z.discriminatedUnion('what', [
  z.object({
    v: z.literal(1),
    what: z.literal('document'),
    vantage: z.string(),
    keys: z.array(keySchema),
    /** All keys, those without kid or thumbprint too. */
    keyCount: z.number().int(),
    /** By kid. */
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.string()),
    /** Kids beyond those named. */
    more: z.number().int(),
    bytes: z.number().int(),
    maxAgeS: z.number().nullable(),
    /** The first that was read here; it adds and removes nothing. */
    first: z.boolean(),
  }),
  z.object({
    v: z.literal(1),
    what: z.literal('failing'),
    vantage: z.string(),
    error: z.enum(ERRORS),
    message: z.string(),
  }),
  z.object({ v: z.literal(1), what: z.literal('readable'), vantage: z.string() }),
]);

export type JwksEvent = z.output<typeof jwksEventSchema>;
export type JwksDocument = Extract<JwksEvent, { what: 'document' }>;

/** By issuer. */
export const JWKS_EVENTS = {
  kind: 'jwks',
  schema: jwksEventSchema,
} as const satisfies EventKind<typeof jwksEventSchema>;

/** What of two key sets is not the same, by kid. */
export interface KeyDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The same kid with other key material, or another algorithm. */
  readonly changed: readonly string[];
}

export function keyDifference(before: readonly KeyRef[], after: readonly KeyRef[]): KeyDifference {
  const had = materialByKid(before);
  const has = materialByKid(after);
  return {
    added: [...has.keys()].filter((kid) => !had.has(kid)),
    removed: [...had.keys()].filter((kid) => !has.has(kid)),
    changed: [...has].flatMap(([kid, material]) =>
      had.has(kid) && had.get(kid) !== material ? [kid] : [],
    ),
  };
}

/** A difference as it is written down: so many kids of each are named, and the rest is counted. */
export function named({ added, removed, changed }: KeyDifference, max: number) {
  const cut = {
    added: added.slice(0, max),
    removed: removed.slice(0, max),
    changed: changed.slice(0, max),
  };
  const all = added.length + removed.length + changed.length;
  return { ...cut, more: all - cut.added.length - cut.removed.length - cut.changed.length };
}

export function isNone({ added, removed, changed }: KeyDifference): boolean {
  return added.length + removed.length + changed.length === 0;
}

/** A kid may stand for several keys. */
function materialByKid(keys: readonly KeyRef[]): ReadonlyMap<string, string> {
  const found = new Map<string, string[]>();
  for (const { kid, thumbprint, alg } of keys) {
    const own = `${thumbprint} ${alg}`;
    const others = found.get(kid);
    if (others === undefined) found.set(kid, [own]);
    else others.push(own);
  }
  return new Map([...found].map(([kid, all]) => [kid, all.toSorted().join()]));
}
