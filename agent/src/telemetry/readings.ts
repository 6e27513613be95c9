import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { Report } from '@keyturn/shared/model/report.ts';
import type { AgentEvent } from '../events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AgentInstrumentId } from '../metric-names.ts';

/** One value of one series, read when somebody asks. */
export interface AgentReading {
  readonly instrument: AgentInstrumentId;
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

type Counts = ReadonlyMap<string, number>;

/** What the agent can say of itself in numbers; counts only grow. */
export class AgentReadings {
  /** As last read: what a verifier that is gone leaves behind. */
  #present = new Map<Ledger, Counts>();
  readonly #gone = new Map<string, number>();
  #isConnected = false;
  #breaks = 0;
  #rejected = 0;

  take(event: AgentEvent): void {
    if (event.kind === 'connected') this.#isConnected = true;
    if (event.kind === 'report_rejected') this.#rejected += 1;
    if (event.kind !== 'disconnected') return;
    this.#isConnected = false;
    this.#breaks += 1;
  }

  *read(
    ledgers: Iterable<Ledger>,
    faults: ReadonlyMap<string, number>,
    nowMs: number,
  ): Iterable<AgentReading> {
    const reports = new Map([...ledgers].map((ledger) => [ledger, reportOf(ledger, nowMs)]));
    yield { instrument: 'verifiers', value: reports.size, attributes: {} };
    yield* this.#verifications(reports);
    yield* keyAges(reports.values());
    for (const [status, holds] of Object.entries({
      connected: this.#isConnected,
      disconnected: !this.#isConnected,
    })) {
      const attributes = { 'keyturn.agent.session.status': status };
      yield { instrument: 'connected', value: holds ? 1 : 0, attributes };
    }
    yield { instrument: 'breaks', value: this.#breaks, attributes: {} };
    yield { instrument: 'rejected', value: this.#rejected, attributes: {} };
    for (const [place, value] of faults) {
      yield { instrument: 'faults', value, attributes: { 'keyturn.fault.place': place } };
    }
  }

  *#verifications(reports: ReadonlyMap<Ledger, Report>): Iterable<AgentReading> {
    for (const [ledger, counts] of this.#present) {
      if (!reports.has(ledger)) addAll(this.#gone, counts);
    }
    this.#present = new Map([...reports].map(([ledger, report]) => [ledger, countsOf(report)]));
    const sums = new Map(this.#gone);
    for (const counts of this.#present.values()) addAll(sums, counts);
    for (const [key, value] of sums) {
      const [issuer = '', outcome = ''] = key.split('\u0000');
      const failed = outcome === 'ok' ? {} : { 'error.type': outcome };
      const attributes = { 'keyturn.issuer': issuer, ...failed };
      yield { instrument: 'verifications', value, attributes };
    }
  }
}

function reportOf(ledger: Ledger, nowMs: number): Report {
  return ledger.snapshot(nowMs, { handle: 0, epoch: 0, seq: 0 });
}

function countsOf(report: Report): Counts {
  const sums = new Map<string, number>();
  for (const { issuer, outcomes } of report.counts) {
    for (const outcome of Object.keys(outcomes) as Outcome[]) {
      add(sums, `${issuer}\u0000${outcome}`, outcomes[outcome] ?? 0);
    }
  }
  return sums;
}

function* keyAges(reports: Iterable<Report>): Iterable<AgentReading> {
  const oldestMs = new Map<string, number>();
  for (const report of reports) {
    for (const { issuer, dataAgeMs } of report.keySets) {
      if (dataAgeMs === null) continue;
      oldestMs.set(issuer, Math.max(oldestMs.get(issuer) ?? 0, dataAgeMs));
    }
  }
  for (const [issuer, ageMs] of oldestMs) {
    const attributes = { 'keyturn.issuer': issuer };
    yield { instrument: 'keysAge', value: ageMs / 1_000, attributes };
  }
}

function addAll(sums: Map<string, number>, counts: Counts): void {
  for (const [key, count] of counts) add(sums, key, count);
}

function add(sums: Map<string, number>, key: string, count: number): void {
  sums.set(key, (sums.get(key) ?? 0) + count);
}
