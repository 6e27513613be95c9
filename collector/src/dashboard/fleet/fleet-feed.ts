import { batch, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { FleetRowsView } from '../../api/schemas/fleet-rows.ts';
import { awakeTime } from '../live/awake-time.ts';
import { fresh, nowMs, tick } from '../live/live.ts';
import { retryAfterMs } from '../live/retry.ts';
import { RowStore, type RowChange } from './row-store.ts';
import type { FleetHead } from './verifier-row.ts';

/** Without news it is asked all the same: the collector compares rows only for who asks. */
const ASK_EVERY_MS = 5_000;

/** Rows taken in before the page has its turn. */
const SLICE_ROWS = 500;

const ANSWER_MS = 15_000;

/** Rows without an answer for this long are old, whatever else is heard of the collector. */
const LATE_AFTER_MS = 12_000;

export type FleetStatus = 'loading' | 'live' | 'late';

type Listener = (changes: readonly RowChange[]) => void;

// Rows that a computer slept over are old when it wakes.
const awakeMs = awakeTime(
  () => performance.now(),
  () => Date.now(),
);

const store = new RowStore();
const listeners = new Set<Listener>();
const headSignal = signal<FleetHead>(store.head);
const statusSignal = signal<FleetStatus>('loading');
const sizeSignal = signal(0);

let users = 0;
let asking = false;
let failures = 0;
let answeredAtMs: number | null = null;
let askAgainAtMs = 0;
let heardVersion: number | null = null;

/** Every verifier, as far as this page has heard of them. */
export const fleet: Pick<RowStore, 'all' | 'size' | 'countingSinceMs'> = store;

/** What rows name by place; another object when something of it changed. */
export const fleetHead: ReadonlySignal<FleetHead> = headSignal;

/** Whether rows are here, and can be relied on. */
export const fleetStatus: ReadonlySignal<FleetStatus> = statusSignal;

export const fleetSize: ReadonlySignal<number> = sizeSignal;

/** Told after each answer what it changed; gives the unsubscribe. */
export function onRows(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the fleet until the returned function is called. Rows are kept for the way back. */
export function followFleet(): () => void {
  users += 1;
  if (users === 1) askAgainAtMs = 0;
  // Time runs on between ticks too, and with it what is late.
  const stop = effect(() => {
    const version = tick.value?.versions['fleet'] ?? null;
    judge(nowMs.value);
    if (fresh.value.kind === 'live') askIfDue(version);
  });
  return () => {
    users -= 1;
    stop();
  };
}

function judge(_nowMs: number): void {
  const isLate = answeredAtMs !== null && awakeMs() - answeredAtMs > LATE_AFTER_MS;
  const next = answeredAtMs === null ? 'loading' : isLate ? 'late' : 'live';
  if (statusSignal.peek() !== next) statusSignal.value = next;
}

function askIfDue(version: number | null): void {
  const now = awakeMs();
  if (asking || (failures > 0 && now < askAgainAtMs)) return;
  if (version === heardVersion && now < askAgainAtMs) return;
  asking = true;
  void ask(version).finally(() => {
    asking = false;
  });
}

async function ask(version: number | null): Promise<void> {
  const askedAtMs = awakeMs();
  try {
    const since = store.cursor === null ? '' : `?since=${encodeURIComponent(store.cursor)}`;
    const answer = await fetch(`/v1/fleet/rows${since}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    await take((await answer.json()) as FleetRowsView);
    failures = 0;
    heardVersion = version;
    // Rows are of the moment of the question at the earliest, however long they were on their way.
    answeredAtMs = askedAtMs;
    askAgainAtMs = awakeMs() + ASK_EVERY_MS;
  } catch {
    // What is shown becomes late by itself.
    failures += 1;
    askAgainAtMs = awakeMs() + retryAfterMs(failures, Math.random());
  }
}

async function take(answer: FleetRowsView): Promise<void> {
  store.begin(answer);
  const changes: RowChange[] = [];
  for (let at = 0; at < answer.rows.length; at += SLICE_ROWS) {
    if (at > 0) await nextTask();
    for (const change of store.take(answer.rows.slice(at, at + SLICE_ROWS))) changes.push(change);
  }
  for (const change of store.end(answer)) changes.push(change);
  batch(() => {
    for (const listener of listeners) listener(changes);
    headSignal.value = store.head;
    sizeSignal.value = store.size;
  });
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
