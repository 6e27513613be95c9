import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { isSecretAlg } from '@keyturn/shared/model/secret-keys.ts';
import type { AgentInternals } from '../agent.ts';
import { joseOutcome } from './jose-outcome.ts';
import { type Claims, hasExpired, issuerOf, numberOrNull, type Verify } from './jose-token.ts';
import { isCanaryAudience, peek } from './peek.ts';

type Resolver = (header: unknown, token: unknown) => unknown;

/** What became of a key resolver of the user's own. */
interface Resolving {
  gaveNothing: boolean;
}

/**
 * Verifications with shared secrets: by HS256, HS384 or HS512, with the secret itself or a resolver
 * that finds it. Counted once the agent was told which secrets are held; the secret is never looked at.
 */
export class JoseSecrets {
  readonly #agent: AgentInternals;

  constructor(agent: AgentInternals) {
    this.#agent = agent;
  }

  /** True for a token that is to be verified with a secret. */
  takes(token: unknown): boolean {
    return this.#agent.secrets.issuers.length > 0 && isSecretAlg(peek(token).alg ?? '');
  }

  /** jose's own verification, with its end counted where it was of a secret. */
  async verify(
    verify: Verify,
    claimsOf: (result: object) => Claims | undefined,
    token: unknown,
    key: unknown,
    options: unknown,
  ): Promise<object> {
    const { secrets, events } = this.#agent;
    if (secrets.issuers.length === 0) return verify(token, key, options);
    const resolving: Resolving | null = typeof key === 'function' ? { gaveNothing: false } : null;
    const used = resolving === null ? key : watched(key as Resolver, resolving);
    let result: object;
    try {
      result = await verify(token, used, options);
    } catch (thrown) {
      events.guard('jose.refused', () => {
        this.#refused(token, thrown, resolving, options);
      });
      throw thrown;
    }
    events.guard('jose.accepted', () => {
      this.#accepted(result, claimsOf(result), options);
    });
    return result;
  }

  #accepted(result: object, payload: Claims | undefined, options: unknown): void {
    const { alg, kid } = (result as { protectedHeader: Claims }).protectedHeader;
    if (!isSecretAlg(String(alg)) || isCanaryAudience(payload?.['aud'])) return;
    this.#count(payload?.['iss'], typeof kid === 'string' ? kid : null, 'ok', options, {
      iatS: numberOrNull(payload?.['iat']),
      expS: numberOrNull(payload?.['exp']),
    });
  }

  #refused(token: unknown, thrown: unknown, resolving: Resolving | null, options: unknown): void {
    const seen = peek(token);
    if (!isSecretAlg(seen.alg ?? '') || isCanaryAudience(seen.aud)) return;
    let outcome = outcomeOf(thrown, resolving);
    const isUnknown = outcome === 'unknown_kid' || outcome === 'unknown_kid_or_bad_signature';
    if (isUnknown && hasExpired(seen, options, this.#agent.clock.wallMs())) {
      outcome = 'unknown_kid_expired_token';
    }
    this.#count(seen.iss, seen.kid, outcome, options, null);
  }

  #count(
    iss: unknown,
    kid: string | null,
    outcome: Outcome,
    options: unknown,
    claims: { readonly iatS: number | null; readonly expS: number | null } | null,
  ): void {
    const { secrets } = this.#agent;
    const issuer = issuerOf(new Set(secrets.issuers), iss, options);
    if (issuer !== undefined) secrets.of(issuer)?.count(issuer, kid, outcome, claims);
  }
}

/** With one secret at hand, jose looks at no kid: another secret's token is a bad signature to it. */
function outcomeOf(thrown: unknown, resolving: Resolving | null): Outcome {
  const outcome = joseOutcome(thrown);
  if (resolving === null) {
    return outcome === 'bad_signature' ? 'unknown_kid_or_bad_signature' : outcome;
  }
  return resolving.gaveNothing && outcome === 'unclassified' ? 'unknown_kid' : outcome;
}

// A resolver that throws or gives nothing knows no secret for the token.
function watched(key: Resolver, resolving: Resolving): Resolver {
  return async (header, token) => {
    resolving.gaveNothing = true;
    const found = await key(header, token);
    resolving.gaveNothing = found === undefined || found === null;
    return found;
  };
}
