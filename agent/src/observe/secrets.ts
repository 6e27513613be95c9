import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import { isSecretAlg, keyProblem, SECRET_ALGS } from '@keyturn/shared/model/secret-keys.ts';
import { shown } from '@keyturn/shared/shown.ts';
import type { ObservedVerifier } from './verifier.ts';

/** A secret shared with the issuer, by its id alone. The secret itself is never wanted. */
export interface SecretId {
  readonly kid: string;
  /** `HS256`, `HS384` or `HS512`. */
  readonly alg: string;
}

/**
 * The secrets of one agent by issuer, each issuer's in a cache of its own. What cannot be read leaves
 * nothing known of the issuer's secrets: a list of before must not stand in for it.
 */
export class HeldSecretIds {
  readonly #observe: (issuer: string) => ObservedVerifier;
  readonly #nowMs: () => number;
  readonly #byIssuer = new Map<string, ObservedVerifier>();

  constructor(observe: (issuer: string) => ObservedVerifier, nowMs: () => number) {
    this.#observe = observe;
    this.#nowMs = nowMs;
  }

  get issuers(): readonly string[] {
    return [...this.#byIssuer.keys()];
  }

  /** The cache of the issuer's secrets; undefined while none were told. */
  of(issuer: string): ObservedVerifier | undefined {
    return this.#byIssuer.get(issuer);
  }

  /** @throws TypeError naming what is wrong; nothing is known of the issuer's secrets then. */
  hold(issuer: string, secrets: readonly SecretId[]): void {
    let verifier = this.#byIssuer.get(issuer);
    if (verifier === undefined) {
      verifier = this.#observe(issuer);
      this.#byIssuer.set(issuer, verifier);
    }
    tellSecrets(verifier, issuer, secrets, this.#nowMs());
  }
}

/** @throws TypeError naming what is wrong; nothing is known of the issuer's secrets then. */
export function tellSecrets(
  verifier: ObservedVerifier,
  issuer: string,
  secrets: readonly SecretId[],
  nowMs: number,
): void {
  const keys = secretKeys(secrets);
  if (typeof keys === 'string') {
    verifier.setSecrets(issuer, null);
    throw new TypeError(keys);
  }
  verifier.setSecrets(issuer, { keys, toldAtMs: nowMs });
}

function secretKeys(secrets: unknown): readonly KeyRef[] | string {
  const max = REPORT_LIMITS.keysPerSet;
  if (!Array.isArray(secrets) || secrets.length > max) {
    return `secrets: expected a list of at most ${max}, got ${shown(secrets)}`;
  }
  const keys: KeyRef[] = [];
  for (const [index, entry] of (secrets as readonly unknown[]).entries()) {
    const key = secretKey(entry);
    if (typeof key === 'string') return `secrets[${index}].${key}`;
    keys.push(key);
  }
  return keys;
}

// Values are not shown, kid apart: somebody may have put the secret where its id belongs.
function secretKey(entry: unknown): KeyRef | string {
  if (typeof entry !== 'object' || entry === null) return 'kid: expected {kid, alg}';
  const { kid, alg, ...others } = entry as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined)
    return `${other.slice(0, 40)}: expected kid and alg alone, never the secret`;
  if (typeof kid !== 'string') return 'kid: expected text';
  if (typeof alg !== 'string' || !isSecretAlg(alg)) {
    return `alg: expected one of ${SECRET_ALGS.join(', ')}`;
  }
  const key = { kid, thumbprint: '', alg };
  const problem = keyProblem(key);
  return problem === undefined ? key : `${problem.field}: ${problem.message}`;
}
