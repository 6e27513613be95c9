import type { Clock } from '@keyturn/shared/clock.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { AgentEvents } from '../events.ts';
import type {
  AcceptedClaims,
  HeldSecrets,
  KeySetState,
  Ledger,
  Reporter,
} from '../ledger/ledger.ts';

/** What an observer needs of the agent it reports through. */
export interface ObserverContext {
  readonly clock: Clock;
  readonly events: AgentEvents;
  readonly reporter: Reporter;
}

/**
 * One verifier as its observer sees it: what is put in is counted and, when it is news, reported.
 * Nothing here throws, waits or does I/O.
 */
export class ObservedVerifier {
  readonly ledger: Ledger;
  readonly #context: ObserverContext;
  #isClosed = false;

  constructor(ledger: Ledger, context: ObserverContext) {
    this.ledger = ledger;
    this.#context = context;
    context.reporter.add(ledger);
  }

  /** `kid` null: the token had none. `claims`: of accepted tokens, from their verified payload. */
  count(
    issuer: string,
    kid: string | null,
    outcome: Outcome,
    claims: AcceptedClaims | null = null,
  ): void {
    const nowMs = this.#context.clock.monotonicMs();
    const urgency = this.ledger.count(issuer, kid, outcome, claims, nowMs);
    if (urgency === null || this.#isClosed) return;
    this.#context.reporter.changed(this.ledger, urgency);
  }

  setKeys(issuer: string, state: KeySetState): void {
    this.#telling(() => this.ledger.setKeys(issuer, state));
  }

  /** Null: which secrets it holds is not known any more. */
  setSecrets(issuer: string, secrets: HeldSecrets | null): void {
    this.#telling(() => {
      this.ledger.setSecrets(issuer, secrets);
    });
  }

  #telling(learn: () => void): void {
    const before = this.ledger.revision;
    learn();
    if (this.ledger.revision === before || this.#isClosed) return;
    this.#context.reporter.changed(this.ledger, 'soon');
  }

  /** The verifier stops on purpose. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#context.reporter.remove(this.ledger, reason);
  }
}
