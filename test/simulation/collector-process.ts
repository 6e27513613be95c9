import { createEngine, type RunningEngine } from '@keyturn/collector/engine.ts';
import { Session } from '@keyturn/collector/ingest/session.ts';
import { trustReach } from '@keyturn/collector/ingest/identify.ts';
import type { Policy } from '@keyturn/collector/core/policy.ts';
import { type MemoryContents, openMemoryStore } from '@keyturn/collector/store/memory.ts';
import type { Store } from '@keyturn/collector/store/store.ts';
import { StoreError } from '@keyturn/collector/store/store-error.ts';
import { ProbeDispatcher } from '@keyturn/collector/canary/dispatcher.ts';
import type { HeldCanaries } from '@keyturn/collector/canary/canaries.ts';
import type { ProbeOrders } from '@keyturn/shared/model/probe.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { Ack, Hello, Report, Welcome } from '@keyturn/shared/model/report.ts';
import type { Chance } from './chance.ts';
import type { Issuer } from './issuer.ts';
import { ISSUER } from './issuer.ts';
import type { Downward, Upward } from './link.ts';
import { clockOf, Life, type ProcessClock, type Schedule } from './schedule.ts';

/** What the disk does to commits now. */
export interface Disk {
  fullUntilMs: number;
  /** The process dies at the next commit: before it, or after it and before anybody is told. */
  crash: 'before' | 'after' | null;
}

export interface CollectorOptions {
  readonly schedule: Schedule;
  readonly chance: Chance;
  readonly policy: Policy;
  readonly contents: MemoryContents;
  readonly disk: Disk;
  readonly issuer: Issuer;
  readonly clock: { readonly rate: number; readonly wallOffsetMs: number };
  readonly watchMs: number;
  readonly tickMs: number;
  readonly probes: boolean;
  readonly onCrash: () => void;
  /** An ack left the engine: what it says must be on disk. */
  readonly onAck: (session: string, report: Report, ack: Ack) => void;
  readonly onReport: (session: string, report: Report) => void;
  readonly onHello: (session: string, hello: Hello, welcome: Welcome) => void;
  readonly onChange: () => void;
  /** A sighting was taken in for good. */
  readonly onSighted: (vantage: string, keys: readonly KeyRef[], isKept: boolean) => void;
  readonly onCommit: (isDone: boolean) => void;
}

/** One run of the collector: the real engine and ingest on a simulated machine. */
export class CollectorProcess {
  readonly life: Life;
  readonly clock: ProcessClock;
  readonly engine: RunningEngine;
  readonly options: CollectorOptions;
  /** What tooling handed to this run of the process. */
  canaries: readonly HeldCanaries[] = [];
  readonly probes: ProbeDispatcher | null;
  readonly #servings = new Set<Serving>();

  constructor(options: CollectorOptions) {
    this.options = options;
    const { schedule, policy } = options;
    this.life = new Life(schedule);
    const clock = clockOf(schedule, this.life, options.clock);
    // Whatever the engine does by itself may settle promises.
    this.clock = {
      ...clock,
      after: (delayMs, callback) =>
        clock.after(delayMs, () => {
          schedule.unsettled = true;
          callback();
        }),
    };
    this.engine = createEngine({
      policy,
      store: this.#store(),
      clock: this.clock,
      events: { storeFailing: ignore, storeRecovered: ignore, committed: ignore },
      tickMs: options.tickMs,
    });
    this.engine.onChange(() => options.onChange());
    this.probes = options.probes
      ? new ProbeDispatcher(this.engine, { all: () => this.canaries }, this.clock)
      : null;
    for (const vantage of options.issuer.vantages) this.#watch(vantage);
  }

