import type { Clock } from '@keyturn/shared/clock.ts';
import { verifierKey, type VerifierId } from '@keyturn/shared/model/ids.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import { shown } from '@keyturn/shared/shown.ts';
import type { AgentConfig } from '../config.ts';
import type { Ledger, Reporter } from '../ledger/ledger.ts';
import { createLedger } from '../ledger/memory-ledger.ts';
import type { SidecarEvents } from '../sidecar-events.ts';
import type { KeysPush, OutcomesPush } from './bodies.ts';
import { PushedVerifier } from './pushed-verifier.ts';

/** Verifiers that may push to one agent: each costs a ledger, and names come from outside. */
const PUSHED_MAX = 256;

/** What became of a push. */
export type PushResult =
  | { readonly ok: true; readonly verifier: PushedVerifier; readonly applied: boolean }
  | { readonly ok: false; readonly status: 400 | 403 | 404 | 409 | 429; readonly message: string };

export interface PushedVerifiersOptions {
  readonly config: Pick<AgentConfig, 'issuers' | 'verifiers' | 'push' | 'onStop'>;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly events: SidecarEvents;
}

/** Every verifier that pushed. Bounded; totals are kept for the life of the agent. */
export class PushedVerifiers implements Disposable {
  readonly #options: PushedVerifiersOptions;
  readonly #verifiers = new Map<string, PushedVerifier>();
  readonly #declared: ReadonlyMap<string, AgentConfig['verifiers'][number]>;

  constructor(options: PushedVerifiersOptions) {
    this.#options = options;
    this.#declared = new Map(
      options.config.verifiers.map((verifier) => [verifierKey(verifier.id), verifier]),
    );
  }

  heartbeat(id: VerifierId, boot: string): PushResult {
    return this.#with(id, boot, (verifier) => {
      verifier.heartbeat(boot);
      return true;
    });
  }

  keys(id: VerifierId, push: KeysPush): PushResult {
    const problem = this.#issuerProblem(id, [push.issuer]);
    if (problem !== undefined) return problem;
    return this.#with(id, push.boot, (verifier) => {
      verifier.keys(push);
      return true;
    });
  }

  outcomes(id: VerifierId, push: OutcomesPush): PushResult {
    const problem = this.#issuerProblem(
      id,
      push.outcomes.map((row) => row.issuer),
    );
    if (problem !== undefined) return problem;
    return this.#with(id, push.boot, (verifier) => verifier.outcomes(push));
  }

  /** A push about keys could not be read: what the verifier holds now is not known. */
  keysUnreadable(id: VerifierId): void {
    this.#verifiers.get(verifierKey(id))?.forgetKeys();
  }

  goodbye(id: VerifierId, boot: string): PushResult {
    const verifier = this.#verifiers.get(verifierKey(id));
    if (verifier === undefined) return refused(404, `${verifierKey(id)} has pushed nothing`);
    if (!verifier.isBoot(boot)) return refused(409, 'another process reports under this name');
    verifier.goodbye('the verifier said goodbye');
    return { ok: true, verifier, applied: true };
  }

  [Symbol.dispose](): void {
    for (const verifier of this.#verifiers.values()) {
      if (this.#options.config.onStop === 'silence') verifier.silence();
      verifier[Symbol.dispose]();
    }
  }

  #with(id: VerifierId, boot: string, tell: (verifier: PushedVerifier) => boolean): PushResult {
    const found = this.#verifiers.get(verifierKey(id)) ?? this.#admit(id);
    if (!(found instanceof PushedVerifier)) return found;
    if (found.isEnded(boot)) {
      return refused(
        409,
        'this boot ended: it said goodbye, or another process reports under this name since; give each process a name of its own',
      );
    }
    return { ok: true, verifier: found, applied: tell(found) };
  }

  #admit(id: VerifierId): PushedVerifier | PushResult {
    const key = verifierKey(id);
    const refusal = this.#admissionProblem(key);
    if (refusal !== undefined) return refusal;
    const { config, reporter, clock, events } = this.#options;
    const { leaseMs } = config.push;
    const verifier = new PushedVerifier({
      ledger: this.#ledgerOf(id, key),
      reporter,
      clock,
      leaseMs,
      onSilent: () => {
        events.pushedSilent(key, leaseMs);
      },
      onRestart: () => {
        events.pushedRestarted(key);
      },
    });
    this.#verifiers.set(key, verifier);
    return verifier;
  }

  #admissionProblem(key: string): PushResult | undefined {
    const declared = this.#declared.get(key);
    if (declared?.via === 'proxy') {
      return refused(403, `${key} is behind the proxy, which reports it; set via: push for it`);
    }
    if (declared === undefined && this.#options.config.push.accept === 'declared') {
      return refused(
        403,
        `${key} is not under verifiers with via: push; add it there, or set push.accept: any`,
      );
    }
    if (this.#verifiers.size >= PUSHED_MAX && !this.#dropDeparted()) {
      return refused(429, `expected at most ${PUSHED_MAX} pushing verifiers, ${key} is one more`);
    }
    return undefined;
  }

  // Those that fell silent stay: without them nobody would miss them.
  #dropDeparted(): boolean {
    for (const [key, verifier] of this.#verifiers) {
      if (verifier.hasDeparted) return this.#verifiers.delete(key);
    }
    return false;
  }

  #ledgerOf(id: VerifierId, key: string): Ledger {
    return createLedger({
      id,
      profile: this.#declared.get(key)?.profile ?? '',
      source: 'pushed',
      issuers: this.#issuersOf(key),
      cacheKind: this.#declared.get(key)?.keys ?? 'any',
    });
  }

  #issuersOf(key: string): readonly string[] {
    const all = this.#options.config.issuers.map((entry) => entry.issuer);
    return this.#declared.get(key)?.issuers ?? all.slice(0, REPORT_LIMITS.issuersPerVerifier);
  }

  #issuerProblem(id: VerifierId, issuers: readonly string[]): PushResult | undefined {
    const taken = this.#issuersOf(verifierKey(id));
    const stranger = issuers.find((issuer) => !taken.includes(issuer));
    if (stranger === undefined) return undefined;
    const expected = taken.map((issuer) => shown(issuer)).join(', ');
    return refused(400, `issuer: expected one of ${expected}, got ${shown(stranger)}`);
  }
}

function refused(status: 400 | 403 | 404 | 409 | 429, message: string): PushResult {
  return { ok: false, status, message };
}
