import type { Report } from '@keyturn/shared/model/report.ts';
import type { Ledger, Reporter } from '../../src/ledger/ledger.ts';

/** Writes down what an uplink would be told: `add a/b/c`, `now a/b/c`, `silence …`, `remove …`. */
export class RecordingReporter implements Reporter {
  readonly told: string[] = [];
  readonly #ledgers = new Map<string, Ledger>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(ledger: Ledger): void {
    const name = nameOf(ledger);
    this.#ledgers.set(name, ledger);
    this.told.push(`add ${name}`);
  }

  changed(ledger: Ledger, urgency: string): void {
    this.told.push(`${urgency} ${nameOf(ledger)}`);
  }

  silence(ledger: Ledger): void {
    this.told.push(`silence ${nameOf(ledger)}`);
  }

  remove(ledger: Ledger): void {
    this.told.push(`remove ${nameOf(ledger)}`);
  }

  /** What was told since the last call. */
  take(): readonly string[] {
    return this.told.splice(0);
  }

  /** The report that would be sent of a verifier now. */
  report(name: string): Report | undefined {
    const stamp = { handle: 1, epoch: 1, seq: 1 };
    return this.#ledgers.get(name)?.snapshot(this.#nowMs(), stamp);
  }

  kids(name: string): readonly string[] {
    return this.report(name)?.keySets.flatMap((set) => set.keys.map((key) => key.kid)) ?? [];
  }
}

function nameOf({ id }: Ledger): string {
  return `${id.service}/${id.instance}/${id.cache}`;
}
