import type { Standing, Verifier } from '../../core/fleet.ts';
import type { VerifierRecord } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import { RecentFailures } from './recent-failures.ts';
import { isSilentAndReplaced, rowParts, type RowWords } from './row.ts';

/** A row of which only the moments moved is passed on this seldom. */
const TIMES_MS = 10_000;

/** And one of which only the number of failures moved. */
const FAILURES_MS = 2_000;

/** What a row was made of, by reference: records and standings are replaced, never changed. */
interface Source {
  readonly record: VerifierRecord;
  readonly liveness: Verifier['liveness'];
  readonly livenessSinceMs: number;
  readonly contested: boolean;
  readonly replaced: boolean;
  readonly standings: readonly Standing[];
  readonly keysKnown: number;
}

/** One verifier's row, as last made and as last passed on. */
export class RowEntry {
  readonly id: number;
  readonly #failures: RecentFailures;
  #counted: VerifierRecord;
  #source: Source | null = null;
  #facts = '';
  #times = '';
  #passed = { facts: '', times: '', failures: 0, atMs: 0 };
  /** The row as JSON, as passed on. */
  text = '';
  /** The version of the table that passed it on last. */
  version = 0;
  /** The last pass that met its verifier. */
  metIn = 0;

  constructor(id: number, record: VerifierRecord) {
    this.id = id;
    this.#failures = new RecentFailures(record);
    this.#counted = record;
  }

  /** Counts what a new record adds. */
  count({ record }: Verifier): void {
    if (record === this.#counted) return;
    this.#counted = record;
    this.#failures.note(record);
  }

  /** Makes the row anew where what it is made of changed; true when it is to be passed on. */
  refresh(
    state: Readonly<State>,
    verifier: Verifier,
    words: RowWords,
    version: number,
    nowMs: number,
  ): boolean {
    if (!isMadeOf(this.#source, verifier, words)) {
      this.#source = sourceOf(verifier, words);
      ({ facts: this.#facts, times: this.#times } = rowParts(state, verifier, words, version));
    }
    const failures = this.#failures.lastMinute(nowMs);
    if (!this.#isDue(failures, nowMs)) return false;
    this.#passed = { facts: this.#facts, times: this.#times, failures, atMs: nowMs };
    this.text = `[${this.id},${this.#facts},${failures},${this.#times}]`;
    this.version = version;
    return true;
  }

  #isDue(failures: number, nowMs: number): boolean {
    const { facts, times, failures: before, atMs } = this.#passed;
    if (facts !== this.#facts) return true;
    // The first failure and the end of failing are facts.
    if (failures !== before && (failures === 0 || before === 0 || nowMs - atMs >= FAILURES_MS)) {
      return true;
    }
    return times !== this.#times && nowMs - atMs >= TIMES_MS;
  }
}

function sourceOf(verifier: Verifier, words: RowWords): Source {
  const { record, liveness, livenessSinceMs, contestedUntilMs, standings } = verifier;
  return {
    record,
    liveness,
    livenessSinceMs,
    contested: contestedUntilMs > 0,
    replaced: isSilentAndReplaced(verifier),
    standings: [...standings.values()],
    keysKnown: words.head.keysKnown,
  };
}

function isMadeOf(source: Source | null, verifier: Verifier, words: RowWords): boolean {
  if (
    source === null ||
    source.record !== verifier.record ||
    source.liveness !== verifier.liveness ||
    source.livenessSinceMs !== verifier.livenessSinceMs ||
    source.contested !== verifier.contestedUntilMs > 0 ||
    source.replaced !== isSilentAndReplaced(verifier) ||
    source.keysKnown !== words.head.keysKnown ||
    source.standings.length !== verifier.standings.size
  ) {
    return false;
  }
  let at = 0;
  for (const standing of verifier.standings.values()) {
    if (source.standings[at] !== standing) return false;
    at += 1;
  }
  return true;
}
