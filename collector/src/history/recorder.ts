import type { Clock } from '@keyturn/shared/clock.ts';
import { leaseMs } from '../core/policy.ts';
import type { State } from '../core/state.ts';
import type { HistoryStore } from '../store/history-store.ts';
import { Attempts } from './attempts.ts';
import { watchDetectors } from './detector-watch.ts';
import { EventLog } from './event-log.ts';
import { FleetWatch } from './fleet-watch.ts';
import type { HistoryHealth } from './history-health.ts';
import { JwksWatch } from './jwks-watch.ts';
import { MinuteCounts } from './minute-counts.ts';
import { type Audited, GateWatch } from './gate-watch.ts';
import { RESOLUTIONS } from './resolutions.ts';
import { watchRotations } from './rotation-watch.ts';
import { TokenCounts } from './token-counts.ts';
import { watchHeard } from './token-watch.ts';
import { Tracks } from './tracks.ts';

/** What is recorded, read only. */
export interface Recorded extends Audited {
  state(): Readonly<State>;
  nowMs(): number;
}

export interface HistoryEvents {
  /** History cannot be kept at present; told once until it can again. */
  historyFailing(what: 'look' | 'write', message: string): void;
}

export interface RecorderOptions {
  readonly recorded: Recorded;
  readonly store: HistoryStore;
  readonly clock: Clock;
  readonly events: HistoryEvents;
}

const LOOK_MS = 1_000;

/** After longer than this between two looks nobody can say what happened meanwhile. */
const BLIND_MS = 5_000;

const WRITE_EVERY_MS = 10_000;

/** Events that do not wait for the next write any more. */
const CROWD = 500;

/** And rows: as after a time in which the store took none. */
const ROWS_CROWD = 2_000;

const DAY_MS = 86_400_000;

/** Keys change a few times a year; how a verifier fared a month ago helps nobody. */
const EVENT_BOUNDS = [
  { kind: 'jwks', keptMs: 400 * DAY_MS, perTrackMax: 1_000, totalMax: 20_000 },
  { kind: 'gates', keptMs: 400 * DAY_MS, perTrackMax: 1_000, totalMax: 50_000 },
  { kind: 'verifier', keptMs: 30 * DAY_MS, perTrackMax: 200, totalMax: 100_000 },
] as const;

const PRUNE_EVERY_MS = 600_000;

/** Or after as many events, if that is sooner: a fleet that flaps writes a thousand a second. */
const PRUNE_EVERY_EVENTS = 10_000;

/** Rows and events that go in one look: the engine waits for it. As many as are written in one, or it would not keep up. */
const PRUNED_AT_ONCE = 1_000;

/**
 * Keeps what pages draw: looks at the engine's state once a second and never changes it. History is
 * no evidence: no gate reads it, and what goes wrong here is counted, told once, and tried again.
 */
