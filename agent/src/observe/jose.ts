import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { Agent, AgentInternals } from '../agent.ts';
import { internalsOf } from '../agent.ts';
import type { FetchLike } from './fetch-watch.ts';
import { watchFetch } from './fetch-watch.ts';
import { joseOutcome } from './jose-outcome.ts';
import { JoseSecrets } from './jose-secrets.ts';
import { JoseSet } from './jose-set.ts';
import { type Claims, hasExpired, issuerOf, numberOrNull, type Verify } from './jose-token.ts';
import { startNudging } from './nudge.ts';
import { isCanaryAudience, peek } from './peek.ts';
import type { RemoteSetLike } from './remote-set.ts';

/** As much of jose (6.0.8 or newer) as is observed; pass `import * as jose from 'jose'` or just these four. */
export interface JoseLike {
  readonly createRemoteJWKSet: (url: URL, options?: never) => RemoteSetLike;
  readonly jwtVerify: (jwt: never, key: never, options?: never) => Promise<unknown>;
  readonly compactVerify?: (jws: never, key: never, options?: never) => Promise<unknown>;
  readonly customFetch: symbol;
  readonly jwksCache?: symbol;
}

export interface ObserveJoseOptions {
  /**
   * Name of the cache in reports, unique within the agent: `jose` by default. Further key sets get
   * `-2`, `-3`, … in the order they are made.
   */
  readonly cache?: string;
  /** Let an idle cache fetch when a key the collector watches is missing. Default true. */
  readonly nudge?: boolean;
}

/** The functions of jose to use instead, with the types of the jose that was passed in. */
export type ObservedJose<J extends JoseLike> = Pick<J, 'createRemoteJWKSet' | 'jwtVerify'> &
  (J extends { compactVerify: infer V } ? { readonly compactVerify: V } : unknown) & {
    /**
     * Has verifications that use `getKey`, a resolver of your own, counted with `set`, the observed
     * key set it looks into. Returns `getKey`.
     */
    readonly resolver: <K extends object>(getKey: K, set: RemoteSetLike) => K;
  };

/**
 * More, at once or in all, are a sign of one key set per request; they work, unobserved, and a fault
 * is told. A name is never used twice: its counts would start again within an epoch.
 */
const LIVE_SETS_MAX = 32;
const SETS_MAX = 256;

/**
 * Observes jose: every key set made by the returned `createRemoteJWKSet` is reported with its exact
 * keys, age, cooldown and failures, every verification that uses it by kid and outcome. Verifications
 * with a shared secret are counted too once `agent.holdSecrets` has told its id. Nothing waits for the
 * agent and nothing fails because of it; options, results and errors are jose's own.
 *
 * ```ts
 * import * as jose from 'jose';
 * import { createAgent, observeJose } from '@keyturn/agent';
 *
 * const agent = createAgent({ service: 'orders', issuer: 'https://login.example.com' });
 * const { createRemoteJWKSet, jwtVerify } = observeJose(jose, agent);
 * ```
 *
 * With several issuers configured, give each its `jwksUri`: a key set belongs to the issuers whose
 * `jwksUri` it was made from, and to those without one whose tokens were accepted with it. Until that
 * is known it counts for all of those, and keeps the gates of the ones it has no keys of shut.
 */
export function observeJose<J extends JoseLike>(
  jose: J,
  agent: Agent,
  options: ObserveJoseOptions = {},
): ObservedJose<J> {
  const observer = new JoseObserver(jose, internalsOf(agent), options);
  const observed = {
    createRemoteJWKSet: observer.createRemoteJWKSet,
    jwtVerify: observer.verifying(jose.jwtVerify as unknown as Verify, claimsOfJwt),
    compactVerify:
      jose.compactVerify &&
      observer.verifying(jose.compactVerify as unknown as Verify, claimsOfCompact),
    resolver: observer.resolver,
  };
  return observed as unknown as ObservedJose<J>;
}

class JoseObserver {
  readonly #jose: JoseLike;
  readonly #agent: AgentInternals;
  readonly #options: ObserveJoseOptions;
  readonly #sets = new WeakMap<object, JoseSet>();
  readonly #gone: FinalizationRegistry<() => void>;
  readonly #claims = { iatS: null as number | null, expS: null as number | null };
  readonly #secrets: JoseSecrets;
  readonly #resolvers = new WeakSet();
  #live = 0;
  #made = 0;

