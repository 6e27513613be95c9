import type { Ack } from '@keyturn/shared/model/report.ts';
import type { Sighting } from '../core/sighting.ts';
import { reading, type Reading } from './reading.ts';

/** Takes each commit's duration in seconds, and why it was refused where it was. */
export type CommitListener = (durationS: number, errorType: string | undefined) => void;

/** What happened since the start, in plain numbers; they cost an addition and are read when asked for. */
export class EventCounts {
  readonly #reports = new Map<Ack['result'], number>();
  readonly #fetches = new Map<string, Map<string, number>>();
  readonly #commitListeners = new Set<CommitListener>();
  #sessions = 0;
  #refusedMessages = 0;
  #probes = { counted: 0, notCounted: 0 };

  reports(acks: readonly Pick<Ack, 'result'>[]): void {
    for (const { result } of acks) this.#reports.set(result, (this.#reports.get(result) ?? 0) + 1);
  }

  sessionStarted(): void {
    this.#sessions += 1;
  }

  sessionEnded(): void {
    this.#sessions -= 1;
  }

  messageRefused(): void {
    this.#refusedMessages += 1;
  }

  probes(answers: number, notCounted: number): void {
    this.#probes.counted += answers - notCounted;
    this.#probes.notCounted += notCounted;
  }

  /** Issuers are configured ones, errors those of this program. */
  fetched({ issuer, result }: Sighting): void {
    let byError = this.#fetches.get(issuer);
    if (byError === undefined) {
      byError = new Map();
      this.#fetches.set(issuer, byError);
    }
    const error = result.ok ? '' : result.error;
    byError.set(error, (byError.get(error) ?? 0) + 1);
  }

  committed(durationS: number, errorType?: string): void {
    for (const listener of this.#commitListeners) listener(durationS, errorType);
  }

  /** Durations have no total to read later, so whoever wants them listens. */
  onCommit(listener: CommitListener): void {
    this.#commitListeners.add(listener);
  }

  *readings(): Iterable<Reading> {
    for (const [result, count] of this.#reports) {
      yield reading('reports', count, { 'keyturn.report.result': result });
    }
    for (const [issuer, byError] of this.#fetches) {
      for (const [error, count] of byError) {
        yield reading('fetches', count, {
          'keyturn.issuer': issuer,
          ...(error === '' ? {} : { 'error.type': error }),
        });
      }
    }
    yield reading('sessions', this.#sessions, {});
    yield reading('refusedMessages', this.#refusedMessages, {});
    yield reading('probes', this.#probes.counted, { 'keyturn.probe.result': 'counted' });
    yield reading('probes', this.#probes.notCounted, { 'keyturn.probe.result': 'not_counted' });
  }
}
