import type { Clock } from '@keyturn/shared/clock.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import { VerdictSchema, type VerdictView } from '../api/schemas/verdict.ts';
import { UnreachableError } from './cli-errors.ts';
import type { Client } from './client.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { findRotation, rotationPath } from './find-rotation.ts';
import { isStoppedByAlert } from './render/verdict.ts';

/** What to wait for. */
export interface GateWait {
  readonly gate: VerdictView['gate'];
  /** Undefined: the one that is open. */
  readonly rotation: string | undefined;
  readonly timeoutMs: number;
  /** How long the gate must have been open without interruption. */
  readonly stableForMs: number;
}

/** One thing seen while waiting. */
export type WaitSight =
  | { readonly kind: 'verdict'; readonly verdict: VerdictView; readonly openForMs: number | null }
  | { readonly kind: 'unreachable'; readonly message: string };

export interface WaitEnd {
  readonly code: ExitCode;
  /** The last verdict seen; null when none ever was. */
  readonly verdict: VerdictView | null;
  /** Why the wait ended otherwise than with what was waited for; empty when it did. */
  readonly message: string;
}

/** Longest single question, so that a dead connection shows. */
const POLL_MS = 25_000;

/** Time for an answer over what the collector was asked to wait. */
const ANSWER_MS = 10_000;

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 5_000;

/** An answer that came early and tells nothing new is not followed by a question at once. */
const PAUSE_MS = 1_000;

/** What a wait works with. */
export interface WaitParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly onSight: (sight: WaitSight) => void;
}

/** What a wait knows so far; moments by the monotonic clock. */
interface Watch {
  rotation: string | undefined;
  last: VerdictView | null;
  reachable: boolean;
  openSinceMs: number | null;
  retryMs: number;
  readonly endsAtMs: number;
}

/**
 * Waits until the gate has been open for `stableForMs`, the rotation was aborted, or time is up. An
 * unreachable collector is asked again until then, and interrupts stability: what was not seen open
 * was not open. Throws RefusedError and UsageError; waiting cannot mend those.
 */
export async function waitForGate(parts: WaitParts, wait: GateWait): Promise<WaitEnd> {
  const watch: Watch = {
    rotation: wait.rotation,
    last: null,
    reachable: false,
    openSinceMs: null,
    retryMs: RETRY_MIN_MS,
    endsAtMs: parts.clock.monotonicMs() + wait.timeoutMs,
  };
  while (parts.clock.monotonicMs() < watch.endsAtMs) {
    try {
      const end = await look(parts, wait, watch);
      if (end !== undefined) return end;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      await rest(parts, watch, error);
    }
  }
  return timedOut(wait, watch);
}

/** Asks once, the collector holding the answer back until there is news. */
async function look(
  { client, clock, onSight }: WaitParts,
  wait: GateWait,
  watch: Watch,
): Promise<WaitEnd | undefined> {
  const askedAtMs = clock.monotonicMs();
  const waitMs = questionMs(wait, watch, askedAtMs);
  const before = watch.reachable ? (watch.last?.revision ?? null) : null;
  watch.rotation = await findRotation(client, watch.rotation);
  const verdict = await ask(client, watch.rotation, wait.gate, before, waitMs);
  const nowMs = clock.monotonicMs();
  // Stopped or asleep for longer than the question could take: nobody watched the gate meanwhile.
  if (nowMs - askedAtMs > waitMs + ANSWER_MS) watch.openSinceMs = null;
  watch.last = verdict;
  watch.reachable = true;
  watch.retryMs = RETRY_MIN_MS;
  watch.openSinceMs = verdict.ready ? openSince(verdict, watch.openSinceMs ?? nowMs, nowMs) : null;
  const openForMs = watch.openSinceMs === null ? null : nowMs - watch.openSinceMs;
  onSight({ kind: 'verdict', verdict, openForMs });
  if (verdict.status === 'aborted') {
    const message = isStoppedByAlert(verdict)
      ? 'an alert stops the rotation'
      : 'the rotation was aborted';
    return { code: EXIT.failed, verdict, message };
  }
  if (openForMs !== null && openForMs >= wait.stableForMs) {
    return { code: EXIT.done, verdict, message: '' };
  }
  const early = verdict.revision === before && nowMs - askedAtMs < waitMs / 2;
  if (early) await sleep(clock, Math.min(PAUSE_MS, waitMs));
  return undefined;
}

async function rest(
  { clock, onSight }: WaitParts,
  watch: Watch,
  error: UnreachableError,
): Promise<void> {
  watch.reachable = false;
  watch.openSinceMs = null;
  onSight({ kind: 'unreachable', message: error.message });
  await sleep(clock, Math.min(watch.retryMs, Math.max(1, watch.endsAtMs - clock.monotonicMs())));
  watch.retryMs = Math.min(watch.retryMs * 2, RETRY_MAX_MS);
}

/** How long one question may take: until time is up, or until the gate has been open long enough. */
function questionMs(wait: GateWait, watch: Watch, nowMs: number): number {
  const missingMs =
    watch.openSinceMs === null ? POLL_MS : watch.openSinceMs + wait.stableForMs - nowMs;
  return Math.ceil(Math.max(1, Math.min(POLL_MS, watch.endsAtMs - nowMs, missingMs)));
}

/** Since when both this side has watched it open and the collector says it was. */
function openSince(verdict: VerdictView, watchedSinceMs: number, nowMs: number): number {
  if (verdict.open_since_at === null) return watchedSinceMs;
  const openForMs = Math.max(0, verdict.evaluated_at_ms - Date.parse(verdict.open_since_at));
  return Math.max(watchedSinceMs, nowMs - openForMs);
}

function ask(
  client: Client,
  rotation: string,
  gate: VerdictView['gate'],
  index: number | null,
  waitMs: number,
): Promise<VerdictView> {
  return client.send({
    method: 'GET',
    path: rotationPath(rotation, `/gates/${gate}`),
    query: index === null ? {} : { index, wait: `${waitMs}ms` },
    answer: VerdictSchema,
    timeoutMs: (index === null ? 0 : waitMs) + ANSWER_MS,
  });
}

function timedOut(wait: GateWait, watch: Watch): WaitEnd {
  const { last } = watch;
  if (last === null || !watch.reachable) {
    const message = 'time is up, and the collector cannot be reached';
    return { code: EXIT.unknown, verdict: last, message };
  }
  if (last.ready) {
    const wanted = formatDuration(wait.stableForMs);
    const message = `time is up: the gate is open, but not yet for ${wanted}`;
    return { code: EXIT.closed, verdict: last, message };
  }
  const message = `time is up, and the gate is ${last.status}`;
  return { code: exitCodeOf(last.status), verdict: last, message };
}

function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
