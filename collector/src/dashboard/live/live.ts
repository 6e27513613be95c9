import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import type { LiveViewName, LiveViewTypes } from '../../api/schemas/live.ts';
import { awakeTime } from './awake-time.ts';
import { type Freshness, freshness } from './freshness.ts';
import { type Channel, type Listening, startListening } from './listening.ts';
import { isOvertaken, type Tick } from './tick.ts';

export type { Tick } from './tick.ts';
export { ASK_EVERY_MS } from './listening.ts';

/** A view as last received. `undefined`: not yet; null: the collector knows no such thing. */
export type ViewSignal<N extends LiveViewName> = ReadonlySignal<
  LiveViewTypes[N] | null | undefined
>;

/** A view that is watched until it is stopped. */
export interface WatchedView<N extends LiveViewName> {
  /** `name` or `name:argument`, as the collector knows it. */
  readonly view: string;
  readonly value: ViewSignal<N>;
  stop(): void;
}

const CHECK_EVERY_MS = 500;

const tickSignal = signal<Tick | null>(null);
const freshnessSignal = signal<Freshness>({ kind: 'connecting' });
const nowSignal = signal(0);
const views = new Map<
  string,
  { readonly signal: ReturnType<typeof signal<unknown>>; users: number }
>();
const awakeMs = awakeTime(
  () => performance.now(),
  () => Date.now(),
);

let listening: Listening | null = null;
let heardAtMs: number | null = null;
let hasFailed = false;

/** The last tick; null before the first. */
export const tick: ReadonlySignal<Tick | null> = tickSignal;

/** Whether what is shown can be relied on. */
export const fresh: ReadonlySignal<Freshness> = freshnessSignal;

/** Collector time, Unix ms, carried on by this browser's clock between ticks; 0 before the first. */
export const nowMs: ReadonlySignal<number> = nowSignal;

/** Collector time in steps, never before `nowMs`: for what is not worth drawing with every tick. */
export function nowInSteps(stepMs: number): ReadonlySignal<number> {
  return computed(() => Math.ceil(nowSignal.value / stepMs) * stepMs);
}

/** How the page hears of what changed. */
export function channel(): Channel {
  return listening?.channel.value ?? 'stream';
}

/** Watches a view from here on. */
export function watch<N extends LiveViewName>(name: N, argument?: string): WatchedView<N> {
  const view = viewOf(name, argument);
  const entry = views.get(view) ?? { signal: signal<unknown>(undefined), users: 0 };
  entry.users += 1;
  views.set(view, entry);
  listening?.reopen();
  let stopped = false;
  return {
    view,
    // The stream's text is made from the same types; see LIVE_VIEWS.
    value: entry.signal as ViewSignal<N>,
    stop() {
      if (stopped) return;
      stopped = true;
      entry.users -= 1;
      if (entry.users === 0) views.delete(view);
      listening?.reopen();
    },
  };
}

/** A view by the name under which the collector is asked for it. */
export function viewOf(name: LiveViewName, argument?: string): string {
  return argument === undefined ? name : `${name}:${argument}`;
}

/** Starts listening; once for a page. */
export function startLive(): void {
  setInterval(check, CHECK_EVERY_MS);
  listening = startListening({
    query: () => [...views.keys()].sort().map(asParameter).join('&'),
    heard,
    unanswered() {
      // Who looks at the tab has to see that it may be old.
      hasFailed = true;
      check();
    },
    nowMs: awakeMs,
  });
  listening.reopen();
}

function asParameter(view: string): string {
  return `view=${encodeURIComponent(view.toWellFormed())}`;
}

/** Views and the moment they are of are shown together: nothing old may pass for new. */
function heard(next: Tick, news: Iterable<readonly [string, unknown]>, atMs: number): void {
  if (isOvertaken(next, tickSignal.value)) return;
  batch(() => {
    hasFailed = false;
    heardAtMs = Math.max(heardAtMs ?? atMs, atMs);
    for (const [view, data] of news) {
      const entry = views.get(view);
      if (entry !== undefined) entry.signal.value = data;
    }
    tickSignal.value = next;
    check();
  });
}

function check(): void {
  const at = awakeMs();
  const next = freshness({ heardAtMs, hasFailed, hidden: document.hidden }, at);
  if (next.kind !== freshnessSignal.value.kind) freshnessSignal.value = next;
  const said = tickSignal.value;
  // While nothing is heard, time goes on: ages must not stand still.
  if (said !== null && heardAtMs !== null)
    nowSignal.value = Date.parse(said.now_at) + at - heardAtMs;
  listening?.silentSince(heardAtMs ?? 0);
}
