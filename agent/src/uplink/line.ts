import type { Urgency } from '../ledger/ledger.ts';
import { ackWaitMs } from './backoff.ts';

/** Which snapshot is meant: the uplink makes it when it is sent, never earlier. */
export interface Stamp {
  readonly handle: number;
  readonly epoch: number;
  readonly seq: number;
}

/** What the session knows of one verifier. Pure data; the functions below are its rules. */
export interface Line {
  readonly handle: number;
  /** Assigned in this session; null before the welcome and after a break. */
  epoch: number | null;
  highestEpoch: number;
  /** Highest sequence number used in `epoch`. */
  lastSeq: number;
  /** Highest sequence number used in any epoch. */
  maxSeq: number;
  /** The one report not acked yet. */
  pending: { readonly seq: number; readonly tries: number; readonly retryAtMs: number } | null;
  /** When a report is due; null: nothing to say before the heartbeat. */
  dueAtMs: number | null;
  lastSentAtMs: number | null;
  helloAtMs: number | null;
  /** Removed while the collector could not be told. */
  leaving: string | null;
  /** The verifier behind it fell silent: nothing is said for it until it changes. */
  silent: boolean;
  /** Refused or superseded: not named to the collector before this. */
  benchedUntilMs: number | null;
  benchedTimes: number;
}

/** Changes of one burst travel in one report. */
const GATHER_MS = 10;
/** Reports on change are at most this frequent per verifier. */
const COALESCE_MS = 1_000;

export function createLine(handle: number): Line {
  return {
    handle,
    epoch: null,
    highestEpoch: 0,
    lastSeq: 0,
    maxSeq: 0,
    pending: null,
    dueAtMs: null,
    lastSentAtMs: null,
    helloAtMs: null,
    leaving: null,
    silent: false,
    benchedUntilMs: null,
    benchedTimes: 0,
  };
}

/**
 * Takes the epoch the collector assigned; true when a first report is due. Sequence numbers start
 * from 1 in an epoch never had before. In any other they continue after everything that was sent or
 * committed, as a report whose ack was lost may have been taken.
 */
export function assign(line: Line, epoch: number, committedSeq: number): boolean {
  const isNews = line.epoch !== epoch;
  if (epoch > line.highestEpoch) line.lastSeq = 0;
  else if (isNews) line.lastSeq = line.maxSeq;
  line.lastSeq = Math.max(line.lastSeq, committedSeq);
  line.maxSeq = Math.max(line.maxSeq, line.lastSeq);
  line.highestEpoch = Math.max(line.highestEpoch, epoch);
  line.epoch = epoch;
  line.benchedUntilMs = null;
  if (isNews) line.pending = null;
  return isNews;
}

/** Forgets what belonged to the connection that broke. */
export function detach(line: Line): void {
  line.epoch = null;
  line.pending = null;
  line.helloAtMs = null;
}

export function bench(line: Line, forMs: number, nowMs: number): void {
  detach(line);
  line.benchedUntilMs = nowMs + forMs;
}

export function markChanged(line: Line, urgency: Urgency, nowMs: number): void {
  const atMs =
    urgency === 'now' || line.lastSentAtMs === null
      ? nowMs
      : Math.max(nowMs, line.lastSentAtMs + COALESCE_MS);
  const dueAtMs = urgency === 'now' ? nowMs : Math.max(atMs, nowMs + GATHER_MS);
  line.dueAtMs = Math.min(line.dueAtMs ?? Infinity, dueAtMs);
}

/** The stamp of a report to be made now; the one before it is no longer waited for. */
export function stamp(line: Line, epoch: number, nowMs: number): Stamp {
  line.lastSeq += 1;
  line.maxSeq = Math.max(line.maxSeq, line.lastSeq);
  const tries = (line.pending?.tries ?? 0) + 1;
  line.pending = { seq: line.lastSeq, tries, retryAtMs: nowMs + ackWaitMs(tries) };
  line.dueAtMs = null;
  line.lastSentAtMs = nowMs;
  return { handle: line.handle, epoch, seq: line.lastSeq };
}

/** True when the collector may be told that this verifier exists. */
export function isNameable(line: Line, nowMs: number): boolean {
  if (line.leaving !== null) return true;
  return !line.silent && (line.benchedUntilMs ?? 0) <= nowMs;
}

export function silence(line: Line): void {
  line.silent = true;
  line.pending = null;
  line.dueAtMs = null;
}

/** When this verifier next needs the session; Infinity when only the heartbeat will. */
export function wakeAtMs(line: Line): number {
  if (line.epoch === null) return Infinity;
  if (line.pending !== null) return line.pending.retryAtMs;
  return line.dueAtMs ?? Infinity;
}
