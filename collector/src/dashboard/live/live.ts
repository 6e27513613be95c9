import { type ReadonlySignal, signal } from '@preact/signals';
import { type Freshness, freshness, HIDDEN_EVERY_MS } from './freshness.ts';
import { retryAfterMs } from './retry.ts';

/** What every tick of the collector says; see GET /v1/live. */
export interface Tick {
  readonly now_at: string;
  readonly started_at: string;
  readonly build: string;
  readonly versions: Readonly<Record<string, number>>;
}

/** A view as last received. `undefined`: not yet; null: the collector knows no such thing. */
export type ViewSignal = ReadonlySignal<unknown>;

const CHECK_EVERY_MS = 500;

const tickSignal = signal<Tick | null>(null);
const freshnessSignal = signal<Freshness>({ kind: 'connecting' });
const nowSignal = signal(0);
const views = new Map<
  string,
  { readonly signal: ReturnType<typeof signal<unknown>>; users: number }
>();

let source: EventSource | null = null;
let carried = '';
let failures = 0;
let heardAtMs: number | null = null;
let reopening: number | null = null;
let asking = false;
let askAgain = false;
let streams = 0;
let hasFailed = false;

/** The last tick; null before the first. */
export const tick: ReadonlySignal<Tick | null> = tickSignal;

/** Whether what is shown can be relied on. */
export const fresh: ReadonlySignal<Freshness> = freshnessSignal;

/** Collector time, Unix ms, carried on by this browser's clock between ticks; 0 before the first. */
export const nowMs: ReadonlySignal<number> = nowSignal;

/** Watches a view until the returned function is called. */
export function watch(view: string): { readonly value: ViewSignal; stop(): void } {
  const entry = views.get(view) ?? { signal: signal<unknown>(undefined), users: 0 };
  entry.users += 1;
  views.set(view, entry);
  reopenSoon(0);
  let stopped = false;
  return {
    value: entry.signal,
    stop() {
      if (stopped) return;
      stopped = true;
      entry.users -= 1;
      if (entry.users === 0) views.delete(view);
      reopenSoon(0);
    },
  };
}

/** Starts listening; once for a page. */
export function startLive(): void {
  setInterval(check, CHECK_EVERY_MS);
  setInterval(() => void askWhileHidden(), HIDDEN_EVERY_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
    reopenSoon(0);
  });
  addEventListener('online', () => reopenSoon(0));
  // A page that is kept for the way back must not hold a connection.
  addEventListener('pagehide', close);
  addEventListener('pageshow', () => reopenSoon(0));
  reopenSoon(0);
}

function query(): string {
  return [...views.keys()]
    .sort()
    .map((view) => `view=${encodeURIComponent(view)}`)
    .join('&');
}

function reopenSoon(delayMs: number): void {
  if (reopening !== null) clearTimeout(reopening);
  reopening = window.setTimeout(() => {
    reopening = null;
    if (document.hidden) void askWhileHidden();
    else open();
  }, delayMs);
}

function open(): void {
  const wanted = query();
  if (source !== null && source.readyState !== EventSource.CLOSED && wanted === carried) return;
  close();
  carried = wanted;
  streams += 1;
  const opened = new EventSource(`/v1/live?${wanted}`);
  source = opened;
  opened.addEventListener('tick', (event) => heard(JSON.parse(event.data as string) as Tick));
  opened.addEventListener('view', (event) => {
    const { view, data } = JSON.parse(event.data as string) as { view: string; data: unknown };
    take(view, data);
  });
  opened.addEventListener('error', () => {
    if (source !== opened) return;
    // A browser comes back by itself after a broken stream, but not after a refusal.
    close();
    failures += 1;
    reopenSoon(retryAfterMs(failures, Math.random()));
  });
}

function close(): void {
  source?.close();
  source = null;
}

function heard(next: Tick): void {
  failures = 0;
  hasFailed = false;
  heardAtMs = performance.now();
  tickSignal.value = next;
  nowSignal.value = Date.parse(next.now_at);
  check();
}

function take(view: string, data: unknown): void {
  const entry = views.get(view);
  if (entry !== undefined) entry.signal.value = data;
}

/** Background pages hold no connection, of which browsers allow a host only six. */
async function askWhileHidden(): Promise<void> {
  if (!document.hidden) return;
  // What is watched since the question went out is not in its answer.
  askAgain = asking;
  if (asking) return;
  asking = true;
  const before = streams;
  try {
    const answer = await fetch(`/v1/live/snapshot?${query()}`, {
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) throw new Error(`the collector answered with ${answer.status}`);
    const body = (await answer.json()) as { tick: Tick; views: Record<string, unknown> };
    // A stream that was opened meanwhile has said what is newer.
    if (streams !== before) return;
    for (const [view, data] of Object.entries(body.views)) take(view, data);
    heard(body.tick);
  } catch {
    // Who looks at the tab has to see that it may be old.
    hasFailed = true;
    check();
  } finally {
    asking = false;
    if (askAgain) reopenSoon(0);
  }
}

function check(): void {
  const at = performance.now();
  const next = freshness({ heardAtMs, hasFailed, hidden: document.hidden }, at);
  if (next.kind !== freshnessSignal.value.kind) freshnessSignal.value = next;
  const said = tickSignal.value;
  // While nothing is heard, time goes on: ages must not stand still.
  if (said !== null && heardAtMs !== null)
    nowSignal.value = Date.parse(said.now_at) + at - heardAtMs;
}
