import type { Verifier } from '../core/fleet.ts';
import type { VerifierRecord } from '../core/records.ts';
import type { State } from '../core/state.ts';
import type { Placing, TokenCounts } from './token-counts.ts';

/**
 * Looks through the fleet for what changed. Records are replaced and never changed, so that whoever
 * has not reported since the last look costs one comparison.
 */
export class FleetWatch {
  readonly #tokens: TokenCounts;
  readonly #seen = new Map<string, VerifierRecord>();
  #isFirst = true;

  constructor(tokens: TokenCounts) {
    this.#tokens = tokens;
  }

  look(state: Readonly<State>, placing: Placing): void {
    this.#tokens.begin();
    const { verifiers } = state.fleet;
    for (const verifier of verifiers.values()) this.#lookAt(state, verifier, placing);
    if (this.#seen.size > verifiers.size) this.#forgetGone(verifiers);
    this.#isFirst = false;
  }

  #lookAt(state: Readonly<State>, { key, record }: Verifier, placing: Placing): void {
    const before = this.#seen.get(key);
    if (before === record) return;
    this.#seen.set(key, record);
    // What was counted before the first look is nobody's rate.
    if (!this.#isFirst) this.#tokens.take(state, before, record, placing, () => undefined);
  }

  #forgetGone(verifiers: ReadonlyMap<string, Verifier>): void {
    for (const key of this.#seen.keys()) if (!verifiers.has(key)) this.#seen.delete(key);
  }
}
