import { randomBytes } from 'node:crypto';
import type { Clock } from '@keyturn/shared/clock.ts';
import type { Hello, Report, Settings, VerifierHello } from '@keyturn/shared/model/report.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import { verifierKey } from '@keyturn/shared/model/ids.ts';
import type { AgentEvents } from '../events.ts';
import type { Ledger, Reporter, Urgency } from '../ledger/ledger.ts';
import type { Connection, Dialer } from './connection.ts';
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
  /** 16 bytes, hex; new ones for every process. */
  readonly bootId?: string;
}

/** Reports ledgers to one collector until closed. */
export interface Uplink extends Reporter, AsyncDisposable {
  /** Sends what is left and says goodbye, for at most about two seconds. Resolves in any case. */
  close(reason?: string): Promise<void>;
  /** Settings in force; the initial ones before the first welcome. */
  readonly settings: Settings;
}

/** Longest a close takes: the session gives up a little earlier. */
const HOLD_MS = 2_500;
const HELLOS_PER_MESSAGE = 500;
const REPORTS_PER_MESSAGE = 200;
/** Rough size of a row or key on the wire, to keep messages well below the limit. */
const ENTRY_BYTES = 300;

export function createUplink(options: UplinkOptions): Uplink {
  return new SessionUplink(options);
}

class SessionUplink implements Uplink {
  readonly #options: UplinkOptions;
  readonly #bootId: string;
  readonly #session: Session;
  readonly #ledgers = new Map<number, Ledger>();
  readonly #handles = new Map<Ledger, number>();
  readonly #byName = new Map<string, number>();
  readonly #changed = new Map<Ledger, Urgency>();
  #lastHandle = 0;
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
  }

  get settings(): Settings {
    return this.#session.settings;
  }

  add(ledger: Ledger): void {
    this.#options.events.guard('uplink.add', () => {
      if (this.#handles.has(ledger)) return;
      if (this.#handles.size >= REPORT_LIMITS.verifiersPerSession) {
        const reason = `expected at most ${REPORT_LIMITS.verifiersPerSession} verifiers per agent`;
        throw new RangeError(reason);
      }
      this.#makeWay(ledger);
      this.#lastHandle += 1;
      this.#byName.set(verifierKey(ledger.id), this.#lastHandle);
      this.#handles.set(ledger, this.#lastHandle);
      this.#ledgers.set(this.#lastHandle, ledger);
      ledger.watch(this.#watched);
      this.#handle({ on: 'added', handle: this.#lastHandle });
    });
  }

  // A hello names each verifier once. One that comes back before its goodbye could be said takes over.
  #makeWay(ledger: Ledger): void {
    const name = verifierKey(ledger.id);
    const handle = this.#byName.get(name);
    const present = handle === undefined ? undefined : this.#ledgers.get(handle);
    if (handle === undefined || present === undefined) return;
    if (this.#handles.has(present)) throw new TypeError(`${name} is reported already`);
    this.#handle({ on: 'replaced', handle });
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
      const handle = this.#handles.get(ledger);
      if (handle === undefined) return;
      this.#changed.delete(ledger);
      this.#handle({ on: 'silenced', handle });
    });
  }

  remove(ledger: Ledger, reason: string): void {
    this.#options.events.guard('uplink.remove', () => {
      const handle = this.#handles.get(ledger);
      if (handle === undefined) return;
      this.#handles.delete(ledger);
      this.#changed.delete(ledger);
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
        const handle = this.#handles.get(ledger);
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
        return this.#forget(action.handle);
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

  #forget(handle: number): void {
    const ledger = this.#ledgers.get(handle);
    this.#ledgers.delete(handle);
    if (ledger === undefined) return;
    const name = verifierKey(ledger.id);
    if (this.#byName.get(name) === handle) this.#byName.delete(name);
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
      unreadable: (reason: string) => {
        events.tell({ kind: 'protocol_error', collector, reason });
      },
      broken: (why: Extract<SessionEvent, { on: 'broken' }>['why']) => {
        this.#connection = undefined;
        on({ on: 'broken', why });
      },
    };
  }

  #hello(handles: readonly number[]): void {
    const verifiers = handles.flatMap((handle) => this.#introduce(handle));
    const head: Omit<Hello, 'verifiers'> = {
      bootId: this.#bootId,
      agentVersion: this.#options.agentVersion,
      wallUnixMs: this.#options.clock.wallMs(),
    };
    // Even nobody has to be said: a stream starts with a hello.
    for (let i = 0; i === 0 || i < verifiers.length; i += HELLOS_PER_MESSAGE) {
      this.#connection?.hello({ ...head, verifiers: verifiers.slice(i, i + HELLOS_PER_MESSAGE) });
    }
  }

  #introduce(handle: number): readonly VerifierHello[] {
    const ledger = this.#ledgers.get(handle);
    if (ledger === undefined) return [];
    const { id, profile, source, issuers } = ledger;
    return [{ handle, id, profile, source, issuers }];
  }

  #report(stamps: Extract<SessionAction, { do: 'report' }>['stamps']): void {
    const nowMs = this.#options.clock.monotonicMs();
    let batch: Report[] = [];
    let bytes = 0;
    const send = () => {
      if (batch.length > 0) this.#connection?.reports(batch);
      batch = [];
      bytes = 0;
    };
    for (const stamp of stamps) {
      const ledger = this.#ledgers.get(stamp.handle);
      if (ledger === undefined) continue;
      const report = ledger.snapshot(nowMs, stamp);
      const size = sizeOf(report);
      if (bytes + size > REPORT_LIMITS.messageBytes / 2) send();
      batch.push(report);
      bytes += size;
      if (batch.length >= REPORTS_PER_MESSAGE) send();
    }
    send();
  }

  #apply(settings: Settings): void {
    if (isSameWatch(this.#watched, settings.watchedKeys)) return;
    this.#watched = settings.watchedKeys;
    for (const ledger of this.#ledgers.values()) ledger.watch(settings.watchedKeys);
  }

  #tell(what: SessionNews): void {
    const { events, collector } = this.#options;
    switch (what.kind) {
      case 'connected':
        return events.tell({ kind: 'connected', collector, over: what.mode });
      case 'disconnected':
        return events.tell({ ...what, collector });
      case 'refused':
      case 'superseded':
      case 'rejected': {
        const verifier = this.#ledgers.get(what.handle)?.id;
        if (verifier === undefined) return;
        if (what.kind === 'refused') {
          const { reason, retryInMs } = what;
          return events.tell({ kind: 'verifier_refused', verifier, reason, retryInMs });
        }
        if (what.kind === 'superseded') {
          return events.tell({
            kind: 'verifier_superseded',
            verifier,
            retryInMs: what.retryInMs,
          });
        }
        return events.tell({ kind: 'report_rejected', verifier, reason: what.reason });
      }
    }
  }

  #end(): void {
    this.#cancelTimer?.();
    this.#cancelGather?.();
    this.#connection?.abort();
    this.#connection = undefined;
    this.#closed?.resolve();
  }
}

function sizeOf(report: Report): number {
  let entries = 1 + report.counts.length;
  for (const set of report.keySets) entries += 1 + set.keys.length;
  return entries * ENTRY_BYTES;
}

function isSameWatch(a: Settings['watchedKeys'], b: Settings['watchedKeys']): boolean {
  return (
    a.length === b.length &&
    a.every((key, i) => key.issuer === b[i]?.issuer && key.kid === b[i]?.kid)
  );
}
