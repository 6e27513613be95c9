import type { Clock } from '@keyturn/shared/clock.ts';
import type { HistoryStore } from '../store/history-store.ts';
import type { BucketKind, Watched } from './bucket-kind.ts';
import { DETECTOR_MARKS, type DetectorBucket } from './detector-bucket.ts';
import type { Dated } from './event-log.ts';
import { GATE_EVENTS, type GateEvent } from './gate-events.ts';
import type { HistoryHealth } from './history-health.ts';
import { JWKS_EVENTS, type JwksEvent } from './jwks-events.ts';
import type { MinuteColumns } from './minute-counts.ts';
import { type HistoryEvents, type Recorded, Recorder } from './recorder.ts';
import { FINEST_S, floorTo, type Grid, gridFor, type Stretch } from './resolutions.ts';
import { ROTATION, type RotationBucket } from './rotation-bucket.ts';
import { type TokenBucket, TOKENS } from './token-bucket.ts';
import { VERIFIER_EVENTS, type VerifierEvent } from './verifier-events.ts';

/** A stretch of events, Unix ms. */
export interface EventStretch {
  readonly fromMs: number;
  readonly toMs: number;
  /** At most this many, the latest. */
  readonly limit: number;
}

/** Buckets of a grid, as far as anybody watched. */
export interface Drawn<B extends Watched> {
  readonly grid: Grid;
  /** One per bucket of the grid; null: nobody watched. */
  readonly buckets: readonly (B | null)[];
  /** Buckets from here on may still change, Unix seconds. */
  readonly settledS: number;
}

/** The past as pages draw it. */
export interface History {
  /** Grows when a bucket has settled: whoever has seen this one need not read again. */
  version(): number;
  /** Tokens since the start whose time was over when they were told of. */
  late(): number;
  health(): HistoryHealth;
  /** Buckets that start from here on may still change, Unix seconds. */
  settledS(): number;
  tokens(issuer: string, stretch: Stretch): Drawn<TokenBucket>;
  detectors(issuer: string, stretch: Stretch): Drawn<DetectorBucket>;
  rotation(rotationId: string, stretch: Stretch): Drawn<RotationBucket>;
  /** Everything its gates said up to then, oldest first. */
  gates(rotationId: string, toMs: number): readonly Dated<GateEvent>[];
  /** By `service/instance/cache`, oldest first; empty where nothing is known. */
  verifierEvents(verifier: string, stretch: EventStretch): readonly Dated<VerifierEvent>[];
  /** The last hour, as far as this collector has run. */
  verifierMinutes(verifier: string): MinuteColumns;
  /** Oldest first. */
  jwksEvents(issuer: string, stretch: EventStretch): readonly Dated<JwksEvent>[];
  /** Collector time, Unix ms. */
  nowMs(): number;
  /** Writes what there is, and stops. */
  close(): void;
}

export interface HistoryOptions {
  readonly engine: Recorded;
  readonly store: HistoryStore;
  readonly clock: Clock;
  readonly events: HistoryEvents;
}

/** As many as are kept of one rotation. */
const GATE_EVENTS_MAX = 1_200;

/** Starts to keep history of an engine; it is read from the same place. */
export function openHistory({ engine, store, clock, events }: HistoryOptions): History {
  const recorder = new Recorder({ recorded: engine, store, clock, events });
  const settledS = (): number => floorTo(Math.floor(recorder.settledMs / 1_000), FINEST_S);
  const drawn = <B extends Watched>(
    kind: BucketKind<B>,
    id: string,
    stretch: Stretch,
  ): Drawn<B> => {
    const grid = gridFor(stretch, Math.floor(engine.nowMs() / 1_000));
    return {
      grid,
      buckets: recorder.tracks.read(kind, id, grid),
      settledS: settledS(),
    };
  };
  return {
    version: () => recorder.version,
    late: () => recorder.tokens.late,
    health: () => recorder.health(),
    settledS,
    tokens: (issuer, stretch) => drawn(TOKENS, issuer, stretch),
    detectors: (issuer, stretch) => drawn(DETECTOR_MARKS, issuer, stretch),
    rotation: (rotationId, stretch) => drawn(ROTATION, rotationId, stretch),
    gates: (rotationId, toMs) =>
      recorder.log.read(GATE_EVENTS, {
        track: rotationId,
        fromMs: 0,
        toMs,
        limit: GATE_EVENTS_MAX,
      }),
    verifierEvents: (verifier, stretch) =>
      recorder.log.read(VERIFIER_EVENTS, { track: verifier, ...stretch }),
    verifierMinutes: (verifier) =>
      recorder.minutes.read(verifier, recorder.startedAtMs, engine.nowMs()),
    jwksEvents: (issuer, stretch) => recorder.log.read(JWKS_EVENTS, { track: issuer, ...stretch }),
    nowMs: () => engine.nowMs(),
    close: () => recorder.close(),
  };
}
