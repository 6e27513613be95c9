import { parseJwks } from '@keyturn/shared/jwks/parse.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { FETCH_ERRORS, REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import {
  isSecretKey,
  keyProblem,
  namesSecret,
  NO_SECRET_THUMBPRINT,
} from '@keyturn/shared/model/secret-keys.ts';
import { field, integer, issuerName, matching, oneOf } from '@keyturn/shared/settings/fields.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { z } from 'zod';

const COUNT_MAX = 1_000_000_000;

const ageMs = integer(0, REPORT_LIMITS.ageMs).nullish();

/** Chosen by the verifier's process when it starts; a new one says that it restarted. */
const boot = matching(
  /^[\w.:-]{1,64}$/,
  '1 to 64 letters, digits or . _ : -, new for each start of the process',
);

/**
 * `{kid, thumbprint, alg}`, or `{jwk}` with the public key itself; `{kid, alg}` for a shared secret,
 * by its id alone.
 */
const key = z.unknown().transform((value, context): KeyRef => {
  const read = readKey(value);
  if (typeof read !== 'string') return read;
  context.addIssue(read);
  return z.NEVER;
});

export const keysBody = z
  .strictObject({
    boot,
    issuer: issuerName,
    keys: z.array(key).max(REPORT_LIMITS.keysPerSet).optional(),
    /** Instead of `keys`: the key set document the verifier holds, parsed. */
    jwks: z.unknown().optional(),
    /** Says that it holds no shared secret; a list without one says nothing of secrets. */
    no_secrets: z.boolean().default(false),
    data_age_ms: ageMs,
    attempt_age_ms: ageMs,
    consecutive_failures: integer(0, 4_294_967_295).default(0),
    last_error: oneOf(FETCH_ERRORS).nullish(),
    next_refresh_in_ms: ageMs,
    cooldown_in_ms: ageMs,
    document_sha256: matching(/^[\da-f]{64}$/i, '64 hex digits').nullish(),
  })
  .transform((body, context) => {
    const { keys = [], jwks, no_secrets: noSecrets, ...rest } = body;
    const refuse = (at: string, message: string) => {
      context.addIssue({ code: 'custom', path: at === '' ? [] : [at], message });
      return z.NEVER;
    };
    // Told besides a document, the list can only be of what no document has.
    const alone = body.keys !== undefined && keys.every(isSecretKey);
    if (jwks === undefined ? body.keys === undefined : body.keys !== undefined && !alone) {
      return refuse('', 'expected either keys or jwks; besides jwks, keys of shared secrets alone');
    }
    if (jwks === undefined && rest.document_sha256 != null && keys.length > 0 && alone) {
      return refuse('document_sha256', 'expected none with nothing but shared secrets');
    }
    const hasSecrets = keys.some(isSecretKey);
    if (hasSecrets && noSecrets) return refuse('no_secrets', 'expected no secrets among keys');
    const tellsSecrets = hasSecrets || noSecrets;
    if (jwks === undefined) return { ...rest, keys, tellsSecrets };
    const read = readJwks(jwks);
    if (!read.ok) return refuse('jwks', read.message);
    const all = [...read.keys, ...keys];
    if (all.length <= REPORT_LIMITS.keysPerSet) return { ...rest, keys: all, tellsSecrets };
    return refuse('jwks', `expected at most ${REPORT_LIMITS.keysPerSet} keys`);
  });

const claimS = field((value) =>
  typeof value === 'number' && value >= 0 && value <= REPORT_LIMITS.numericDateS
    ? { value }
    : { expected: `expected Unix seconds from 0 to ${REPORT_LIMITS.numericDateS}` },
);

