import { conditionSinceMs, rankOf } from './condition.ts';
import { focusedSet } from './focused-set.ts';
import type { VerifierRow } from './verifier-row.ts';

/** What the table can be ordered by. */
export const ORDERS = [
  'state',
  'name',
  'since',
  'keys',
  'data',
  'report',
  'error',
  'failures',
  'profile',
] as const;

export type OrderBy = (typeof ORDERS)[number];

/** `worst`: as the column means it, the worst first. */
export interface Order {
  readonly by: OrderBy;
  readonly reversed: boolean;
}

export const WORST_FIRST: Order = { by: 'state', reversed: false };

export type Compare = (a: VerifierRow, b: VerifierRow) => number;

/** The order an address asks for. */
export function orderFrom(query: URLSearchParams): Order {
  const by = ORDERS.find((one) => one === query.get('sort'));
  return by === undefined ? WORST_FIRST : { by, reversed: query.get('order') === 'reversed' };
}

/** Compares rows; two verifiers are never equal. `issuer`: whose key set is shown; null: the worst. */
export function comparison({ by, reversed }: Order, issuer: number | null): Compare {
  const compare = BY[by](issuer);
  return (a, b) => {
    const found = compare(a, b);
    return (reversed ? -found : found) || byName(a, b);
  };
}

const BY: Readonly<Record<OrderBy, (issuer: number | null) => Compare>> = {
  state: () => (a, b) => rankOf(a) - rankOf(b) || bySince(a, b),
  name: () => byName,
  since: () => bySince,
  keys: () => (a, b) => lacking(b) - lacking(a),
  data: (issuer) => (a, b) =>
    // What was never fetched comes first: it is not known how old it is.
    (focusedSet(a, issuer)?.dataAtMs ?? 0) - (focusedSet(b, issuer)?.dataAtMs ?? 0),
  report: () => (a, b) => (a.reportedAtMs ?? 0) - (b.reportedAtMs ?? 0),
  error: (issuer) => (a, b) =>
    (focusedSet(b, issuer)?.failedFetches ?? 0) - (focusedSet(a, issuer)?.failedFetches ?? 0),
  failures: () => (a, b) => b.failures - a.failures,
  profile: () => (a, b) => compareText(a.profile.id, b.profile.id),
};

// What began at no known time comes first.
function bySince(a: VerifierRow, b: VerifierRow): number {
  return (conditionSinceMs(a) ?? 0) - (conditionSinceMs(b) ?? 0);
}

function lacking(row: VerifierRow): number {
  let count = 0;
  for (const { sufficient } of row.standings) if (!sufficient) count += 1;
  return count;
}

function byName(a: VerifierRow, b: VerifierRow): number {
  return compareText(a.name, b.name);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
