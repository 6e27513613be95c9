import type { Peek } from './peek.ts';

export type Verify = (token: unknown, key: unknown, options?: unknown) => Promise<object>;

export type Claims = Readonly<Record<string, unknown>>;

/**
 * The issuer a token counts for: what it names, or where it names none, what the verifier expects.
 * Whether that is a configured issuer is the ledger's to say.
 */
export function issuerOf(
  issuers: ReadonlySet<string>,
  iss: unknown,
  options: unknown,
): string | undefined {
  if (typeof iss === 'string') return iss;
  const expected = (options as { readonly issuer?: unknown } | undefined)?.issuer;
  if (typeof expected === 'string') return expected;
  if (Array.isArray(expected) && expected.length === 1) return String(expected[0]);
  const [only] = issuers;
  return issuers.size === 1 ? only : undefined;
}

/** Tolerances written as text are taken for this many seconds. */
const TEXT_TOLERANCE_S = 300;

// A token counts as live in doubt: only what is surely expired is no fault of a rotation.
export function hasExpired(seen: Peek, options: unknown, wallMs: number): boolean {
  if (seen.expS === undefined) return false;
  const { clockTolerance, currentDate } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const nowMs = currentDate instanceof Date ? currentDate.getTime() : wallMs;
  const toleranceS =
    typeof clockTolerance === 'number'
      ? clockTolerance
      : clockTolerance === undefined
        ? 0
        : TEXT_TOLERANCE_S;
  return seen.expS + toleranceS < nowMs / 1_000;
}

export function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
