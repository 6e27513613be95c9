import type { Ack, Settings, Welcome } from '@keyturn/shared/model/report.ts';
import type { Urgency } from '../ledger/ledger.ts';
import { reconnectDelayMs } from './backoff.ts';
import { Conversation, HELLO_APART_MS } from './conversation.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Line } from './line.ts';
import { isNameable, markChanged } from './line.ts';
import type { Lines } from './lines.ts';
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
  readonly #talk: Conversation;
  readonly #lines: Lines;
  #phase: Phase = { at: 'idle' };
  #settings = INITIAL_SETTINGS;
  #attempt = 1;
  #heardAtMs = 0;
  #closing: string | null = null;
  #actions: SessionAction[] = [];

  constructor(random: () => number) {
    this.#random = random;
    this.#heartbeat = new Heartbeat(random);
    this.#talk = new Conversation(random, (action) => this.#actions.push(action));
    this.#lines = this.#talk.lines;
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
        return this.#phase.sinceMs + HELLO_APART_MS;
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
        return line === undefined ? undefined : this.#talk.forget(line);
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
    if (this.#phase.at === 'live' || this.#phase.at === 'greeting') this.#talk.hello([line], nowMs);
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
    if (this.#phase.at === 'live' && line.epoch !== null) this.#talk.bidFarewell(line, nowMs);
    // Never named to anybody: nobody waits for it. Refused or superseded: not this one's to end.
    else if (line.benchedUntilMs !== null || isUnheardOf(line)) this.#talk.forget(line);
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
    if (this.#phase.at === 'live') this.#talk.report(nowMs);
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
      const isTaken = this.#talk.answered(line, assignment, nowMs);
      if (isTaken && line.leaving !== null && this.#closing === null) {
        this.#talk.bidFarewell(line, nowMs);
      }
    }
    if (this.#closing === null) this.#talk.report(nowMs);
    else this.#leave(nowMs);
  }

  #acks(acks: readonly Ack[], nowMs: number): void {
    this.#hear(nowMs);
    for (const ack of acks) this.#talk.acked(ack, nowMs);
    if (this.#phase.at === 'live') this.#talk.report(nowMs);
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
        if (nowMs - this.#phase.sinceMs >= HELLO_APART_MS) this.#giveUp('no welcome', nowMs);
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
      this.#talk.hello(this.#lines.unassigned(nowMs, HELLO_APART_MS), nowMs);
    }
    this.#talk.report(nowMs);
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
    this.#talk.hello(named, nowMs);
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

  #close(reason: string, nowMs: number): void {
    if (this.#closing !== null) return;
    this.#closing = reason;
    if (this.#phase.at === 'live') this.#leave(nowMs);
    else if (this.#phase.at === 'greeting') {
      // Counts of a short-lived process are worth a moment; the welcome may be on its way.
      this.#phase = { at: 'greeting', sinceMs: nowMs - HELLO_APART_MS + FAREWELL_MS };
    } else this.#phase = { at: 'closed' };
  }

  #leave(nowMs: number): void {
    this.#talk.bidFarewellToAll(this.#closing ?? '', nowMs);
    this.#phase = { at: 'leaving', untilMs: nowMs + FAREWELL_MS };
  }
}

function isUnheardOf(line: Line): boolean {
  return line.highestEpoch === 0 && line.helloAtMs === null;
}
