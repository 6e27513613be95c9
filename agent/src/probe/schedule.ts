import type { Probe } from '@keyturn/shared/model/probe.ts';

/** Probes of one verifier are never closer, whatever the collector asks for. */
export const PROBES_APART_MIN_MS = 500;

/** Longest random wait before a probe, so that the agents of a fleet do not probe in step. */
const SPREAD_MS = 2_000;

interface Waiting {
  readonly probe: Probe;
  readonly atMs: number;
  readonly expiresAtMs: number;
}

interface Row {
  waiting: Waiting | null;
  /** Id of the one that runs. */
  running: string | null;
  /** When the latest one began, and how far the next must keep from it. */
  begunAtMs: number;
  apartMs: number;
}

/**
 * When which verifier may be probed. Pure: no clock, no I/O; times are the agent's monotonic
 * milliseconds. An order is the collector's word that the key is published and the endpoint healthy,
 * so nothing begins without one, before its time, after it expired or once it was taken back. Of one
 * verifier one probe runs at a time, and the next keeps the distance both orders ask for, however the
 * first one ended. `V`: whatever stands for a verifier.
 */
export class ProbeSchedule<V> {
  readonly #random: () => number;
  readonly #rows = new Map<V, Row>();
  readonly #withdrawn = new Set<string>();

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Takes an order in; of two that wait the later one counts. */
  ordered(verifier: V, probe: Probe, nowMs: number): void {
    const row = this.#rows.get(verifier) ?? {
      waiting: null,
      running: null,
      begunAtMs: Number.NEGATIVE_INFINITY,
      apartMs: 0,
    };
    this.#rows.set(verifier, row);
    const spreadMs = this.#random() * Math.min(SPREAD_MS, probe.expiresInMs / 4);
    const apartMs = Math.max(PROBES_APART_MIN_MS, row.apartMs, probe.apartMs);
    const atMs = Math.max(nowMs + spreadMs, row.begunAtMs + apartMs);
    const expiresAtMs = nowMs + probe.expiresInMs;
    row.waiting = atMs < expiresAtMs ? { probe, atMs, expiresAtMs } : null;
  }

  /** Orders taken back; one that runs is to present no further token. */
  withdraw(ids: readonly string[]): void {
    const back = new Set(ids);
    for (const row of this.#rows.values()) {
      if (row.waiting !== null && back.has(row.waiting.probe.id)) row.waiting = null;
      if (row.running !== null && back.has(row.running)) this.#withdrawn.add(row.running);
    }
  }

  /** Takes every order back: the collector cannot be heard. */
  withdrawAll(): void {
    for (const row of this.#rows.values()) {
      row.waiting = null;
      if (row.running !== null) this.#withdrawn.add(row.running);
    }
  }

  /** The probes to begin now. */
  begin(nowMs: number): readonly (readonly [V, Probe])[] {
    const begun: (readonly [V, Probe])[] = [];
    for (const [verifier, row] of this.#rows) {
      const { waiting } = row;
      if (waiting === null || row.running !== null || waiting.atMs > nowMs) continue;
      row.waiting = null;
      if (nowMs >= waiting.expiresAtMs) continue;
      row.running = waiting.probe.id;
      row.begunAtMs = nowMs;
      row.apartMs = waiting.probe.apartMs;
      begun.push([verifier, waiting.probe]);
    }
    return begun;
  }

  /** True when the probe that runs must present no further token. */
  isWithdrawn(id: string): boolean {
    return this.#withdrawn.has(id);
  }

  /** Its last token was answered, or it was stopped. */
  ended(verifier: V, id: string): void {
    this.#withdrawn.delete(id);
    const row = this.#rows.get(verifier);
    if (row?.running === id) row.running = null;
  }

  /** The verifier fell silent: nothing is presented to it; its pace is kept to when it returns. */
  pause(verifier: V): void {
    const row = this.#rows.get(verifier);
    if (row === undefined) return;
    row.waiting = null;
    if (row.running !== null) this.#withdrawn.add(row.running);
  }

  /** The verifier stopped for good. */
  forget(verifier: V): void {
    this.pause(verifier);
    this.#rows.delete(verifier);
  }

  /** When `begin` is worth a call; Infinity: not before the next order. */
  get wakeAtMs(): number {
    let atMs = Infinity;
    for (const { waiting, running } of this.#rows.values()) {
      if (waiting !== null && running === null) atMs = Math.min(atMs, waiting.atMs);
    }
    return atMs;
  }
}
