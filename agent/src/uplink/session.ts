import type { Ack, Settings, Welcome } from '@keyturn/shared/model/report.ts';
import type { Urgency } from '../ledger/ledger.ts';
import { benchMs, reconnectDelayMs } from './backoff.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Line } from './line.ts';
import { assign, isNameable, markChanged, stamp } from './line.ts';
import { Lines } from './lines.ts';
import { Route } from './route.ts';
import type { Break, SessionAction, SessionEvent } from './session-events.ts';

/** In force until the collector says otherwise. */
const INITIAL_SETTINGS: Settings = {
  reportIntervalMs: 15_000,
  leaseMs: 45_000,
  holdDownRemainingMs: 0,
  reconnectWindowMs: 10_000,
  watchedKeys: [],
};

const WELCOME_WITHIN_MS = 15_000;
/** A session counts as one that worked after this; before, the attempts go on counting. */
const SETTLED_AFTER_MS = 5_000;
/** A goodbye is not waited for any longer. */
const FAREWELL_MS = 2_000;
/** Reports without an answer, and silence, before a connection is given up. */
const UNANSWERED_MAX = 4;
const PATIENCE_MIN_MS = 10_000;
/** Longest window a server may name. */
const RECONNECT_WINDOW_MAX_MS = 600_000;

type Phase =
  | { readonly at: 'idle' }
  | { readonly at: 'waiting'; readonly untilMs: number }
  | { readonly at: 'greeting'; readonly sinceMs: number }
  | { readonly at: 'live'; readonly sinceMs: number }
  | { readonly at: 'leaving'; readonly untilMs: number }
  | { readonly at: 'closed' };

/**
 * The agent's side of the protocol: events in, things to do out. No I/O, no clock, no timers; the
 * caller wakes it with a tick at `wakeAtMs`. Times are the agent's monotonic milliseconds.
 */
export class Session {
  readonly #random: () => number;
  readonly #route = new Route();
  readonly #heartbeat: Heartbeat;
  readonly #lines = new Lines();
  #phase: Phase = { at: 'idle' };
  #settings = INITIAL_SETTINGS;
  #attempt = 1;
  #heardAtMs = 0;
  #closing: string | null = null;
  #actions: SessionAction[] = [];

  constructor(random: () => number) {
    this.#random = random;
    this.#heartbeat = new Heartbeat(random);
  }

