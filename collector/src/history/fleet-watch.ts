import type { Liveness, Verifier } from '../core/fleet.ts';
import type { VerifierRecord } from '../core/records.ts';
import type { State } from '../core/state.ts';
import type { EventLog } from './event-log.ts';
import type { MinuteCounts } from './minute-counts.ts';
import type { Placing, TokenCounts } from './token-counts.ts';
import { eventsBetween, VERIFIER_EVENTS, type VerifierEvent } from './verifier-events.ts';

/**
 * Events of one verifier in ten minutes, of its keys and of whether it is heard each; one that flaps
 * tells no more by its hundredth turn, and must not drown the rest.
 */
const EVENTS_PER_WINDOW = 15;
const WINDOW_MS = 600_000;

interface Seen {
  record: VerifierRecord;
  liveness: Liveness;
  windowAtMs: number;
  keysInWindow: number;
  lifeInWindow: number;
}

/** What becomes of what is found. */
export interface FleetSinks {
  readonly tokens: TokenCounts;
  readonly minutes: MinuteCounts;
  readonly log: EventLog;
}

/**
 * Looks through the fleet for what changed. Records are replaced and never changed, so that whoever
 * has not reported since the last look costs one comparison.
 */
export class FleetWatch {
  /** Events of verifiers that had too many. */
  dropped = 0;
  readonly #sinks: FleetSinks;
  readonly #seen = new Map<string, Seen>();
  #isFirst = true;

  constructor(sinks: FleetSinks) {
    this.#sinks = sinks;
  }

  look(state: Readonly<State>, placing: Placing): void {
    this.#sinks.tokens.begin();
    const { verifiers } = state.fleet;
    for (const verifier of verifiers.values()) {
      const seen = this.#seen.get(verifier.key);
      if (seen === undefined) this.#meet(state, verifier, placing);
      else if (seen.record !== verifier.record || seen.liveness !== verifier.liveness) {
        this.#compare(state, seen, verifier, placing);
      }
    }
    if (this.#seen.size > verifiers.size) this.#forgetGone(verifiers, placing.nowMs);
    this.#isFirst = false;
  }

  #meet(state: Readonly<State>, verifier: Verifier, placing: Placing): void {
    const { key, record, liveness } = verifier;
    const window = { windowAtMs: 0, keysInWindow: 0, lifeInWindow: 0 };
    const seen: Seen = { record, liveness, ...window };
    this.#seen.set(key, seen);
    // Whoever is known when the first look is taken has been there before; what it counted is nobody's rate.
    if (this.#isFirst) return;
    const { profile, firstSeenAtMs } = record;
    this.#tell(key, seen, firstSeenAtMs, placing.nowMs, [{ v: 1, what: 'first_seen', profile }]);
    const nothing: VerifierRecord = { ...record, keySets: [], duplicateAtMs: null };
    this.#tell(key, seen, record.receivedAtMs ?? firstSeenAtMs, placing.nowMs, [
      ...eventsBetween(nothing, record),
    ]);
    this.#count(state, undefined, verifier, placing);
  }

  #compare(state: Readonly<State>, seen: Seen, verifier: Verifier, placing: Placing): void {
    const { key, record, liveness, livenessSinceMs } = verifier;
    const before = seen.record;
    const wasLively = seen.liveness;
    seen.record = record;
    seen.liveness = liveness;
    if (before !== record) {
      const atMs = record.receivedAtMs ?? placing.nowMs;
      this.#tell(key, seen, atMs, placing.nowMs, eventsBetween(before, record));
      this.#count(state, before, verifier, placing);
    }
    if (wasLively !== liveness) {
      this.#tell(key, seen, livenessSinceMs, placing.nowMs, [{ v: 1, what: liveness }]);
    }
  }

  #count(
    state: Readonly<State>,
    before: VerifierRecord | undefined,
    { key, record }: Verifier,
    placing: Placing,
  ): void {
    const { tokens, minutes } = this.#sinks;
    tokens.take(state, before, record, placing, (outcome, count) =>
      minutes.add(key, outcome, count, placing.nowMs),
    );
  }

  #tell(
    key: string,
    seen: Seen,
    atMs: number,
    nowMs: number,
    events: readonly VerifierEvent[],
  ): void {
    for (const event of events) {
      if (countInWindow(seen, event, nowMs) > EVENTS_PER_WINDOW) this.dropped += 1;
      else this.#sinks.log.add(VERIFIER_EVENTS, key, Math.min(atMs, nowMs), event);
    }
  }

  #forgetGone(verifiers: ReadonlyMap<string, Verifier>, nowMs: number): void {
    for (const [key, seen] of this.#seen) {
      if (verifiers.has(key)) continue;
      this.#tell(key, seen, nowMs, nowMs, [{ v: 1, what: 'forgotten' }]);
      this.#seen.delete(key);
      this.#sinks.minutes.forget(key);
    }
  }
}

function countInWindow(seen: Seen, { what }: VerifierEvent, nowMs: number): number {
  if (nowMs - seen.windowAtMs > WINDOW_MS) {
    seen.windowAtMs = nowMs;
    seen.keysInWindow = 0;
    seen.lifeInWindow = 0;
  }
  switch (what) {
    case 'keys':
    case 'fetch_failing':
    case 'fetch_ok':
      return (seen.keysInWindow += 1);
    default:
      return (seen.lifeInWindow += 1);
  }
}
