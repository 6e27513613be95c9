import {
  type Connection,
  type ConnectionEvents,
  onceBroken,
} from '../../agent/src/uplink/connection.ts';
import type { Mode } from '../../agent/src/uplink/session-events.ts';
import type {
  Ack,
  Goodbye,
  Hello,
  Report,
  Settings,
  Welcome,
} from '@keyturn/shared/model/report.ts';
import type { ProbeOrders, ProbeResult } from '@keyturn/shared/model/probe.ts';
import type { Chance } from './chance.ts';
import type { CollectorProcess, Serving } from './collector-process.ts';
import type { Life, Schedule } from './schedule.ts';

export type Upward =
  | { readonly say: 'hello'; readonly hello: Hello }
  | { readonly say: 'reports'; readonly reports: readonly Report[] }
  | { readonly say: 'goodbye'; readonly goodbye: Goodbye }
  | { readonly say: 'finish' }
  | { readonly say: 'probe_results'; readonly results: readonly ProbeResult[] }
  /** One call of the unary fallback: everything in one message. */
  | {
      readonly say: 'call';
      readonly hello: Hello;
      readonly reports: readonly Report[];
      readonly goodbye: boolean;
    };

export type Downward =
  | { readonly say: 'welcome'; readonly welcome: Welcome }
  | { readonly say: 'acks'; readonly acks: readonly Ack[] }
  | { readonly say: 'settings'; readonly settings: Settings }
  | { readonly say: 'probes'; readonly orders: ProbeOrders }
  | { readonly say: 'answer'; readonly welcome: Welcome; readonly acks: readonly Ack[] }
  | { readonly say: 'broken'; readonly reason: string };

/** How messages fare now, shared by all links; probabilities per message. */
export interface Weather {
  drop: number;
  duplicate: number;
  delay: number;
  reorder: number;
}

/** No message is under way for longer. */
export const DELAY_MAX_MS = 20_000;
const CALL_WITHIN_MS = 10_000;
/** A dead peer is noticed by keepalives after this long, where it is noticed at all. */
const KEEPALIVE_MS = 30_000;

/** The way between one agent process and the collector. */
export class Link {
  /** Nothing gets through, upwards or downwards. */
  cutUp = false;
  cutDown = false;
  /** Ends of connections go unnoticed. */
  halfOpen = false;
  readonly #schedule: Schedule;
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #collector: () => CollectorProcess | undefined;
  readonly #latencyMs: number;
  readonly #wires = new Set<Wire>();
  #serial = 0;

  constructor(
    schedule: Schedule,
    chance: Chance,
    weather: Weather,
    collector: () => CollectorProcess | undefined,
  ) {
    this.#schedule = schedule;
    this.#chance = chance;
    this.#weather = weather;
    this.#collector = collector;
    this.#latencyMs = chance.between(2, 60);
  }

  dial(mode: Mode, name: string, agent: Life, listener: ConnectionEvents): Connection {
    const events = onceBroken(listener);
    this.#serial += 1;
    // Streams have names of their own; the calls of one process are one session.
    const title = mode === 'stream' ? `stream ${name} ${this.#serial}` : `unary ${name}`;
    const wire = new Wire(this, agent, events, title);
    this.#wires.add(wire);
    return mode === 'stream' ? streamOver(wire) : callsOver(wire, this.#schedule, agent);
  }

  /** Carries a message to the collector that is up when it arrives. */
  up(wire: Wire, message: Upward): void {
    const isLossy = message.say === 'reports';
    this.#carry(this.cutUp, isLossy, wire.upSlot, () => this.#arrive(wire, message));
  }

  down(wire: Wire, message: Downward): void {
    if (message.say === 'broken' && this.halfOpen) return;
    const isLossy = message.say === 'acks';
    this.#carry(this.cutDown, isLossy, wire.downSlot, () => {
      this.#schedule.after(0, () => wire.hear(message), wire.agent);
    });
  }

  /** The agent's process is dead; its machine says so for it, or nobody does. */
  died(agent: Life): void {
    for (const wire of this.#wires) if (wire.agent === agent) wire.abort();
  }

  /** The agent's end is gone, by its own doing or by death. */
  hangUp(wire: Wire): void {
    this.#wires.delete(wire);
    const noticedMs = this.halfOpen || this.cutUp ? KEEPALIVE_MS : this.#latencyMs;
    this.#schedule.after(noticedMs, () => {
      wire.serving?.end();
    });
  }

  #carry(isCut: boolean, isLossy: boolean, slot: { lastMs: number }, arrive: () => void): void {
    const chance = this.#chance;
    const weather = this.#weather;
    // The same number of draws whatever happens, so that one fault less changes nothing else.
    const [drop, duplicate, delay, reorder] = [
      chance.next(),
      chance.next(),
      chance.next(),
      chance.next(),
    ];
    if (isCut || (isLossy && drop < weather.drop)) return;
    const lateMs = delay < weather.delay ? (DELAY_MAX_MS * delay) / weather.delay : 0;
    const dueMs = this.#schedule.nowMs + this.#latencyMs + lateMs;
    const overtakes = isLossy && reorder < weather.reorder;
    const atMs = overtakes ? dueMs : Math.max(dueMs, slot.lastMs);
    slot.lastMs = Math.max(slot.lastMs, atMs);
    this.#schedule.after(atMs - this.#schedule.nowMs, arrive);
    if (isLossy && duplicate < weather.duplicate) {
      this.#schedule.after(atMs - this.#schedule.nowMs + 3 * this.#latencyMs, arrive);
    }
  }

  #arrive(wire: Wire, message: Upward): void {
    if (wire.isHungUp && message.say !== 'reports') return;
    const collector = this.#collector();
    if (wire.serving === undefined) {
      if (collector === undefined) return this.down(wire, { say: 'broken', reason: 'refused' });
      wire.serving = collector.serve(wire.name, (answer) => this.down(wire, answer));
    }
    wire.serving.receive(message);
  }
}

