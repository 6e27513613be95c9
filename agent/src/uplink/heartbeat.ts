import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import { jitteredIntervalMs } from './backoff.ts';

/** When everybody is reported although nothing changed. Pure; times are monotonic milliseconds. */
export class Heartbeat {
  readonly #random: () => number;
  #intervalMs = Infinity;
  #atMs = Infinity;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Infinity before the first `pace`. */
  get atMs(): number {
    return this.#atMs;
  }

  /** The interval the collector asks for, within bounds; a shorter one brings the next beat forward. */
  pace(intervalMs: number, nowMs: number): void {
    const { reportIntervalMsMin, reportIntervalMsMax } = REPORT_LIMITS;
    this.#intervalMs = Math.min(reportIntervalMsMax, Math.max(reportIntervalMsMin, intervalMs));
    const latestMs = this.#nextMs(nowMs);
    this.#atMs = this.#atMs > nowMs ? Math.min(this.#atMs, latestMs) : latestMs;
  }

  /** True when a beat is due; the next one is an interval away then. */
  beats(nowMs: number): boolean {
    if (nowMs < this.#atMs) return false;
    this.#atMs = this.#nextMs(nowMs);
    return true;
  }

  #nextMs(nowMs: number): number {
    return nowMs + jitteredIntervalMs(this.#intervalMs, this.#random());
  }
}
