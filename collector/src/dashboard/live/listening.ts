import { type ReadonlySignal, signal } from '@preact/signals';
import { HIDDEN_EVERY_MS, STALE_AFTER_MS } from './freshness.ts';
import { retryAfterMs } from './retry.ts';
import { takeStreamSlot } from './stream-slot.ts';
import type { Tick } from './tick.ts';

/** How the page hears of what changed. `refused`: it asks, as the collector takes no more streams. */
export type Channel = 'stream' | 'asks' | 'refused';

/** How often a page asks that holds no stream. */
export const ASK_EVERY_MS = 2_000;

/** One stream that breaks says nothing about the next. */
const REFUSED_AFTER = 3;

/** As many failures as the longest wait has. */
const MANY = 8;

/** Whom the listening is for. */
export interface Listener {
  /** What is watched now, as a query. */
  query(): string;
  /** Views and the moment they are of; `atMs`: they are no older than that. */
  heard(tick: Tick, views: Iterable<readonly [string, unknown]>, atMs: number): void;
  /** Asked, and no answer came. */
  unanswered(): void;
  nowMs(): number;
}

/** Hears of the collector: over a stream where there is one to be had, else by asking. */
export interface Listening {
  readonly channel: ReadonlySignal<Channel>;
  /** What is watched has changed, or the browser has. */
  reopen(): void;
  /** Nothing was heard since then: a connection can be dead without anybody having said so. */
  silentSince(heardAtMs: number): void;
}

/** Starts to listen; once for a page. */
export function startListening(listener: Listener): Listening {
  const channel = signal<Channel>('stream');
  let source: EventSource | null = null;
  let carried = '';
  let openedAtMs = 0;
  /** Views of a stream that wait for their tick, which dates them. */
  let arrived = new Map<string, unknown>();
  let releaseSlot: (() => void) | null = null;
  let turn = 0;
  let failures = 0;
  let reopening: number | null = null;
  let asking = false;
  let askAgain = false;

  function reopenSoon(delayMs: number): void {
    if (reopening !== null) clearTimeout(reopening);
    reopening = window.setTimeout(() => {
      reopening = null;
      if (document.hidden) void ask();
      else void open();
    }, delayMs);
  }

  async function open(): Promise<void> {
    const isCarried = source !== null && listener.query() === carried;
    if (isCarried && source?.readyState !== EventSource.CLOSED) return;
    close();
    turn += 1;
    const mine = turn;
    const slot = releaseSlot ?? (await takeStreamSlot());
    if (mine !== turn || document.hidden) {
      if (slot !== releaseSlot) slot?.();
      return;
    }
    releaseSlot = slot;
    if (slot !== null) return listen();
    channel.value = 'asks';
    void ask();
    reopenSoon(retryAfterMs(MANY, Math.random()));
  }

  function listen(): void {
    carried = listener.query();
    openedAtMs = listener.nowMs();
    const opened = new EventSource(`/v1/live?${carried}`);
    source = opened;
    opened.addEventListener('view', (event) => {
      const { view, data } = JSON.parse(event.data as string) as { view: string; data: unknown };
      arrived.set(view, data);
    });
    opened.addEventListener('tick', (event) => {
      failures = 0;
      channel.value = 'stream';
      listener.heard(JSON.parse(event.data as string) as Tick, arrived, listener.nowMs());
      arrived = new Map();
    });
    opened.addEventListener('error', () => {
      if (source === opened) lost();
    });
  }

  /** A browser comes back by itself after a broken stream, but not after a refusal or from silence. */
  function lost(): void {
    close();
    failures += 1;
    void ask();
    reopenSoon(retryAfterMs(failures, Math.random()));
  }

  function close(): void {
    source?.close();
    source = null;
    arrived = new Map();
  }

  /** Background pages hold no connection, of which browsers allow a host only six. */
  function letGo(): void {
    close();
    turn += 1;
    releaseSlot?.();
    releaseSlot = null;
  }

  async function ask(): Promise<void> {
    // What is watched since the question went out is not in its answer.
    askAgain = asking;
    if (asking) return;
    asking = true;
    const askedAtMs = listener.nowMs();
    try {
      const answer = await fetch(`/v1/live/snapshot?${listener.query()}`, {
        signal: AbortSignal.timeout(10_000),
      });
      if (!answer.ok) throw new Error(`the collector answered with ${answer.status}`);
      const { tick, views } = (await answer.json()) as {
        tick: Tick;
        views: Record<string, unknown>;
      };
      if (failures >= REFUSED_AFTER) channel.value = 'refused';
      // An answer that was long on its way may be as old as its question.
      listener.heard(tick, Object.entries(views), askedAtMs);
    } catch {
      listener.unanswered();
    } finally {
      asking = false;
      if (askAgain) void ask();
    }
  }

  setInterval(() => {
    if (document.hidden) void ask();
  }, HIDDEN_EVERY_MS);
  setInterval(() => {
    if (!document.hidden && source === null) void ask();
  }, ASK_EVERY_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) letGo();
    reopenSoon(0);
  });
  addEventListener('online', () => reopenSoon(0));
  // A page that is kept for the way back must not hold a connection.
  addEventListener('pagehide', letGo);
  addEventListener('pageshow', () => reopenSoon(0));

  return {
    channel,
    reopen: () => reopenSoon(0),
    silentSince(heardAtMs) {
      if (source === null) return;
      if (listener.nowMs() - Math.max(heardAtMs, openedAtMs) > STALE_AFTER_MS) lost();
    },
  };
}
