import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import type { CountKey, KidCounts } from '@keyturn/shared/model/report.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import type { AcceptedClaims } from './ledger.ts';

const SLOT_BY_OUTCOME: ReadonlyMap<Outcome, number> = new Map(
  OUTCOMES.map((outcome, slot) => [outcome, slot]),
);

const OK = OUTCOMES.indexOf('ok');
const HIGHEST_IAT = OUTCOMES.length;
const HIGHEST_EXP = HIGHEST_IAT + 1;
const LONGEST_LIFETIME = HIGHEST_IAT + 2;
const WITHOUT_EXP = HIGHEST_IAT + 3;
const WITHOUT_IAT = HIGHEST_IAT + 4;
const LAST_ACCEPTED = HIGHEST_IAT + 5;
const SLOTS = HIGHEST_IAT + 6;

/** A later claim means "never", and still fits every date type. */
const UNIX_S_MAX = REPORT_LIMITS.numericDateS;

/** The totals of one kid. One typed array, so that counting a verification allocates nothing. */
export interface Row {
  readonly key: CountKey;
  readonly slots: Float64Array;
  /** Ledger revision at which the kid was last in a held set or watched; 0: it never was. */
  wantedAtRevision: number;
}

export function createRow(key: CountKey): Row {
  const slots = new Float64Array(SLOTS);
  slots.fill(-Infinity, HIGHEST_IAT, WITHOUT_EXP);
  slots[LAST_ACCEPTED] = -Infinity;
  return { key, slots, wantedAtRevision: 0 };
}

/** Adds `times` verifications; true when a reader learns something new: a first, or a longer lifetime. */
export function addToRow(
  row: Row,
  outcome: Outcome,
  claims: AcceptedClaims | null,
  nowMs: number,
  times: number,
): boolean {
  const slots = row.slots;
  const slot = SLOT_BY_OUTCOME.get(outcome) ?? OUTCOMES.length - 1;
  const before = slots[slot] ?? 0;
  slots[slot] = before + times;
  const learned = outcome === 'ok' && addAccepted(slots, claims, nowMs, times);
  return learned || before === 0;
}

// An accepted token whose claims nobody read counts as one without them: what is not known must not
// pass for "it has expired".
function addAccepted(
  slots: Float64Array,
  claims: AcceptedClaims | null,
  nowMs: number,
  times: number,
): boolean {
  const iat = unixSeconds(claims === null ? null : claims.iatS);
  const exp = unixSeconds(claims === null ? null : claims.expS);
  if (iat < 0) slots[WITHOUT_IAT] = (slots[WITHOUT_IAT] ?? 0) + times;
  else raise(slots, HIGHEST_IAT, iat);
  if (exp < 0) slots[WITHOUT_EXP] = (slots[WITHOUT_EXP] ?? 0) + times;
  else raise(slots, HIGHEST_EXP, exp);
  raise(slots, LAST_ACCEPTED, nowMs);
  if (iat < 0 || exp < 0) return false;
  return raise(slots, LONGEST_LIFETIME, exp > iat ? exp - iat : 0);
}

/** Rounded up to whole seconds and into the range of dates; -1 when the claim is absent. */
function unixSeconds(claim: number | null): number {
  if (claim === null || Number.isNaN(claim)) return -1;
  if (claim <= 0) return 0;
  return claim >= UNIX_S_MAX ? UNIX_S_MAX : Math.ceil(claim);
}

function raise(slots: Float64Array, slot: number, value: number): boolean {
  if (value <= (slots[slot] ?? -Infinity)) return false;
  slots[slot] = value;
  return true;
}

function valueOrNull(value: number | undefined): number | null {
  return value === undefined || value === -Infinity ? null : value;
}

/**
 * True where tokens like this one are the issuer's own: its kid was held or watched, or some were
 * accepted. What anybody can invent must not make a verifier talk more.
 */
export function isOfIssuer(row: Row): boolean {
  return row.wantedAtRevision > 0 || (row.slots[OK] ?? 0) > 0;
}

/** The row as reported; undefined while nothing was counted in it. */
export function readRow(row: Row, issuer: string, nowMs: number): KidCounts | undefined {
  const outcomes: Partial<Record<Outcome, number>> = {};
  let any = false;
  for (const [outcome, slot] of SLOT_BY_OUTCOME) {
    const n = row.slots[slot] ?? 0;
    if (n === 0) continue;
    outcomes[outcome] = n;
    any = true;
  }
  if (!any) return undefined;
  const lastAcceptedAtMs = valueOrNull(row.slots[LAST_ACCEPTED]);
  return {
    issuer,
    key: row.key,
    outcomes,
    highestIat: valueOrNull(row.slots[HIGHEST_IAT]),
    highestExp: valueOrNull(row.slots[HIGHEST_EXP]),
    longestLifetimeS: valueOrNull(row.slots[LONGEST_LIFETIME]),
    acceptedWithoutExp: row.slots[WITHOUT_EXP] ?? 0,
    acceptedWithoutIat: row.slots[WITHOUT_IAT] ?? 0,
    lastAcceptedAgeMs:
      lastAcceptedAtMs === null ? null : Math.max(0, Math.round(nowMs - lastAcceptedAtMs)),
  };
}
