import { verifierKey } from '@keyturn/shared/model/ids.ts';
import { REPORT_LIMITS, type VerifierHello } from '@keyturn/shared/model/report.ts';
import type { Ledger } from '../ledger/ledger.ts';

/**
 * Which ledger a handle of the session stands for. One that was removed is kept until the session
 * forgets its handle: its last report and its goodbye may still have to be said.
 */
export class Roster {
  readonly #ledgers = new Map<number, Ledger>();
  /** Of those not removed. */
  readonly #handles = new Map<Ledger, number>();
  readonly #byName = new Map<string, number>();
  readonly #canProbe: (ledger: Ledger) => boolean;
  #lastHandle = 0;

  constructor(canProbe: (ledger: Ledger) => boolean) {
    this.#canProbe = canProbe;
  }

  /** Of a ledger that was added and not removed. */
  handleOf(ledger: Ledger): number | undefined {
    return this.#handles.get(ledger);
  }

  ledgerOf(handle: number): Ledger | undefined {
    return this.#ledgers.get(handle);
  }

  /** The same, of one that was not removed. */
  presentAt(handle: number): Ledger | undefined {
    const ledger = this.#ledgers.get(handle);
    return ledger !== undefined && this.#handles.get(ledger) === handle ? ledger : undefined;
  }

  get ledgers(): Iterable<Ledger> {
    return this.#ledgers.values();
  }

  /**
   * The handle of a removed verifier whose name this one takes over before the goodbye could be said:
   * a hello names each verifier once.
   *
   * @throws RangeError when there are as many verifiers as a session can have.
   * @throws TypeError when a verifier of that name is reported already.
   */
  replacedBy(ledger: Ledger): number | undefined {
    if (this.#handles.size >= REPORT_LIMITS.verifiersPerSession) {
      const reason = `expected at most ${REPORT_LIMITS.verifiersPerSession} verifiers per agent`;
      throw new RangeError(reason);
    }
    const name = verifierKey(ledger.id);
    const handle = this.#byName.get(name);
    const present = handle === undefined ? undefined : this.#ledgers.get(handle);
    if (present !== undefined && this.#handles.has(present)) {
      throw new TypeError(`${name} is reported already`);
    }
    return present === undefined ? undefined : handle;
  }

  add(ledger: Ledger): number {
    this.#lastHandle += 1;
    this.#byName.set(verifierKey(ledger.id), this.#lastHandle);
    this.#handles.set(ledger, this.#lastHandle);
    this.#ledgers.set(this.#lastHandle, ledger);
    return this.#lastHandle;
  }

  remove(ledger: Ledger): void {
    this.#handles.delete(ledger);
  }

  forget(handle: number): void {
    const ledger = this.#ledgers.get(handle);
    this.#ledgers.delete(handle);
    if (ledger === undefined) return;
    const name = verifierKey(ledger.id);
    if (this.#byName.get(name) === handle) this.#byName.delete(name);
  }

  /** As a hello names them; handles that were forgotten are left out. */
  introduce(handles: readonly number[]): readonly VerifierHello[] {
    return handles.flatMap((handle) => {
      const ledger = this.#ledgers.get(handle);
      if (ledger === undefined) return [];
      const { id, profile, source, issuers, cacheKind } = ledger;
      const probes = this.#canProbe(ledger) ? { probes: true } : {};
      return [{ handle, id, profile, source, issuers, cacheKind, ...probes }];
    });
  }
}
