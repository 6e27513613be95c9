import type { Clock } from '@keyturn/shared/clock.ts';
import { systemClock } from '@keyturn/shared/clock.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { FetchError } from '@keyturn/shared/model/report.ts';
import type { CacheKind } from '@keyturn/shared/model/secret-keys.ts';
import type { AgentOptions, CheckedOptions } from './agent-options.ts';
import { AgentOptionsError, checkOptions } from './agent-options.ts';
import type { AgentEvents } from './events.ts';
import { createAgentEvents } from './events.ts';
import type { AcceptedClaims, Ledger } from './ledger/ledger.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { createLedger, verifierProblems } from './ledger/memory-ledger.ts';
import type { ObserverContext } from './observe/verifier.ts';
import { ObservedVerifier } from './observe/verifier.ts';
import type { Jwk } from '@keyturn/shared/jwks/thumbprint.ts';
import { keyRefsOf } from './observe/key-refs.ts';
import { functionPresenter } from './probe/present-function.ts';
import type { SecretId } from './observe/secrets.ts';
import { HeldSecretIds, tellSecrets } from './observe/secrets.ts';
import { AgentTelemetry } from './telemetry/telemetry.ts';
import { grpcDialer } from './uplink/grpc.ts';
import type { Uplink } from './uplink/uplink.ts';
import { createUplink } from './uplink/uplink.ts';
import { AGENT_VERSION } from './version.ts';

/** Reports for the verifiers of one process. Make one, hand it to observers, close it at the end. */
export interface Agent extends AsyncDisposable {
  /** A verifier of a library there is no observer for; see VerifierHandle. */
  verifier(options: VerifierOptions): VerifierHandle;
  /**
   * Says which secrets shared with the issuer this process verifies HS256, HS384 or HS512 tokens with:
   * all of them, by their ids alone. To be called at the start and whenever they change. Never throws;
   * a list that cannot be read is a fault, and leaves nothing known of the issuer's secrets.
   */
  holdSecrets(issuer: string, secrets: readonly SecretId[]): void;
  /** Sends what is left and says goodbye; takes at most about two seconds and never rejects. */
  close(reason?: string): Promise<void>;
  /** Faults inside the agent that were kept away from the verifier, by place. */
  readonly faults: ReadonlyMap<string, number>;
}

export interface VerifierOptions {
  /** Name of the key cache, unique within the agent. */
  readonly cache: string;
  /** Id in the collector's catalogue of verifiers, such as `npm-fast-jwt`; empty when not known. */
  readonly profile?: string;
  /**
   * Issuers whose tokens this cache decides on; all of the agent's when absent. One that is named and
   * whose keys are never set keeps that issuer's gates shut.
   */
  readonly issuers?: readonly string[];
  /** Which keys it decides with: `public` or `secret`; `any` by default, when nobody can say. */
  readonly keys?: CacheKind;
}

/** What a cache holds now. Times are `performance.now()` of this process. */
export interface KeysObserved {
  /** The key set as public JWKs; only kid, thumbprint and alg are kept. */
  readonly jwks: readonly object[];
  /** When the data was fetched from its source; now when absent. */
  readonly dataAtMs?: number;
  readonly attemptAtMs?: number;
  readonly consecutiveFailures?: number;
  readonly lastError?: FetchError;
  readonly nextRefreshAtMs?: number;
  readonly cooldownUntilMs?: number;
}

/** Puts in what a verifier does. Nothing here throws or waits. */
export interface VerifierHandle {
  /**
   * One verification. `kid` null: the token had none. `claims` of accepted tokens, so that the
   * collector knows how long the key is still needed.
   */
  count(
    issuer: string,
    kid: string | null,
    outcome: Outcome,
    claims?: { readonly iat?: number; readonly exp?: number },
  ): void;
  /** Replaces what is known of the issuer's keys in this cache. */
  setKeys(issuer: string, observed: KeysObserved): void;
  /** Replaces what is known of the secrets shared with the issuer in this cache; see Agent.holdSecrets. */
  holdSecrets(issuer: string, secrets: readonly SecretId[]): void;
  /** The verifier stops on purpose. */
  close(reason?: string): void;
}

/**
 * What observers in this package use; not part of the public face.
 *
 * @internal
 */
export interface AgentInternals extends ObserverContext {
  readonly random: () => number;
  /** Issuers a key set fetched from this URL decides on; none when that is not known yet. */
  issuersOf(jwksUri: string): readonly string[];
  /**
   * Issuers such a key set may come to decide on. A verifier names no others: for each it names and
   * holds no keys of, it keeps gates shut.
   */
  possibleIssuersOf(jwksUri: string): readonly string[];
  /** A new verifier; `-2`, `-3`, … is added to a name that is taken. */
  observe(
    cache: string,
    profile: string,
    issuers: readonly string[],
    cacheKind: CacheKind,
  ): ObservedVerifier;
  readonly secrets: HeldSecretIds;
  onClose(stop: () => void): void;
}

const internals = new WeakMap<Agent, AgentInternals>();

/**
 * @throws TypeError when `agent` did not come from createAgent.
 * @internal
 */
export function internalsOf(agent: Agent): AgentInternals {
  const found = internals.get(agent);
  if (found === undefined) throw new TypeError('expected an agent made by createAgent');
  return found;
}

/**
 * Starts reporting to a collector. It connects as soon as there is a verifier to report, never keeps
 * the process alive and never throws later.
 *
 * ```ts
 * const agent = createAgent({ service: 'orders', issuer: 'https://login.example.com' });
 * process.once('SIGTERM', () => void agent.close());
 * ```
 *
 * @throws AgentOptionsError listing every option that is wrong.
 */