  get isClosed(): boolean {
    return this.#phase.at === 'closed';
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** When a tick is needed; Infinity: not before the next event. */
  get wakeAtMs(): number {
    switch (this.#phase.at) {
      case 'idle':
      case 'closed':
        return Infinity;
      case 'waiting':
      case 'leaving':
        return this.#phase.untilMs;
      case 'greeting':
        return this.#phase.sinceMs + WELCOME_WITHIN_MS;
      case 'live':
        return Math.min(this.#heartbeat.atMs, this.#lines.wakeAtMs);
    }
  }

  handle(event: SessionEvent, nowMs: number): readonly SessionAction[] {
    if (this.#phase.at === 'closed') return [];
    this.#actions = [];
    this.#take(event, nowMs);
    return this.#actions;
  }

  #take(event: SessionEvent, nowMs: number): void {
    switch (event.on) {
      case 'added':
        return this.#added(event.handle, nowMs);
      case 'removed':
        return this.#removed(event.handle, event.reason, nowMs);
      case 'replaced': {
        const line = this.#lines.get(event.handle);
        return line === undefined ? undefined : this.#forget(line);
      }
      case 'changed':
        return this.#changed(event.handle, event.urgency, nowMs);
      case 'silenced':
        return this.#silenced(event.handle);
      case 'welcome':
        return this.#welcome(event.welcome, nowMs);
      case 'acks':
        return this.#acks(event.acks, nowMs);
      case 'settings':
        this.#hear(nowMs);
        return this.#apply(event.settings, nowMs);
      case 'broken':
        return this.#broken(event.why, nowMs);
      case 'tick':
        return this.#tick(nowMs);
      case 'close':
        return this.#close(event.reason, nowMs);
    }
  }

  #added(handle: number, nowMs: number): void {
    if (this.#closing !== null || this.#lines.get(handle) !== undefined) return;
    const line = this.#lines.add(handle);
    if (this.#phase.at === 'idle') this.#connect(nowMs);
    else this.#greet(line, nowMs);
  }

  #greet(line: Line, nowMs: number): void {
    if (this.#phase.at === 'live' || this.#phase.at === 'greeting') this.#hello([line], nowMs);
  }

  #silenced(handle: number): void {
    const line = this.#lines.get(handle);
    if (line === undefined || line.leaving !== null) return;
    this.#lines.silence(line);
  }

  #removed(handle: number, reason: string, nowMs: number): void {
    const line = this.#lines.get(handle);
    if (line === undefined) return;
    line.leaving = reason;
    if (this.#phase.at === 'live' && line.epoch !== null) this.#bidFarewell(line, nowMs);
    // Never named to anybody: nobody waits for it.
    else if (line.highestEpoch === 0 && line.helloAtMs === null) this.#forget(line);
  }

  #changed(handle: number, urgency: Urgency, nowMs: number): void {
    const line = this.#lines.get(handle);
    if (line === undefined || line.leaving !== null) return;
    const wasSilent = line.silent;
    line.silent = false;
    markChanged(line, urgency, nowMs);
    if (line.epoch === null) {
      const isGreeted = line.helloAtMs !== null || !isNameable(line, nowMs);
      if (wasSilent && !isGreeted) this.#greet(line, nowMs);
      return;
    }
    this.#lines.busy(line);
    if (this.#phase.at === 'live') this.#flush(nowMs);
  }

  #welcome(welcome: Welcome, nowMs: number): void {
    if (this.#phase.at !== 'greeting' && this.#phase.at !== 'live') return;
    this.#hear(nowMs);
    if (this.#phase.at === 'greeting') {
      this.#phase = { at: 'live', sinceMs: nowMs };
      this.#actions.push({ do: 'tell', what: { kind: 'connected', mode: this.#route.mode } });
    }
    this.#apply(welcome.settings, nowMs);
    for (const assignment of welcome.assignments) {
      const line = this.#lines.get(assignment.handle);
      if (line === undefined) continue;
      if (assignment.refused !== '') this.#refused(line, assignment.refused, nowMs);
      else this.#assigned(line, assignment.epoch, assignment.committedSeq, nowMs);
    }
    if (this.#closing === null) this.#flush(nowMs);
    else this.#leave(nowMs);
  }

  #assigned(line: Line, epoch: number, committedSeq: number, nowMs: number): void {
    const isNews = assign(line, epoch, committedSeq);
    if (line.leaving !== null) {
      if (this.#closing === null) this.#bidFarewell(line, nowMs);
      return;
    }
    if (isNews && !line.silent) this.#lines.due(line, nowMs);
  }

  #refused(line: Line, reason: string, nowMs: number): void {
    if (line.leaving !== null) return this.#forget(line);
    const retryInMs = this.#bench(line, nowMs);
    this.#actions.push({
      do: 'tell',
      what: { kind: 'refused', handle: line.handle, reason, retryInMs },
    });
  }

  #bench(line: Line, nowMs: number): number {
    line.benchedTimes += 1;
    const forMs = benchMs(line.benchedTimes, this.#random());
    this.#lines.bench(line, forMs, nowMs);
    return forMs;
  }

  #acks(acks: readonly Ack[], nowMs: number): void {
    this.#hear(nowMs);
    for (const ack of acks) {
      const line = this.#lines.get(ack.handle);
      if (line === undefined || line.epoch !== ack.epoch) continue;
      this.#acked(line, ack, nowMs);
    }
    if (this.#phase.at === 'live') this.#flush(nowMs);
  }

