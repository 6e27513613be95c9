import { isAttributable, type Outcome } from '@keyturn/shared/model/outcome.ts';

export const MINUTES_KEPT = 60;

/** Verifiers with counts by the minute; what those beyond it count is not kept here. */
export const VERIFIERS_COUNTED_MAX = 20_000;

const KINDS = ['ok', 'attributable', 'other'] as const;
export type CountedAs = (typeof KINDS)[number];

/** Verifications of one verifier, minute by minute. */
export interface MinuteColumns {
  /** Starts of the minutes, Unix seconds. */
  readonly at: readonly number[];
  readonly ok: readonly number[];
  /** Refused for a reason keys cause. */
  readonly attributable: readonly number[];
  readonly other: readonly number[];
}

interface Ring {
  /** The minute that was counted last. */
  latest: number;
  readonly counts: Float32Array;
}

/** The last hour of every verifier, in memory alone: after a restart it begins anew. */
export class MinuteCounts {
  /** Counts of verifiers for which there was no room. */
  dropped = 0;
  readonly #rings = new Map<string, Ring>();

  add(verifier: string, outcome: Outcome, count: number, atMs: number): void {
    const ring = this.#of(verifier);
    if (ring === undefined) {
      this.dropped += count;
      return;
    }
    const minute = Math.floor(atMs / 60_000);
    advance(ring, minute);
    const at = (minute % MINUTES_KEPT) * KINDS.length + KINDS.indexOf(countedAs(outcome));
    ring.counts[at] = (ring.counts[at] ?? 0) + count;
  }

  forget(verifier: string): void {
    this.#rings.delete(verifier);
  }

  /** Minutes from that of `sinceMs` on, at most the last hour, to the present one. */
  read(verifier: string, sinceMs: number, nowMs: number): MinuteColumns {
    const last = Math.floor(nowMs / 60_000);
    const first = Math.max(last - MINUTES_KEPT + 1, Math.floor(sinceMs / 60_000));
    const minutes = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
    const ring = this.#rings.get(verifier);
    const column = (kind: CountedAs): number[] =>
      minutes.map((minute) => countOf(ring, minute, kind));
    return {
      at: minutes.map((minute) => minute * 60),
      ok: column('ok'),
      attributable: column('attributable'),
      other: column('other'),
    };
  }

  #of(verifier: string): Ring | undefined {
    const known = this.#rings.get(verifier);
    if (known !== undefined || this.#rings.size >= VERIFIERS_COUNTED_MAX) return known;
    const ring = { latest: 0, counts: new Float32Array(MINUTES_KEPT * KINDS.length) };
    this.#rings.set(verifier, ring);
    return ring;
  }
}

function countOf(ring: Ring | undefined, minute: number, kind: CountedAs): number {
  if (ring === undefined || minute > ring.latest || minute <= ring.latest - MINUTES_KEPT) return 0;
  return ring.counts[(minute % MINUTES_KEPT) * KINDS.length + KINDS.indexOf(kind)] ?? 0;
}

function advance(ring: Ring, minute: number): void {
  const gone = Math.min(MINUTES_KEPT, minute - ring.latest);
  for (let at = 0; at < gone; at += 1) {
    const start = ((minute - at) % MINUTES_KEPT) * KINDS.length;
    ring.counts.fill(0, start, start + KINDS.length);
  }
  ring.latest = Math.max(ring.latest, minute);
}

function countedAs(outcome: Outcome): CountedAs {
  if (outcome === 'ok') return 'ok';
  return isAttributable(outcome) ? 'attributable' : 'other';
}