export function createAgent(options: AgentOptions): Agent {
  const checked = checkOptions(options);
  const { probe } = checked;
  const telemetry =
    checked.openTelemetry === undefined ? undefined : new AgentTelemetry(checked.openTelemetry);
  const events = createAgentEvents(telemetry?.hearing(checked.onEvent) ?? checked.onEvent);
  const uplink = createUplink({
    dial: grpcDialer(checked.collector, checked.tls, telemetry?.metadata(events)),
    collector: checked.collector,
    agentVersion: AGENT_VERSION,
    clock: systemClock,
    random: Math.random,
    events,
    ...(probe === undefined
      ? {}
      : { presenterOf: ({ id }: Ledger) => functionPresenter(probe, id.cache, systemClock) }),
  });
  const agent = assembleAgent(checked, uplink, events, systemClock, Math.random);
  const stop = telemetry?.observe(uplink, events, systemClock);
  if (stop !== undefined) internalsOf(agent).onClose(stop);
  return agent;
}

/**
 * The agent around an uplink; tests bring their own.
 *
 * @internal
 */
export function assembleAgent(
  options: CheckedOptions,
  uplink: Uplink,
  events: AgentEvents,
  clock: Clock,
  random: () => number,
): Agent {
  const names = new Set<string>();
  const stops: (() => void)[] = [];
  const issuers = options.issuers.map(({ issuer }) => issuer);

  const create = (
    cache: string,
    profile: string,
    of: readonly string[],
    cacheKind: CacheKind,
  ): ObservedVerifier => {
    const { service, instance } = options;
    const id = { service, instance, cache };
    const ledger = createLedger({ id, profile, source: 'in_process', issuers: of, cacheKind });
    names.add(cache);
    return new ObservedVerifier(ledger, { clock, events, reporter: uplink });
  };
  const secrets = new HeldSecretIds(
    (issuer) => create(freeName(names, 'secrets'), '', [issuer], 'secret'),
    () => clock.monotonicMs(),
  );
  const inside: AgentInternals = {
    secrets,
    clock,
    events,
    random,
    reporter: uplink,
    issuersOf(jwksUri) {
      const [only] = issuers;
      if (issuers.length === 1 && only !== undefined) return [only];
      return options.issuers.flatMap((each) => (each.jwksUri === jwksUri ? [each.issuer] : []));
    },
    possibleIssuersOf(jwksUri) {
      const certain = inside.issuersOf(jwksUri);
      if (certain.length === 0) return issuers;
      return options.issuers
        .filter((each) => certain.includes(each.issuer) || each.jwksUri === undefined)
        .map(({ issuer }) => issuer);
    },
    observe: (cache, profile, of, kind) => create(freeName(names, cache), profile, of, kind),
    onClose: (stop) => stops.push(stop),
  };
  const agent: Agent = {
    faults: events.faults,
    holdSecrets(issuer, held) {
      events.guard('agent.holdSecrets', () => {
        if (!issuers.includes(issuer)) throw new TypeError(`${shown(issuer)} is not the agent's`);
        secrets.hold(issuer, held);
      });
    },
    verifier({ cache, profile = '', issuers: of = issuers, keys = 'any' }) {
      const { service, instance } = options;
      const problems = [...verifierProblems({ service, instance, cache }, of)];
      for (const issuer of of) {
        if (!issuers.includes(issuer))
          problems.push(`issuers: ${shown(issuer)} is not the agent's`);
      }
      if (!['any', 'public', 'secret'].includes(keys)) {
        problems.push(`keys: expected public, secret or any, got ${shown(keys)}`);
      }
      if (names.has(cache)) problems.push(`cache: ${JSON.stringify(cache)} is taken`);
      if (problems.length > 0) throw new AgentOptionsError(problems);
      return handleOf(create(cache, profile, of, keys), clock, events);
    },
    async close(reason) {
      for (const stop of stops.splice(0)) stop();
      await uplink.close(reason);
    },
    [Symbol.asyncDispose]: () => agent.close(),
  };
  internals.set(agent, inside);
  return agent;
}

function freeName(names: ReadonlySet<string>, cache: string): string {
  if (!names.has(cache)) return cache;
  let n = 2;
  while (names.has(`${cache}-${n}`)) n += 1;
  return `${cache}-${n}`;
}

function handleOf(verifier: ObservedVerifier, clock: Clock, events: AgentEvents): VerifierHandle {
  return {
    count(issuer, kid, outcome, claims) {
      try {
        verifier.count(issuer, kid, outcome, claimsOf(claims));
      } catch (fault) {
        events.fault('verifier.count', fault);
      }
    },
    setKeys(issuer, observed) {
      events.guard('verifier.setKeys', () => {
        const nowMs = clock.monotonicMs();
        verifier.setKeys(issuer, {
          keys: keyRefsOf(observed.jwks as readonly Jwk[]),
          dataAtMs: observed.dataAtMs ?? nowMs,
          attemptAtMs: observed.attemptAtMs ?? nowMs,
          consecutiveFailures: observed.consecutiveFailures ?? 0,
          lastError: observed.lastError ?? null,
          nextRefreshAtMs: observed.nextRefreshAtMs ?? null,
          cooldownUntilMs: observed.cooldownUntilMs ?? null,
          documentSha256: null,
          servedAtMs: null,
        });
      });
    },
    holdSecrets(issuer, held) {
      events.guard('verifier.holdSecrets', () => {
        tellSecrets(verifier, issuer, held, clock.monotonicMs());
      });
    },
    close(reason = 'the verifier stopped') {
      verifier.close(reason);
    },
  };
}

function claimsOf(
  claims: { readonly iat?: number; readonly exp?: number } | undefined,
): AcceptedClaims | null {
  return claims === undefined ? null : { iatS: claims.iat ?? null, expS: claims.exp ?? null };
}