  constructor(jose: JoseLike, agent: AgentInternals, options: ObserveJoseOptions) {
    this.#jose = jose;
    this.#agent = agent;
    this.#secrets = new JoseSecrets(agent);
    this.#options = options;
    this.#gone = new FinalizationRegistry((stop) => {
      stop();
    });
  }

  readonly createRemoteJWKSet = (url: URL, options?: object): RemoteSetLike => {
    const make = this.#jose.createRemoteJWKSet as (url: URL, options?: object) => RemoteSetLike;
    const { customFetch } = this.#jose;
    if (typeof customFetch !== 'symbol') {
      this.#agent.events.fault(
        'jose.observe',
        new TypeError('expected jose.customFetch, which jose has since 6.0.8'),
      );
      return make(url, options);
    }
    const own = (options as Readonly<Record<symbol, unknown>> | undefined)?.[customFetch];
    const inner = (typeof own === 'function' ? own : plainFetch) as FetchLike;
    let set: JoseSet | undefined;
    // Inheriting keeps options that are not own properties.
    const remote = make(
      url,
      Object.create(options ?? null, {
        [customFetch]: { value: watchFetch(inner, () => set), enumerable: true },
      }) as object,
    );
    this.#agent.events.guard('jose.observe', () => {
      set = this.#observe(url, options);
      this.#attach(remote, set, options);
    });
    return remote;
  };

  readonly resolver = <K extends object>(getKey: K, of: RemoteSetLike): K => {
    const set = this.#sets.get(of);
    if (set === undefined) {
      this.#agent.events.fault('jose.resolver', new TypeError('expected an observed key set'));
    } else {
      this.#sets.set(getKey, set);
      this.#resolvers.add(getKey);
    }
    return getKey;
  };

  /** `verify`, with its end counted. The promise is jose's in all but identity. */
  verifying(verify: Verify, claimsOf: (result: object) => Claims | undefined): Verify {
    return async (token, key, options) => {
      const set = typeof key === 'function' ? this.#sets.get(key) : undefined;
      if (set === undefined || (this.#resolvers.has(key as object) && this.#secrets.takes(token))) {
        return this.#secrets.verify(verify, claimsOf, token, key, options);
      }
      const refreshesBefore = set.refreshes;
      let result: object;
      try {
        result = await verify(token, key, options);
      } catch (thrown) {
        try {
          this.#refused(set, token, thrown, options, refreshesBefore);
        } catch (fault) {
          this.#agent.events.fault('jose.refused', fault);
        }
        throw thrown;
      }
      try {
        this.#accepted(set, result, claimsOf(result), options);
      } catch (fault) {
        this.#agent.events.fault('jose.accepted', fault);
      }
      return result;
    };
  }

  #observe(url: URL, options: object | undefined): JoseSet {
    if (this.#live >= LIVE_SETS_MAX || this.#made >= SETS_MAX) {
      throw new RangeError(`expected one key set per issuer, not more than ${LIVE_SETS_MAX}`);
    }
    const issuers = this.#agent.issuersOf(url.href);
    const verifier = this.#agent.observe(
      this.#options.cache ?? 'jose',
      'npm-jose',
      this.#agent.possibleIssuersOf(url.href),
      // jose takes no symmetric key out of a key set.
      'public',
    );
    this.#live += 1;
    this.#made += 1;
    return new JoseSet(verifier, this.#agent, issuers, timesOf(options));
  }

  #attach(remote: RemoteSetLike, set: JoseSet, options: object | undefined): void {
    this.#sets.set(remote, set);
    const { jwksCache } = this.#jose;
    const cache =
      jwksCache &&
      (options as Readonly<Record<symbol, { uat?: unknown }>> | undefined)?.[jwksCache];
    set.attach(remote, typeof cache?.uat === 'number' ? cache.uat : undefined);
    const stopNudging =
      this.#options.nudge === false
        ? undefined
        : startNudging(set, timesOf(options).cooldownMs, this.#agent, this.#agent.random);
    this.#agent.onClose(() => stopNudging?.());
    this.#gone.register(remote, () => {
      stopNudging?.();
      this.#live -= 1;
      set.verifier.close('the key set is no longer used');
    });
  }

  #accepted(set: JoseSet, result: object, payload: Claims | undefined, options: unknown): void {
    const { kid } = (result as { protectedHeader: { kid?: unknown } }).protectedHeader;
    const iss = payload?.['iss'];
    if (typeof iss === 'string' && !set.issuers.has(iss)) set.learnIssuer(iss);
    const issuer = issuerOf(set.issuers, iss, options);
    if (issuer === undefined || isCanaryAudience(payload?.['aud'])) return;
    const claims = this.#claims;
    claims.iatS = numberOrNull(payload?.['iat']);
    claims.expS = numberOrNull(payload?.['exp']);
    set.verifier.count(issuer, typeof kid === 'string' ? kid : null, 'ok', claims);
  }

  #refused(
    set: JoseSet,
    token: unknown,
    thrown: unknown,
    options: unknown,
    refreshesBefore: number,
  ): void {
    const seen = peek(token);
    const issuer = issuerOf(set.issuers, seen.iss, options);
    if (issuer === undefined || isCanaryAudience(seen.aud)) return;
    const isFetchFailure = thrown !== undefined && thrown === set.lastThrown;
    let outcome: Outcome = isFetchFailure ? 'jwks_unavailable' : joseOutcome(thrown);
    if (outcome === 'unknown_kid') {
      if (hasExpired(seen, options, this.#agent.clock.wallMs())) {
        outcome = 'unknown_kid_expired_token';
      } else if (set.refreshes === refreshesBefore) outcome = 'unknown_kid_throttled';
    }
    set.verifier.count(issuer, seen.kid, outcome);
  }
}

// As jose does it: looked up at the time of the fetch, so that later replacements are honoured.
const plainFetch = (url: string, init: RequestInit) => fetch(url, init);

// jose's own defaults: 10 min, 30 s.
function timesOf(options: object | undefined) {
  const { cacheMaxAge, cooldownDuration } = (options ?? {}) as Readonly<Record<string, unknown>>;
  return {
    cacheMaxAgeMs: typeof cacheMaxAge === 'number' ? cacheMaxAge : 600_000,
    cooldownMs: typeof cooldownDuration === 'number' ? cooldownDuration : 30_000,
  };
}

function claimsOfJwt(result: object): Claims | undefined {
  return (result as { readonly payload?: Claims }).payload;
}

function claimsOfCompact(result: object): Claims | undefined {
  const { payload } = result as { readonly payload: Uint8Array };
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}