const row = z
  .strictObject({
    issuer: issuerName,
    /** Null: the tokens had none. */
    kid: z.string().nullable(),
    outcome: oneOf(OUTCOMES),
    count: integer(0, COUNT_MAX),
    /** Highest `iat` and `exp` of the accepted tokens of this row. */
    iat: claimS.optional(),
    exp: claimS.optional(),
    /** Longest `exp` - `iat` of the accepted tokens of this row. */
    lifetime_s: claimS.optional(),
  })
  .superRefine((value, context) => {
    const problem = claimsProblem(value);
    if (problem !== undefined) context.addIssue(problem);
  });

export const outcomesBody = z.strictObject({
  boot,
  /** Greater with every batch of one boot. */
  seq: integer(1, Number.MAX_SAFE_INTEGER),
  outcomes: z.array(row).max(REPORT_LIMITS.countRowsPerReport),
});

export const heartbeatBody = z.strictObject({ boot });

/** For the query of a goodbye. */
export const goodbyeQuery = z.strictObject({ boot });

export type KeysPush = z.infer<typeof keysBody>;
export type OutcomesPush = z.infer<typeof outcomesBody>;
export type OutcomeRow = z.infer<typeof row>;

function readKey(value: unknown): KeyRef | string {
  if (typeof value !== 'object' || value === null)
    return 'expected {kid, thumbprint, alg} or {jwk}, or {kid, alg} for a shared secret';
  const { kid, thumbprint, alg = '', jwk, ...others } = value as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined)
    return `unknown key ${shown(other)}; expected {kid, thumbprint, alg} or {jwk}`;
  if (jwk !== undefined) {
    const read = readJwks({ keys: [jwk] });
    if (!read.ok) return `jwk: ${read.message}`;
    return read.keys[0] ?? 'jwk: expected a public signing key with a kid';
  }
  if (typeof kid !== 'string') return 'kid: expected text';
  if (typeof alg !== 'string')
    return `alg: expected a JWS algorithm such as ES256, got ${shown(alg)}`;
  if (namesSecret(alg)) {
    // What came is not shown: it may be a digest of the secret.
    if (thumbprint !== undefined) return `thumbprint: ${NO_SECRET_THUMBPRINT}`;
  } else if (typeof thumbprint !== 'string' || !/^[\w-]{43}$/.test(thumbprint)) {
    return `thumbprint: expected the RFC 7638 SHA-256 thumbprint, 43 characters of base64url, got ${shown(thumbprint)}`;
  }
  const key = { kid, thumbprint: typeof thumbprint === 'string' ? thumbprint : '', alg };
  const problem = keyProblem(key);
  if (problem === undefined) return key;
  if (problem.field !== 'alg') return `${problem.field}: ${problem.message}`;
  return `alg: ${problem.message}, a JWS algorithm such as ES256, got ${shown(alg)}`;
}

// Through the one reader of key sets: private members are refused, thumbprints are the same for all.
function readJwks(document: unknown) {
  return parseJwks(Buffer.from(JSON.stringify(document)));
}

function claimsProblem(value: {
  readonly outcome: string;
  readonly count: number;
  readonly iat?: number | undefined;
  readonly exp?: number | undefined;
  readonly lifetime_s?: number | undefined;
}): string | undefined {
  const { outcome, count, iat, exp, lifetime_s: lifetimeS } = value;
  const any = iat !== undefined || exp !== undefined || lifetimeS !== undefined;
  if (any && outcome !== 'ok') {
    return 'expected iat, exp and lifetime_s with outcome ok only: what a refused token claims is not evidence';
  }
  if (iat === undefined || exp === undefined) {
    return lifetimeS === undefined ? undefined : 'expected iat and exp with lifetime_s';
  }
  const shortest = Math.max(0, exp - iat);
  if (lifetimeS === undefined) {
    return count > 1
      ? 'expected lifetime_s, the longest exp - iat, since the row is of several tokens'
      : undefined;
  }
  if (lifetimeS < shortest || lifetimeS > exp || (count === 1 && lifetimeS !== shortest)) {
    return `expected lifetime_s to fit iat and exp, got ${lifetimeS}`;
  }
  return undefined;
}
