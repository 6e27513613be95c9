import type { Ledger, Reporter, Urgency } from './ledger/ledger.ts';

/**
 * Keeps what it is told until there is somebody to tell. A start that fails, because another agent
 * holds the ports, must not say hello and goodbye in that one's name.
 */
export class HeldReporter implements Reporter {
  #target: Reporter | null = null;
  #held: ((target: Reporter) => void)[] = [];

  /** Tells everything held so far, and from now on everything at once. */
  release(target: Reporter): void {
    this.#target = target;
    for (const tell of this.#held) tell(target);
    this.#held = [];
  }

  add(ledger: Ledger): void {
    this.#tell((target) => {
      target.add(ledger);
    });
  }

  changed(ledger: Ledger, urgency: Urgency): void {
    // A hello is followed by a report of all there is: only what follows the release is news.
    this.#target?.changed(ledger, urgency);
  }

  silence(ledger: Ledger): void {
    this.#tell((target) => {
      target.silence(ledger);
    });
  }

  remove(ledger: Ledger, reason: string): void {
    this.#tell((target) => {
      target.remove(ledger, reason);
    });
  }

  #tell(tell: (target: Reporter) => void): void {
    if (this.#target === null) this.#held.push(tell);
    else tell(this.#target);
  }
}
