import { randomBytes } from 'node:crypto';
import type { Clock } from '@keyturn/shared/clock.ts';
import type { ProbeOrders, ProbeResult } from '@keyturn/shared/model/probe.ts';
import type { Report, Settings } from '@keyturn/shared/model/report.ts';
import type { AgentEvents } from '../events.ts';
import type { Ledger, Reporter, Urgency } from '../ledger/ledger.ts';
import type { Present } from '../probe/present.ts';
import { Prober } from '../probe/prober.ts';
import type { Connection, Dialer } from './connection.ts';
import type { Stamp } from './line.ts';
import { helloMessages, reportMessages } from './messages.ts';
import { eventOf } from './news.ts';
import { Roster } from './roster.ts';
import type { SessionAction, SessionEvent, SessionNews } from './session-events.ts';
import { Session } from './session.ts';

export interface UplinkOptions {
  readonly dial: Dialer;
  /** Shown in events. */
  readonly collector: string;
  readonly agentVersion: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly events: AgentEvents;
  /** How canary tokens reach a verifier; by default they do not. */
  readonly presenterOf?: (ledger: Ledger) => Present | undefined;
  /** 16 bytes, hex; new ones for every process. */
  readonly bootId?: string;
}

/** Reports ledgers to one collector until closed. */
export interface Uplink extends Reporter, AsyncDisposable {
  /** Sends what is left and says goodbye, for at most about two seconds. Resolves in any case. */
  close(reason?: string): Promise<void>;
  /** Settings in force; the initial ones before the first welcome. */
  readonly settings: Settings;
  /** Of the verifiers reported now. */
  readonly ledgers: Iterable<Ledger>;
}

/** Longest a close takes: the session gives up a little earlier. */
const HOLD_MS = 2_500;

export function createUplink(options: UplinkOptions): Uplink {
  return new SessionUplink(options);
}

class SessionUplink implements Uplink {
  readonly #options: UplinkOptions;
  readonly #bootId: string;
  readonly #session: Session;
  readonly #roster = new Roster((ledger) => this.#prober.canProbe(ledger));
  readonly #prober: Prober;
  readonly #changed = new Map<Ledger, Urgency>();
  #connection: Connection | undefined;
  #watched: Settings['watchedKeys'] = [];
  #cancelTimer: (() => void) | undefined;
  #timerAtMs = Infinity;
  #cancelGather: (() => void) | undefined;
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#bootId = options.bootId ?? randomBytes(16).toString('hex');
    this.#session = new Session(options.random);
    const { presenterOf = () => undefined, clock, random, events } = options;
    const send = (ledger: Ledger, result: ProbeResult) => {
      if (this.#roster.handleOf(ledger) !== result.handle) return;
      this.#connection?.probeResults?.([result]);
    };
    this.#prober = new Prober({ presenterOf, clock, random, events, send });
  }

  get settings(): Settings {
    return this.#session.settings;
  }

  get ledgers(): Iterable<Ledger> {
    return this.#roster.ledgers;
  }

  add(ledger: Ledger): void {
    this.#options.events.guard('uplink.add', () => {
      if (this.#roster.handleOf(ledger) !== undefined) return;
      const replaced = this.#roster.replacedBy(ledger);
      if (replaced !== undefined) this.#handle({ on: 'replaced', handle: replaced });
      const handle = this.#roster.add(ledger);
      ledger.watch(this.#watched);
      this.#handle({ on: 'added', handle });
    });
  }

