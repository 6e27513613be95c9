import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@keyturn/shared/clock.ts';
import { isoMoment } from '../../iso-moment.ts';
import { findLiveView, type LiveContext } from './live-views.ts';

/** How often readers hear of what changed. */
export const LIVE_EVERY_MS = 1_000;

/** Streams and the views they carry together; each view is made once for all who watch it. */
const STREAMS_MAX = 64;
const VIEWS_MAX = 512;

/** The engine shares the event loop: whatever else came in has its turn after this long. */
const SLICE_MS = 8;

/** Where many watch much, views are made less often, so that the engine has its turn. */
const REST_PER_WORK = 4;

/** Nobody hears later than that: on a machine that is busy otherwise, work takes long and costs little. */
const REST_MS_MAX = 1_500;

/** What was just made is good for whoever comes now: after a restart every tab comes at once. */
const ARRIVAL_MS = 250;

/** What every tick says. */
export interface Tick {
  /** Collector time. */
  readonly now_at: string;
  /** Another value: the collector was started anew. */
  readonly started_at: string;
  /** Which dashboard this collector serves; empty: none. */
  readonly build: string;
  /** Data that is fetched apart, by what it is called: a greater number means there is more of it. */
  readonly versions: Readonly<Record<string, number>>;
}

/** Present views as a reader sees them who asks once. */
export interface LiveSnapshot {
  readonly tick: Tick;
  /** By name; null where there is no such thing or it could not be made. */
  readonly views: Readonly<Record<string, unknown>>;
}

/** Tells readers once a second what changed in the views they watch. */
export interface LiveHub {
  /** Sends a tick and the views at once, and from then on; undefined when there is no room. */
  open(views: readonly string[], reader: LiveReader): (() => void) | undefined;
  snapshot(views: readonly string[]): LiveSnapshot;
  readonly size: number;
  /** Ends every stream and takes no more. */
  close(): void;
}

export interface LiveReader {
  send(text: string): void;
  end(): void;
}

export interface LiveHubOptions extends LiveContext {
  readonly clock: Clock;
  readonly build: string;
  readonly versions: Readonly<Record<string, () => number>>;
  /** A view could not be made; told once until it can be again. */
  readonly failed: (view: string, error: unknown) => void;
}

interface Stream {
  readonly views: readonly string[];
  readonly reader: LiveReader;
  /** Text last sent, by view. */
  readonly sent: Map<string, string>;
}

/** A hub that works only while somebody watches. */
export function liveHub(options: LiveHubOptions): LiveHub {
  const streams = new Set<Stream>();
  const made = viewMaker(options);
  let cancel: (() => void) | null = null;
  let arrived: (Present & { readonly atMs: number }) | null = null;
  let closed = false;

  async function beat(): Promise<void> {
    const { clock } = options;
    const work = slices(clock);
    const moment = present(options, made);
    arrived = null;
    const watching = [...streams];
    for (const stream of watching) {
      for (const view of stream.views) {
        moment.viewText(view);
        if (work.isOver()) await work.rest();
      }
      // It may have gone meanwhile.
      if (streams.has(stream)) tell(stream, moment);
      if (work.isOver()) await work.rest();
    }
    cancel = null;
    if (streams.size > 0) {
      rest(Math.min(REST_MS_MAX, Math.max(LIVE_EVERY_MS, work.tookMs() * REST_PER_WORK)));
    }
  }

  /** One present for all who come within a moment; what changed since comes with the next beat. */
  function arrival(): Present {
    const nowMs = options.clock.monotonicMs();
    if (arrived === null || nowMs - arrived.atMs >= ARRIVAL_MS) {
      arrived = { atMs: nowMs, ...present(options, made) };
    }
    return arrived;
  }

  function rest(forMs: number): void {
    cancel = options.clock.after(forMs, () => void beat());
  }

  function watched(): number {
    return new Set([...streams].flatMap(({ views }) => views)).size;
  }

  return {
    open(views, reader) {
      if (closed || streams.size >= STREAMS_MAX || watched() + views.length > VIEWS_MAX) {
        return undefined;
      }
      const stream: Stream = { views, reader, sent: new Map() };
      streams.add(stream);
      tell(stream, arrival());
      if (cancel === null) rest(LIVE_EVERY_MS);
      return () => {
        streams.delete(stream);
      };
    },
    snapshot(views) {
      const { tick, viewText } = present(options, made);
      const found = views.map((view) => [view, JSON.parse(viewText(view)) as unknown] as const);
      return { tick, views: Object.fromEntries(found) };
    },
    get size() {
      return streams.size;
    },
    close() {
      closed = true;
      cancel?.();
      for (const { reader } of streams) reader.end();
      streams.clear();
    },
  };
}

/** Work that lets others have their turn. */
function slices(clock: Clock) {
  let startedAtMs = clock.monotonicMs();
  let before = 0;
  const sinceMs = (): number => clock.monotonicMs() - startedAtMs;
  return {
    isOver: () => sinceMs() >= SLICE_MS,
    async rest() {
      before += sinceMs();
      await setImmediate();
      startedAtMs = clock.monotonicMs();
    },
    tookMs: () => before + sinceMs(),
  };
}

interface Present {
  readonly tick: Tick;
  readonly viewText: (view: string) => string;
}

/** The present, each view made when first asked for and then kept. */
function present(options: LiveHubOptions, made: (view: string) => string): Present {
  const { engine, versions } = options;
  const texts = new Map<string, string>();
  return {
    tick: {
      now_at: isoMoment(engine.nowMs()),
      started_at: isoMoment(engine.state().health.startedAtMs),
      build: options.build,
      versions: Object.fromEntries(
        Object.entries(versions).map(([name, version]) => [name, version()]),
      ),
    },
    viewText(view) {
      let text = texts.get(view);
      if (text === undefined) {
        text = made(view);
        texts.set(view, text);
      }
      return text;
    },
  };
}

/** Makes views as text; one that cannot be made is null. */
function viewMaker(options: LiveHubOptions): (view: string) => string {
  const failing = new Set<string>();
  return (view) => {
    try {
      const text = JSON.stringify(findLiveView(view)?.(options) ?? null);
      failing.delete(view);
      return text;
    } catch (error) {
      if (failing.has(view)) return 'null';
      // Whoever asks for ever other things must not make it grow.
      if (failing.size >= VIEWS_MAX) failing.clear();
      failing.add(view);
      options.failed(view, error);
      return 'null';
    }
  };
}

function tell({ views, reader, sent }: Stream, { tick, viewText }: Present): void {
  let text = '';
  for (const view of views) {
    const data = viewText(view);
    if (sent.get(view) === data) continue;
    sent.set(view, data);
    text += `event: view\ndata: {"view":${JSON.stringify(view)},"data":${data}}\n\n`;
  }
  // Last: a reader takes the tick for the moment of everything before it.
  reader.send(`${text}event: tick\ndata: ${JSON.stringify(tick)}\n\n`);
}
