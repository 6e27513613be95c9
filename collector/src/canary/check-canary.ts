import { messageOf } from '@keyturn/shared/errors.ts';
import type { Jwk } from '@keyturn/shared/jwks/thumbprint.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import { type CanaryRole, tokenProblem } from '@keyturn/shared/model/probe.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose';
import type { ProbedKey } from '../core/probes/record.ts';
import { privilegeIn } from './privileges.ts';

/** What a canary must be. */
export interface CanaryExpectation {
  readonly role: Exclude<CanaryRole, 'bogus'>;
  readonly issuer: string;
  readonly audience: string;
  readonly maxLifetimeMs: number;
  readonly key: ProbedKey;
  readonly alg: string;
  /** The published key itself. */
  readonly jwk: Jwk;
  readonly nowMs: number;
  /** Clock skew allowed for. */
  readonly skewMs: number;
}

/** The token may be presented until then; or the field at fault, what it should be and what it is. */
export type CanaryCheck = { readonly ok: true; readonly expiresAtMs: number } | CanaryProblem;

export interface CanaryProblem {
  readonly ok: false;
  readonly field: string;
  readonly expected: string;
  /** Never the token, nor a claim that could be somebody's. */
  readonly got: string;
}

/** A canary that ends sooner cannot be carried round a fleet. */
const LEFT_MS = 30_000;

/** Headers by which a careless verifier would take its key from the token. */
const KEY_HEADERS = ['jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64'] as const;

type Claims = Readonly<Record<string, unknown>>;

/** Checks one token that tooling hands over: exactly this key, this issuer, and worth nothing. */
export async function checkCanary(
  token: string,
  expected: CanaryExpectation,
): Promise<CanaryCheck> {
  const form = tokenProblem(token);
  if (form !== undefined) return splitProblem(expected.role, form);
  return headerProblem(token, expected) ?? (await verified(token, expected));
}

function headerProblem(token: string, expected: CanaryExpectation): CanaryProblem | undefined {
  const { role, alg, key } = expected;
  let header: Readonly<Record<string, unknown>>;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    return problem(role, 'a JOSE header in its first part', 'something else');
  }
  // The alg first: what kind of signature it is decides what the rest means.
  if (header['alg'] !== alg) return problem(`${role}.alg`, alg, shown(header['alg']));
  if (header['kid'] !== key.kid) return problem(`${role}.kid`, key.kid, shown(header['kid']));
  const risky = KEY_HEADERS.find((name) => Object.hasOwn(header, name));
  return risky === undefined
    ? undefined
    : problem(`${role}.${risky}`, 'no such header', 'one that is set');
}

async function verified(token: string, expected: CanaryExpectation): Promise<CanaryCheck> {
  const { role, alg, jwk, key } = expected;
  let payload: Uint8Array;
  try {
    const published = await importJWK(jwk as JWK, alg);
    ({ payload } = await compactVerify(token, published, { algorithms: [alg] }));
  } catch (thrown) {
    const whose = `a signature by the published key ${key.kid}`;
    return problem(`${role}.signature`, whose, `one that is not (${messageOf(thrown)})`);
  }
  const claims = claimsOf(payload);
  if (claims === undefined) return problem(role, 'claims in JSON', 'something else');
  return claimProblem(claims, expected) ?? timesOf(claims, expected);
}

function claimProblem(claims: Claims, expected: CanaryExpectation): CanaryProblem | undefined {
  const { role, issuer, audience } = expected;
  if (claims['iss'] !== issuer) return problem(`${role}.iss`, shown(issuer), shown(claims['iss']));
  const aud: unknown = claims['aud'];
  const isOwn = aud === audience || (Array.isArray(aud) && aud.length === 1 && aud[0] === audience);
  if (!isOwn) {
    const got = Array.isArray(aud) ? `${aud.length} audiences` : shown(aud);
    return problem(`${role}.aud`, `${shown(audience)} and nothing else`, got);
  }
  const worth = privilegeIn(claims, audience);
  if (worth === undefined) return undefined;
  return problem(`${role}.${plainName(worth.claim)}`, worth.expected, 'a value');
}

function timesOf(claims: Claims, expected: CanaryExpectation): CanaryCheck {
  const { role, nowMs, skewMs, maxLifetimeMs } = expected;
  const [exp, iat, nbf] = [claims['exp'], claims['iat'], claims['nbf']];
  if (!isTime(exp)) return problem(`${role}.exp`, 'when it ends, Unix seconds', shown(exp));
  if (!isTime(iat)) return problem(`${role}.iat`, 'when it was made, Unix seconds', shown(iat));
  if (iat * 1_000 > nowMs + skewMs) return problem(`${role}.iat`, 'a moment past', told(iat));
  if (nbf !== undefined && (!isTime(nbf) || nbf * 1_000 > nowMs)) {
    return problem(`${role}.nbf`, 'none, or a moment past', isTime(nbf) ? told(nbf) : shown(nbf));
  }
  const lifetimeMs = (exp - iat) * 1_000;
  if (lifetimeMs > maxLifetimeMs) {
    const most = `at most ${formatDuration(maxLifetimeMs)} after iat (canary.max_lifetime)`;
    return problem(`${role}.exp`, most, formatDuration(lifetimeMs));
  }
  const leftMs = exp * 1_000 - nowMs;
  const leastMs = Math.min(LEFT_MS, maxLifetimeMs / 2);
  if (leftMs >= leastMs) return { ok: true, expiresAtMs: exp * 1_000 };
  const left = leftMs <= 0 ? `one that ended at ${told(exp)}` : formatDuration(leftMs);
  return problem(`${role}.exp`, `at least ${formatDuration(leastMs)} left`, left);
}

function claimsOf(payload: Uint8Array): Claims | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < 253_402_300_800;
}

function told(seconds: number): string {
  return moment(Math.floor(seconds) * 1_000);
}

function problem(field: string, expected: string, got: string): CanaryProblem {
  return { ok: false, field, expected, got };
}

function splitProblem(field: string, sentence: string): CanaryProblem {
  const [expected = '', got = ''] = sentence.replace(/^expected /, '').split(', got ');
  return problem(field, expected, got);
}

/** A claim's name as part of a field: it is the token's word. */
function plainName(claim: string): string {
  return /^[\w.:/-]{1,100}$/.test(claim) ? claim : 'claims';
}
