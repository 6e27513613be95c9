import {
  bench,
  createLine,
  detach,
  isNameable,
  type Line,
  silence,
  type Stamp,
  stamp,
  wakeAtMs,
} from './line.ts';

/** Every verifier of a session, and which of them may be due or wait for an ack. Pure data. */
export class Lines {
  readonly #all = new Map<number, Line>();
  readonly #busy = new Set<Line>();

  get(handle: number): Line | undefined {
    return this.#all.get(handle);
  }

  add(handle: number): Line {
    const line = createLine(handle);
    this.#all.set(handle, line);
    return line;
  }

  forget(line: Line): void {
    this.#all.delete(line.handle);
    this.#busy.delete(line);
  }

  silence(line: Line): void {
    silence(line);
    this.#busy.delete(line);
  }

  bench(line: Line, forMs: number, nowMs: number): void {
    bench(line, forMs, nowMs);
    this.#busy.delete(line);
  }

  /** It has to say hello again before it reports. */
  unassign(line: Line): void {
    line.epoch = null;
    line.pending = null;
    this.#busy.delete(line);
  }

  /** The connection broke: nobody is assigned or waits for an ack any more. */
  detach(): void {
    for (const line of this.#all.values()) detach(line);
    this.#busy.clear();
  }

  /** It has, or may have, something to say. */
  busy(line: Line): void {
    this.#busy.add(line);
  }

  due(line: Line, nowMs: number): void {
    line.dueAtMs = nowMs;
    this.#busy.add(line);
  }

  /** The heartbeat: everybody is due who is not waiting for an ack anyway. */
  allDue(nowMs: number): void {
    for (const line of this.#all.values()) {
      if (line.epoch !== null && line.pending === null && !line.silent) this.due(line, nowMs);
    }
  }

  acked(line: Line, seq: number): void {
    if (line.pending === null || seq < line.pending.seq) return;
    line.pending = null;
    if (line.dueAtMs === null) this.#busy.delete(line);
  }

  /** When the first of them needs the session; Infinity when only the heartbeat will. */
  get wakeAtMs(): number {
    let atMs = Infinity;
    for (const line of this.#busy) atMs = Math.min(atMs, wakeAtMs(line));
    return atMs;
  }

  /** Stamps for the reports that are due. */
  stampDue(nowMs: number): readonly Stamp[] {
    const stamps: Stamp[] = [];
    for (const line of this.#busy) {
      if (line.epoch === null || wakeAtMs(line) > nowMs) continue;
      stamps.push(stamp(line, line.epoch, nowMs));
    }
    return stamps;
  }

  /** Stamps for a last report of everybody who speaks. */
  stampLast(nowMs: number): readonly Stamp[] {
    return this.introduced.flatMap((line) =>
      line.epoch === null ? [] : [stamp(line, line.epoch, nowMs)],
    );
  }

  /**
   * Those named to the collector in this session and still spoken for. One that fell silent did not
   * stop on purpose as far as anybody knows, and of one that is benched another process may live.
   */
  get introduced(): readonly Line[] {
    return [...this.#all.values()].filter((line) => line.helloAtMs !== null && !line.silent);
  }

  /** Those the collector may be told of. */
  nameable(nowMs: number): readonly Line[] {
    return [...this.#all.values()].filter((line) => isNameable(line, nowMs));
  }

  /** Those of them without an answer to a hello, or without a hello, for so long. */
  unassigned(nowMs: number, forMs: number): readonly Line[] {
    return this.nameable(nowMs).filter(
      (line) => line.epoch === null && nowMs - (line.helloAtMs ?? -Infinity) >= forMs,
    );
  }

  /** True when somebody's reports have been sent this often without an ack. */
  hasTried(times: number): boolean {
    for (const line of this.#busy) if ((line.pending?.tries ?? 0) >= times) return true;
    return false;
  }
}