export class Recorder {
  readonly tracks: Tracks;
  readonly log: EventLog;
  readonly tokens: TokenCounts;
  readonly minutes = new MinuteCounts();
  readonly looking: Attempts;
  readonly writing: Attempts;
  /** Grows when a bucket has settled. */
  version = 0;
  /** Collector time of the first look, Unix ms. */
  readonly startedAtMs: number;
  readonly #options: RecorderOptions;
  readonly #fleet: FleetWatch;
  readonly #gates: GateWatch;
  readonly #jwks: JwksWatch;
  #lookedAtMs: number | null = null;
  #watchedFromMs = 0;
  #settledMs = 0;
  #writtenAtMs = 0;
  #prunedAtMs = 0;
  /** Events written since. */
  #writtenSincePrune = 0;
  #hasMoreToPrune = false;
  /** Events that waited after the last look. */
  #waited = 0;
  #cancel: () => void = () => undefined;
  #closed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.startedAtMs = options.recorded.nowMs();
    this.tracks = new Tracks(options.store);
    this.log = new EventLog(options.store);
    this.tokens = new TokenCounts(this.tracks);
    this.#gates = new GateWatch(options.recorded, this.log, this.tracks);
    this.#jwks = new JwksWatch(this.log);
    const { tokens, minutes, log } = this;
    this.#fleet = new FleetWatch({ tokens, minutes, log });
    const { events } = options;
    this.looking = new Attempts((message) => events.historyFailing('look', message));
    this.writing = new Attempts((message) => events.historyFailing('write', message));
    this.#lookAgain();
  }

  /** Until when counts still come in, Unix ms: verifiers speak of the time since they last did. */
  get settledMs(): number {
    return this.#settledMs;
  }

  health(): HistoryHealth {
    const { looking, writing, tracks, log, minutes, tokens } = this;
    return {
      failedLooks: looking.failures,
      failedWrites: writing.failures,
      damaged: tracks.damaged + log.damaged,
      unwritten: tracks.dropped + log.dropped,
      crowdedEvents: this.#fleet.dropped,
      uncountedByMinute: minutes.dropped,
      late: tokens.late,
    };
  }

  /** Writes what there is, and stops. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel();
    this.looking.run(() => {
      this.tracks.settle(Number.POSITIVE_INFINITY);
    });
    this.writing.run(() => {
      do this.#write();
      while (this.log.waiting + this.tracks.waiting > 0);
    });
  }

  #lookAgain(): void {
    if (this.#closed) return;
    this.looking.run(() => this.#look());
    this.#cancel = this.#options.clock.after(LOOK_MS, () => this.#lookAgain());
  }

  #look(): void {
    const { recorded } = this.#options;
    const nowMs = recorded.nowMs();
    const state = recorded.state();
    const sinceMs = this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    const isBlind = sinceMs === null || nowMs - sinceMs > BLIND_MS;
    if (isBlind) this.#watchedFromMs = nowMs;
    this.#settledMs = Math.max(this.#settledMs, nowMs - settleMs(state));
    const fromMs = isBlind ? nowMs : sinceMs;
    const oldestMs = Math.max(this.#watchedFromMs, this.#settledMs);
    // What was looked at may be broken: what is there already settles and is written all the same.
    const settled = this.tracks.settle(Math.min(fromMs, this.#settledMs));
    try {
      inTurn([
        () => this.#fleet.look(state, { oldestMs, nowMs }),
        () => watchHeard(state, this.tracks, fromMs, nowMs),
        () => watchDetectors(state, this.tracks, fromMs, nowMs),
        () => watchRotations(state, this.tracks, fromMs, nowMs),
        () => {
          if (isBlind && sinceMs !== null) this.#gates.blind(state, sinceMs, nowMs);
        },
        () => this.#gates.look(state, nowMs),
        () => this.#jwks.look(state),
      ]);
    } finally {
      if (settled > 0 || this.log.waiting > this.#waited) this.version += 1;
      this.#waited = this.log.waiting;
      this.#keep(nowMs);
    }
  }

  #keep(nowMs: number): void {
    const isCrowded = this.log.waiting > CROWD || this.tracks.waiting > ROWS_CROWD;
    const isDue = nowMs - this.#writtenAtMs >= WRITE_EVERY_MS;
    if (isDue || (isCrowded && !this.writing.isFailing)) {
      this.#writtenAtMs = nowMs;
      this.writing.run(() => this.#write());
    }
    const isFull = this.#writtenSincePrune >= PRUNE_EVERY_EVENTS;
    if (this.#hasMoreToPrune || isFull || nowMs - this.#prunedAtMs >= PRUNE_EVERY_MS) {
      this.#prunedAtMs = nowMs;
      this.writing.run(() => this.#prune(nowMs));
    }
  }

  #write(): void {
    const ofTracks = this.tracks.unwritten();
    const ofLog = this.log.unwritten();
    if (ofTracks.rows.length + ofLog.events.length === 0) return;
    this.#options.store.write(ofTracks.rows, ofLog.events);
    ofTracks.written();
    ofLog.written();
    this.#writtenSincePrune += ofLog.events.length;
    this.#waited = this.log.waiting;
  }

  #prune(nowMs: number): void {
    this.#hasMoreToPrune = false;
    this.#writtenSincePrune = 0;
    const gone = this.#options.store.prune({
      atOnce: PRUNED_AT_ONCE,
      rowsFromS: RESOLUTIONS.map(({ stepS, keptS }) => ({
        stepS,
        fromS: Math.floor(nowMs / 1_000) - keptS - stepS,
      })),
      events: EVENT_BOUNDS.map(({ keptMs, ...bound }) => ({ ...bound, fromMs: nowMs - keptMs })),
    });
    this.#hasMoreToPrune = gone >= PRUNED_AT_ONCE;
  }
}

/** One that fails keeps none of the others from its turn. */
function inTurn(acts: readonly (() => void)[]): void {
  const failures: unknown[] = [];
  for (const act of acts) {
    try {
      act();
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** A verifier speaks of the time since its last report, at the latest by its heartbeat and half of it. */
function settleMs({ policy }: Readonly<State>): number {
  return Math.min(leaseMs(policy), Math.max(5_000, policy.heartbeatMs * 1.5));
}
