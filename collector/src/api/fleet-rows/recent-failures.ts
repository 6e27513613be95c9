import { isAttributable, type Outcome } from '@keyturn/shared/model/outcome.ts';
import type { HeldCounts, VerifierRecord } from '../../core/records.ts';

const BUCKET_MS = 10_000;
const BUCKETS = 6;

/** Failures of one verifier that a key could have caused, of the last minute, by differences of counts. */
export class RecentFailures {
  #bootId: string;
  #epoch: number;
  #total: number;
  /** Null until one is counted: most verifiers never fail. */
  #buckets: Uint32Array | null = null;
  #latest = 0;

  /** What is counted up to here is not recent. */
  constructor(record: VerifierRecord) {
    this.#bootId = record.bootId;
    this.#epoch = record.epoch;
    this.#total = attributable(record.counts);
  }

  /** Takes in a later record of the same verifier. */
  note(record: VerifierRecord): void {
    const total = attributable(record.counts);
    const isSame = record.bootId === this.#bootId && record.epoch === this.#epoch;
    // Nobody knows when another process counted what it brings.
    const more = isSame ? total - this.#total : 0;
    this.#bootId = record.bootId;
    this.#epoch = record.epoch;
    this.#total = total;
    if (more > 0 && record.receivedAtMs !== null) this.#add(more, record.receivedAtMs);
  }

  /** Of the last minute, give or take a bucket. */
  lastMinute(nowMs: number): number {
    if (this.#buckets === null) return 0;
    this.#advance(Math.floor(nowMs / BUCKET_MS));
    let sum = 0;
    for (const count of this.#buckets) sum += count;
    if (sum === 0) this.#buckets = null;
    return sum;
  }

  #add(count: number, atMs: number): void {
    const bucket = Math.floor(atMs / BUCKET_MS);
    if (this.#buckets === null) {
      this.#buckets = new Uint32Array(BUCKETS);
      this.#latest = bucket;
    }
    this.#advance(bucket);
    const at = this.#latest % BUCKETS;
    this.#buckets[at] = Math.min((this.#buckets[at] ?? 0) + count, 1_000_000_000);
  }

  #advance(bucket: number): void {
    if (this.#buckets === null || bucket <= this.#latest) return;
    const gone = Math.min(BUCKETS, bucket - this.#latest);
    for (let at = 0; at < gone; at += 1) this.#buckets[(bucket - at) % BUCKETS] = 0;
    this.#latest = bucket;
  }
}

function attributable(rows: readonly HeldCounts[]): number {
  let sum = 0;
  for (const { outcomes } of rows) {
    for (const outcome in outcomes) {
      if (isAttributable(outcome as Outcome)) sum += outcomes[outcome as Outcome] ?? 0;
    }
  }
  return sum;
}
