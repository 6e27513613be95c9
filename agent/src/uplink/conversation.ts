import type { Ack, Assignment } from '@keyturn/shared/model/report.ts';
import { benchMs } from './backoff.ts';
import { assign, type Line, stamp } from './line.ts';
import { Lines } from './lines.ts';
import type { SessionAction } from './session-events.ts';

/** An answer to a hello takes no longer, and hellos of one verifier keep this far apart. */
export const HELLO_APART_MS = 15_000;

/**
 * What is said and heard about verifiers while there is a connection: hellos, reports, acks,
 * goodbyes. When there is one is the session's to know.
 */
export class Conversation {
  readonly lines = new Lines();
  readonly #random: () => number;
  readonly #say: (action: SessionAction) => void;

  constructor(random: () => number, say: (action: SessionAction) => void) {
    this.#random = random;
    this.#say = say;
  }

  hello(lines: readonly Line[], nowMs: number): void {
    if (lines.length === 0) return;
    for (const line of lines) line.helloAtMs = nowMs;
    this.#say({ do: 'hello', handles: lines.map((line) => line.handle) });
  }

  /** Reports whatever is due. */
  report(nowMs: number): void {
    const stamps = this.lines.stampDue(nowMs);
    if (stamps.length > 0) this.#say({ do: 'report', stamps });
  }

  /** True when the collector takes reports of this verifier from now on. */
  answered(line: Line, { refused, epoch, committedSeq }: Assignment, nowMs: number): boolean {
    if (refused !== '') {
      this.#refused(line, refused, nowMs);
      return false;
    }
    const isNews = assign(line, epoch, committedSeq);
    if (isNews && line.leaving === null && !line.silent) this.lines.due(line, nowMs);
    return true;
  }

  acked(ack: Ack, nowMs: number): void {
    const line = this.lines.get(ack.handle);
    if (line === undefined || line.epoch !== ack.epoch) return;
    const { handle } = line;
    switch (ack.result) {
      case 'superseded': {
        const retryInMs = this.#bench(line, nowMs);
        return this.#say({ do: 'tell', what: { kind: 'superseded', handle, retryInMs } });
      }
      case 'rejected':
        this.#say({ do: 'tell', what: { kind: 'rejected', handle, reason: ack.reason } });
        return this.#introduceAgain(line, nowMs);
      case 'applied':
        line.benchedTimes = 0;
        break;
      case 'ignored':
        break;
    }
    this.lines.acked(line, ack.seq);
  }

  /** The last words of one verifier that stopped. */
  bidFarewell(line: Line, nowMs: number): void {
    if (line.epoch !== null) {
      this.#say({ do: 'report', stamps: [stamp(line, line.epoch, nowMs)] });
    }
    this.#say({ do: 'goodbye', handles: [line.handle], reason: line.leaving ?? '' });
    this.forget(line);
  }

  /** The last words of all this session may speak for. */
  bidFarewellToAll(reason: string, nowMs: number): void {
    const stamps = this.lines.stampLast(nowMs);
    if (stamps.length > 0) this.#say({ do: 'report', stamps });
    const handles = this.lines.introduced.map(({ handle }) => handle);
    if (handles.length > 0) this.#say({ do: 'goodbye', handles, reason });
    this.#say({ do: 'finish' });
  }

  forget(line: Line): void {
    this.lines.forget(line);
    this.#say({ do: 'forget', handle: line.handle });
  }

  #refused(line: Line, reason: string, nowMs: number): void {
    if (line.leaving !== null) return this.forget(line);
    const retryInMs = this.#bench(line, nowMs);
    this.#say({ do: 'tell', what: { kind: 'refused', handle: line.handle, reason, retryInMs } });
  }

  // The collector may know this verifier no longer: a person removed it while it was silent, or
  // another process said goodbye under its name. Only a hello mends that.
  #introduceAgain(line: Line, nowMs: number): void {
    this.lines.unassign(line);
    // Else with a later heartbeat: a report that can never be taken must not make a storm.
    if (nowMs - (line.helloAtMs ?? -Infinity) >= HELLO_APART_MS) this.hello([line], nowMs);
  }

  #bench(line: Line, nowMs: number): number {
    line.benchedTimes += 1;
    const forMs = benchMs(line.benchedTimes, this.#random());
    this.lines.bench(line, forMs, nowMs);
    return forMs;
  }
}