/** One connection. */
export class Wire {
  serving: Serving | undefined;
  isHungUp = false;
  readonly upSlot = { lastMs: 0 };
  readonly downSlot = { lastMs: 0 };
  readonly link: Link;
  readonly agent: Life;
  readonly name: string;
  readonly events: ConnectionEvents & { mute(): boolean };
  onAnswer: ((welcome: Welcome, acks: readonly Ack[]) => void) | null = null;

  constructor(
    link: Link,
    agent: Life,
    events: ConnectionEvents & { mute(): boolean },
    name: string,
  ) {
    this.link = link;
    this.agent = agent;
    this.events = events;
    this.name = name;
  }

  hear(message: Downward): void {
    if (this.isHungUp) return;
    switch (message.say) {
      case 'welcome':
        return this.events.welcome(message.welcome);
      case 'acks':
        return this.events.acks(message.acks);
      case 'settings':
        return this.events.settings(message.settings);
      case 'probes':
        return this.events.probes(message.orders);
      case 'answer':
        return this.onAnswer?.(message.welcome, message.acks);
      case 'broken':
        this.isHungUp = true;
        return this.events.broken({ kind: 'failed', reason: message.reason });
    }
  }

  abort(): void {
    if (this.isHungUp) return;
    this.isHungUp = true;
    this.events.mute();
    this.link.hangUp(this);
  }
}

function streamOver(wire: Wire): Connection {
  return {
    hello: (hello) => wire.link.up(wire, { say: 'hello', hello }),
    reports: (reports) => wire.link.up(wire, { say: 'reports', reports }),
    goodbye: (goodbye) => wire.link.up(wire, { say: 'goodbye', goodbye }),
    probeResults: (results) => wire.link.up(wire, { say: 'probe_results', results }),
    finish: () => wire.link.up(wire, { say: 'finish' }),
    abort: () => wire.abort(),
  };
}

/** The unary fallback: one call at a time, each naming the verifiers it speaks of. */
function callsOver(wire: Wire, schedule: Schedule, agent: Life): Connection {
  const known = new Map<number, Hello['verifiers'][number]>();
  const queue: { handles: readonly number[]; reports: readonly Report[]; goodbye: boolean }[] = [];
  let head: Omit<Hello, 'verifiers'> | undefined;
  let busy = false;
  let finished = false;
  let cancelDeadline = (): void => undefined;
  const fail = (reason: string): void => {
    schedule.after(0, () => wire.hear({ say: 'broken', reason }), agent);
  };
  const next = (): void => {
    if (busy || wire.isHungUp || head === undefined) return;
    const talk = queue.shift();
    if (talk === undefined) {
      if (finished) fail('finished');
      return;
    }
    busy = true;
    const verifiers = talk.handles.flatMap((handle) => known.get(handle) ?? []);
    if (talk.goodbye) for (const handle of talk.handles) known.delete(handle);
    cancelDeadline = schedule.after(CALL_WITHIN_MS, () => fail('deadline'), agent);
    const hello = { ...head, verifiers };
    wire.link.up(wire, { say: 'call', hello, reports: talk.reports, goodbye: talk.goodbye });
  };
  wire.onAnswer = (welcome, acks) => {
    cancelDeadline();
    busy = false;
    wire.events.welcome(welcome);
    if (acks.length > 0) wire.events.acks(acks);
    next();
  };
  const say = (talk: (typeof queue)[number]): void => {
    if (finished) return;
    queue.push(talk);
    next();
  };
  return {
    hello({ verifiers, ...rest }) {
      head = rest;
      for (const verifier of verifiers) known.set(verifier.handle, verifier);
      say({ handles: verifiers.map(({ handle }) => handle), reports: [], goodbye: false });
    },
    reports(reports) {
      say({ handles: reports.map(({ handle }) => handle), reports, goodbye: false });
    },
    goodbye({ handles }) {
      say({
        handles: handles.length === 0 ? [...known.keys()] : handles,
        reports: [],
        goodbye: true,
      });
    },
    finish() {
      finished = true;
      next();
    },
    abort: () => wire.abort(),
  };
}