  #acked(line: Line, ack: Ack, nowMs: number): void {
    switch (ack.result) {
      case 'superseded': {
        const retryInMs = this.#bench(line, nowMs);
        this.#actions.push({
          do: 'tell',
          what: { kind: 'superseded', handle: line.handle, retryInMs },
        });
        return;
      }
      case 'rejected':
        this.#actions.push({
          do: 'tell',
          what: { kind: 'rejected', handle: line.handle, reason: ack.reason },
        });
        break;
      case 'applied':
        line.benchedTimes = 0;
        break;
      case 'ignored':
        break;
    }
    this.#lines.acked(line, ack.seq);
  }

  #broken(why: Break, nowMs: number): void {
    if (this.#phase.at === 'idle' || this.#phase.at === 'waiting') return;
    const settled = this.#phase.at === 'live' && nowMs - this.#phase.sinceMs >= SETTLED_AFTER_MS;
    this.#lines.detach();
    if (this.#closing !== null) {
      this.#phase = { at: 'closed' };
      return;
    }
    this.#route.broke(why, nowMs);
    if (settled) this.#attempt = 0;
    const windowMs = Math.min(this.#settings.reconnectWindowMs, RECONNECT_WINDOW_MAX_MS);
    const retryInMs = reconnectDelayMs(this.#attempt, windowMs, this.#random());
    this.#attempt += 1;
    this.#phase = { at: 'waiting', untilMs: nowMs + retryInMs };
    this.#actions.push({
      do: 'tell',
      what: { kind: 'disconnected', reason: why.reason, retryInMs },
    });
  }

  #tick(nowMs: number): void {
    switch (this.#phase.at) {
      case 'idle':
      case 'closed':
        return;
      case 'waiting':
        if (nowMs >= this.#phase.untilMs) this.#connect(nowMs);
        return;
      case 'greeting':
        if (nowMs - this.#phase.sinceMs >= WELCOME_WITHIN_MS) this.#giveUp('no welcome', nowMs);
        return;
      case 'leaving':
        if (nowMs < this.#phase.untilMs) return;
        this.#actions.push({ do: 'disconnect' });
        this.#phase = { at: 'closed' };
        return;
      case 'live':
        return this.#pulse(nowMs);
    }
  }

  #pulse(nowMs: number): void {
    if (this.#isMute(nowMs)) return this.#giveUp('the collector stopped answering', nowMs);
    if (this.#route.isTimeForStream(nowMs)) return this.#giveUp('trying the stream again', nowMs);
    if (this.#heartbeat.beats(nowMs)) {
      this.#lines.allDue(nowMs);
      this.#hello(this.#lines.unassigned(nowMs, WELCOME_WITHIN_MS), nowMs);
    }
    this.#flush(nowMs);
  }

  #isMute(nowMs: number): boolean {
    const patienceMs = Math.max(this.#settings.leaseMs, PATIENCE_MIN_MS);
    return nowMs - this.#heardAtMs >= patienceMs && this.#lines.hasTried(UNANSWERED_MAX);
  }

  #giveUp(reason: string, nowMs: number): void {
    this.#actions.push({ do: 'disconnect' });
    this.#broken({ kind: 'failed', reason }, nowMs);
  }

  #connect(nowMs: number): void {
    this.#phase = { at: 'greeting', sinceMs: nowMs };
    this.#route.opened();
    this.#heardAtMs = nowMs;
    this.#actions.push({ do: 'connect', mode: this.#route.mode });
    const named = this.#lines.nameable(nowMs);
    // A stream begins with a hello even when every verifier of it is benched.
    if (named.length === 0) this.#actions.push({ do: 'hello', handles: [] });
    this.#hello(named, nowMs);
  }

  #hello(lines: readonly Line[], nowMs: number): void {
    if (lines.length === 0) return;
    for (const line of lines) line.helloAtMs = nowMs;
    this.#actions.push({ do: 'hello', handles: lines.map((line) => line.handle) });
  }

  #hear(nowMs: number): void {
    this.#route.heard();
    this.#heardAtMs = nowMs;
  }

  #apply(settings: Settings, nowMs: number): void {
    this.#settings = settings;
    this.#actions.push({ do: 'apply', settings });
    this.#heartbeat.pace(settings.reportIntervalMs, nowMs);
  }

  #flush(nowMs: number): void {
    const stamps = this.#lines.stampDue(nowMs);
    if (stamps.length > 0) this.#actions.push({ do: 'report', stamps });
  }

  #bidFarewell(line: Line, nowMs: number): void {
    if (line.epoch !== null) {
      this.#actions.push({ do: 'report', stamps: [stamp(line, line.epoch, nowMs)] });
    }
    this.#actions.push({ do: 'goodbye', handles: [line.handle], reason: line.leaving ?? '' });
    this.#forget(line);
  }

  #forget(line: Line): void {
    this.#lines.forget(line);
    this.#actions.push({ do: 'forget', handle: line.handle });
  }

  #close(reason: string, nowMs: number): void {
    if (this.#closing !== null) return;
    this.#closing = reason;
    if (this.#phase.at === 'live') this.#leave(nowMs);
    else if (this.#phase.at === 'greeting') {
      // Counts of a short-lived process are worth a moment; the welcome may be on its way.
      this.#phase = { at: 'greeting', sinceMs: nowMs - WELCOME_WITHIN_MS + FAREWELL_MS };
    } else this.#phase = { at: 'closed' };
  }

  #leave(nowMs: number): void {
    const { stamps, anySilent } = this.#lines.stampLast(nowMs);
    if (stamps.length > 0) this.#actions.push({ do: 'report', stamps });
    // A verifier that fell silent did not stop on purpose as far as anybody knows.
    const handles = anySilent ? stamps.map(({ handle }) => handle) : [];
    if (!anySilent || handles.length > 0) {
      this.#actions.push({ do: 'goodbye', handles, reason: this.#closing ?? '' });
    }
    this.#actions.push({ do: 'finish' });
    this.#phase = { at: 'leaving', untilMs: nowMs + FAREWELL_MS };
  }
}