  // Called from a verification: it only notes, and the work is done in a turn of its own.
  changed(ledger: Ledger, urgency: Urgency): void {
    if (this.#changed.get(ledger) === 'now') return;
    this.#changed.set(ledger, urgency);
    this.#cancelGather ??= this.#options.clock.after(0, () => {
      this.#cancelGather = undefined;
      this.#takeChanges();
    });
  }

  silence(ledger: Ledger): void {
    this.#options.events.guard('uplink.silence', () => {
      const handle = this.#roster.handleOf(ledger);
      if (handle === undefined) return;
      this.#changed.delete(ledger);
      this.#prober.pause(ledger);
      this.#handle({ on: 'silenced', handle });
    });
  }

  remove(ledger: Ledger, reason: string): void {
    this.#options.events.guard('uplink.remove', () => {
      const handle = this.#roster.handleOf(ledger);
      if (handle === undefined) return;
      this.#roster.remove(ledger);
      this.#changed.delete(ledger);
      this.#prober.forget(ledger);
      this.#handle({ on: 'removed', handle, reason });
    });
  }

  close(reason = 'the agent stopped'): Promise<void> {
    if (this.#closed !== undefined) return this.#closed.promise;
    this.#closed = Promise.withResolvers<void>();
    // The one time the process is held: whoever waits for the goodbye must see it done.
    const hold = setTimeout(() => this.#closed?.resolve(), HOLD_MS);
    void this.#closed.promise.finally(() => {
      clearTimeout(hold);
    });
    this.#options.events.guard('uplink.close', () => {
      this.#handle({ on: 'close', reason });
    });
    return this.#closed.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #takeChanges(): void {
    this.#options.events.guard('uplink.changed', () => {
      const changes = [...this.#changed];
      this.#changed.clear();
      for (const [ledger, urgency] of changes) {
        const handle = this.#roster.handleOf(ledger);
        if (handle !== undefined) this.#handle({ on: 'changed', handle, urgency });
      }
    });
  }

  #handle(event: SessionEvent): void {
    const { clock } = this.#options;
    for (const action of this.#session.handle(event, clock.monotonicMs())) this.#do(action);
    if (this.#session.isClosed) return this.#end();
    this.#setTimer();
  }

  #setTimer(): void {
    const { clock, events } = this.#options;
    const atMs = this.#session.wakeAtMs;
    if (atMs === this.#timerAtMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerAtMs = atMs;
    if (atMs === Infinity) return;
    this.#cancelTimer = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => {
      this.#timerAtMs = Infinity;
      events.guard('uplink.tick', () => {
        this.#handle({ on: 'tick' });
      });
    });
  }

  #do(action: SessionAction): void {
    switch (action.do) {
      case 'connect':
        this.#connection = this.#options.dial(action.mode, this.#listen());
        return;
      case 'hello':
        return this.#hello(action.handles);
      case 'report':
        return this.#report(action.stamps);
      case 'goodbye':
        return this.#connection?.goodbye({ handles: action.handles, reason: action.reason });
      case 'forget':
        return this.#roster.forget(action.handle);
      case 'finish':
        return this.#connection?.finish();
      case 'disconnect':
        this.#connection?.abort();
        this.#connection = undefined;
        return;
      case 'apply':
        return this.#apply(action.settings);
      case 'tell':
        return this.#tell(action.what);
    }
  }

  #listen() {
    const { events, collector } = this.#options;
    const on = (event: SessionEvent) => {
      events.guard(`uplink.${event.on}`, () => {
        this.#handle(event);
      });
    };
    return {
      welcome: (welcome: Extract<SessionEvent, { on: 'welcome' }>['welcome']) => {
        on({ on: 'welcome', welcome });
      },
      acks: (acks: Extract<SessionEvent, { on: 'acks' }>['acks']) => {
        on({ on: 'acks', acks });
      },
      settings: (settings: Settings) => {
        on({ on: 'settings', settings });
      },
      probes: (orders: ProbeOrders) => {
        events.guard('uplink.probes', () => {
          this.#prober.take(orders, (handle) => this.#roster.presentAt(handle));
        });
      },
      unreadable: (reason: string) => {
        events.tell({ kind: 'protocol_error', collector, reason });
      },
      broken: (why: Extract<SessionEvent, { on: 'broken' }>['why']) => {
        this.#connection = undefined;
        this.#prober.stop();
        on({ on: 'broken', why });
      },
    };
  }

  #hello(handles: readonly number[]): void {
    const head = {
      bootId: this.#bootId,
      agentVersion: this.#options.agentVersion,
      wallUnixMs: this.#options.clock.wallMs(),
    };
    for (const hello of helloMessages(head, this.#roster.introduce(handles))) {
      this.#connection?.hello(hello);
    }
  }

  #report(stamps: readonly Stamp[]): void {
    for (const reports of reportMessages(this.#snapshots(stamps))) {
      this.#connection?.reports(reports);
    }
  }

  // One at a time, when its message is put together: thousands at once would be much memory.
  *#snapshots(stamps: readonly Stamp[]): Generator<Report> {
    const nowMs = this.#options.clock.monotonicMs();
    for (const stamp of stamps) {
      const ledger = this.#roster.ledgerOf(stamp.handle);
      if (ledger !== undefined) yield ledger.snapshot(nowMs, stamp);
    }
  }

  #apply(settings: Settings): void {
    if (isSameWatch(this.#watched, settings.watchedKeys)) return;
    this.#watched = settings.watchedKeys;
    for (const ledger of this.#roster.ledgers) ledger.watch(settings.watchedKeys);
  }

  #tell(news: SessionNews): void {
    const { events, collector } = this.#options;
    const event = eventOf(news, collector, (handle) => this.#roster.ledgerOf(handle)?.id);
    if (event !== undefined) events.tell(event);
  }

  #end(): void {
    this.#cancelTimer?.();
    this.#cancelGather?.();
    this.#prober.stop();
    this.#connection?.abort();
    this.#connection = undefined;
    this.#closed?.resolve();
  }
}

function isSameWatch(a: Settings['watchedKeys'], b: Settings['watchedKeys']): boolean {
  return (
    a.length === b.length &&
    a.every(
      (key, i) =>
        key.issuer === b[i]?.issuer && key.kid === b[i]?.kid && key.secret === b[i]?.secret,
    )
  );
}
