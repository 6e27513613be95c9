import { OUTCOMES, type Outcome } from '@keyturn/shared/model/outcome.ts';
import type { BucketKind, Watched } from './bucket-kind.ts';

/**
 * Whose tokens: `kid` the collector knows, `foreign` ones together, tokens without any (`none`), and
 * those that did not fit an agent's table or a bucket (`other`). Kids nobody knows have no name here.
 */
export type TokenLabel = `kid ${string}` | 'foreign' | 'none' | 'other';

export type OutcomeCounts = Partial<Record<Outcome, number>>;

export interface TokenBucket extends Watched {
  /** Verifiers of the issuer that were heard and can count, the fewest at any moment; null: nobody looked. */
  reporting: number | null;
  /** Verifiers of the issuer that were known, the most at any moment. */
  known: number;
  readonly counts: Map<TokenLabel, OutcomeCounts>;
}

/** Kids with counts of their own in a bucket; an issuer with more of them in use has the rest together. */
export const KIDS_PER_BUCKET_MAX = 24;

const FORM = 1;

const KNOWN_OUTCOMES: ReadonlySet<string> = new Set(OUTCOMES);

export const TOKENS: BucketKind<TokenBucket> = {
  name: 'tokens',
  empty: () => ({ watchedMs: 0, reporting: null, known: 0, counts: new Map() }),
  merge(earlier, later) {
    const merged: TokenBucket = {
      watchedMs: earlier.watchedMs + later.watchedMs,
      reporting: fewest(earlier.reporting, later.reporting),
      known: Math.max(earlier.known, later.known),
      counts: new Map(),
    };
    for (const { counts } of [earlier, later]) {
      for (const [label, outcomes] of counts) {
        for (const outcome of Object.keys(outcomes) as Outcome[]) {
          addTokens(merged, label, outcome, outcomes[outcome] ?? 0);
        }
      }
    }
    return merged;
  },
  toJson: ({ watchedMs, reporting, known, counts }) => ({
    v: FORM,
    w: watchedMs,
    r: reporting,
    n: known,
    c: [...counts],
  }),
  // A page reads thousands of these at once, and a schema takes several times as long.
  fromJson(value) {
    if (!isObject(value) || value['v'] !== FORM) return undefined;
    const { w: watchedMs, r: reporting, n: known, c: entries } = value;
    if (typeof watchedMs !== 'number' || !(watchedMs >= 0) || !isCount(known)) return undefined;
    if (reporting !== null && !isCount(reporting)) return undefined;
    if (!Array.isArray(entries) || !entries.every(isEntry)) return undefined;
    return { watchedMs, reporting, known, counts: new Map(entries) };
  },
};

function isEntry(entry: unknown): entry is [TokenLabel, OutcomeCounts] {
  if (!Array.isArray(entry) || entry.length !== 2) return false;
  const [label, counts]: unknown[] = entry;
  return typeof label === 'string' && isLabel(label) && isObject(counts) && isCounts(counts);
}

function isCounts(counts: Readonly<Record<string, unknown>>): boolean {
  for (const outcome of Object.keys(counts)) {
    if (!KNOWN_OUTCOMES.has(outcome) || !isCount(counts[outcome])) return false;
  }
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function addTokens(
  { counts }: TokenBucket,
  label: TokenLabel,
  outcome: Outcome,
  count: number,
): void {
  const isFull = counts.size >= KIDS_PER_BUCKET_MAX && !counts.has(label) && isKid(label);
  const place = isFull ? 'other' : label;
  let outcomes = counts.get(place);
  if (outcomes === undefined) counts.set(place, (outcomes = {}));
  outcomes[outcome] = Math.min(Number.MAX_SAFE_INTEGER, (outcomes[outcome] ?? 0) + count);
}

export function noteHeard(bucket: TokenBucket, reporting: number, known: number): void {
  bucket.reporting = fewest(bucket.reporting, reporting);
  bucket.known = Math.max(bucket.known, known);
}

/** The kid of a label; null for those that stand for several or for none. */
export function kidOf(label: TokenLabel): string | null {
  return isKid(label) ? label.slice('kid '.length) : null;
}

function isKid(label: string): boolean {
  return label.startsWith('kid ');
}

function isLabel(label: string): label is TokenLabel {
  return isKid(label) || label === 'foreign' || label === 'none' || label === 'other';
}

function fewest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