  /** The far end of a connection that has just been opened. */
  serve(name: string, answer: (message: Downward) => void): Serving {
    const serving = new Serving(this, name, answer, () => this.#servings.delete(serving));
    this.#servings.add(serving);
    return serving;
  }

  /** kill -9: nothing is said or kept any more. */
  kill(): void {
    if (!this.life.isAlive) return;
    this.life.kill();
    for (const serving of this.#servings) serving.crash();
    this.#servings.clear();
  }

  /** Carries out what a client asks of the engine; `then` never runs when the process dies first. */
  ask<T>(promise: Promise<T>, then: (value: T | Error) => void): void {
    this.options.schedule.unsettled = true;
    promise.then(
      (value) => {
        if (this.life.isAlive) then(value);
      },
      (error: unknown) => {
        if (this.life.isAlive) then(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  #store(): Store {
    const { contents, disk, schedule } = this.options;
    const store = openMemoryStore({
      contents,
      beforeCommit: () => {
        if (!this.life.isAlive) throw new StoreError('STORE_FAILED', 'the process is dead');
        if (disk.crash === 'before') {
          disk.crash = null;
          this.options.onCrash();
          throw new StoreError('STORE_FAILED', 'the process died before this');
        }
        if (schedule.nowMs >= disk.fullUntilMs) return;
        this.options.onCommit(false);
        throw new StoreError('STORE_FULL', 'no space left');
      },
    });
    return {
      ...store,
      commit: (writes) => {
        store.commit(writes);
        this.options.onCommit(true);
        if (disk.crash !== 'after') return;
        disk.crash = null;
        this.options.onCrash();
      },
    };
  }

  #watch(vantage: string): void {
    const { schedule, chance, issuer, watchMs } = this.options;
    const again = (): void => {
      schedule.after(watchMs * chance.between(0.9, 1.1), look, this.life);
    };
    const look = (): void => {
      const take = (result: Parameters<Parameters<Issuer['sight']>[1]>[0]): void => {
        const sighting = { issuer: ISSUER, vantage, result };
        const taken = (answer: unknown): void => {
          if (result.ok) this.options.onSighted(vantage, result.keys, !(answer instanceof Error));
          again();
        };
        schedule.after(0, () => this.ask(this.engine.sighting(sighting), taken), this.life);
      };
      issuer.sight(vantage, take, chance.between(10, 200));
    };
    schedule.after(chance.between(0, 2_000), look, this.life);
  }
}

/** The collector's end of one connection; one message is dealt with at a time. */
export class Serving {
  readonly #collector: CollectorProcess;
  readonly #name: string;
  readonly #answer: (message: Downward) => void;
  readonly #onEnd: () => void;
  readonly #session: Session;
  readonly #queue: Upward[] = [];
  #stopSettings: () => void;
  #busy = false;
  #ended = false;

  constructor(
    collector: CollectorProcess,
    name: string,
    answer: (message: Downward) => void,
    onEnd: () => void,
  ) {
    this.#collector = collector;
    this.#name = name;
    this.#answer = answer;
    this.#onEnd = onEnd;
    this.#session = this.#newSession();
    this.#stopSettings = collector.engine.onSettings((settings) => {
      if (name.startsWith('stream')) this.#say({ say: 'settings', settings });
    });
  }

  receive(message: Upward): void {
    const { life, options } = this.#collector;
    if (!life.isAlive) return this.#answer({ say: 'broken', reason: 'reset' });
    options.schedule.after(
      0,
      () => {
        this.#queue.push(message);
        this.#next();
      },
      life,
    );
  }

  /** The other end is gone. */
  end(): void {
    const { life, options } = this.#collector;
    options.schedule.after(
      0,
      () => {
        if (this.#ended) return;
        this.#finish();
        this.#session.end();
      },
      life,
    );
  }

  crash(): void {
    this.#finish();
    this.#answer({ say: 'broken', reason: 'reset' });
  }

  #next(): void {
    if (this.#busy || this.#ended) return;
    const message = this.#queue.shift();
    if (message === undefined) return;
    this.#busy = true;
    this.#collector.ask(this.#deal(message), (result) => {
      this.#busy = false;
      if (!(result instanceof Error)) return this.#next();
      if (this.#ended) return;
      this.#finish();
      this.#session.end();
      this.#answer({ say: 'broken', reason: result.message });
    });
  }

  async #deal(message: Upward): Promise<void> {
    switch (message.say) {
      case 'hello': {
        const welcome = await this.#greet(this.#session, message.hello);
        return this.#say({ say: 'welcome', welcome });
      }
      case 'probe_results':
        await this.#session.probeResults(message.results);
        return;
      case 'reports':
        return this.#say({ say: 'acks', acks: await this.#take(this.#session, message.reports) });
      case 'goodbye':
        return this.#session.goodbye(message.goodbye);
      case 'finish':
        this.#finish();
        this.#session.end();
        return this.#answer({ say: 'broken', reason: 'finished' });
      case 'call': {
        const session = this.#newSession();
        const welcome = await this.#greet(session, message.hello);
        const acks = await this.#take(session, message.reports);
        if (message.goodbye) await session.goodbye({ handles: [], reason: '' });
        return this.#say({ say: 'answer', welcome, acks });
      }
    }
  }

  async #greet(session: Session, hello: Hello): Promise<Welcome> {
    const welcome = await session.hello(hello);
    if ('message' in welcome) throw new Error(`${welcome.field}: ${welcome.message}`);
    if (this.#collector.life.isAlive) {
      this.#collector.options.onHello(this.#name, hello, welcome);
    }
    return welcome;
  }

  async #take(session: Session, reports: readonly Report[]): Promise<readonly Ack[]> {
    if (reports.length === 0) return [];
    const received = reports.map((report) => ({
      handle: report.handle,
      epoch: report.epoch,
      seq: report.seq,
      report: { ok: true as const, value: report },
    }));
    for (const report of reports) this.#collector.options.onReport(this.#name, report);
    const acks = await session.reports(received);
    for (const [at, ack] of acks.entries()) {
      const report = reports[at];
      if (report !== undefined && this.#collector.life.isAlive) {
        this.#collector.options.onAck(this.#name, report, ack);
      }
    }
    return acks;
  }

  #newSession(): Session {
    const { engine, probes } = this.#collector;
    const send = (orders: ProbeOrders): void => this.#say({ say: 'probes', orders });
    // Single calls carry none.
    const reach =
      probes !== null && this.#name.startsWith('stream') ? { desk: probes, send } : null;
    return new Session(this.#name, { address: this.#name }, engine, trustReach, reach);
  }

  #say(message: Downward): void {
    if (this.#collector.life.isAlive && !this.#ended) this.#answer(message);
  }

  #finish(): void {
    this.#ended = true;
    this.#stopSettings();
    this.#onEnd();
  }
}

function ignore(): void {
  // Nobody listens.
}
