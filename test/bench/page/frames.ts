import type { CDPSession, Page } from 'playwright-core';

/** Times between the frames a page drew while something went on, milliseconds. */
export interface FrameTimes {
  readonly frames: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Frames that took longer than a person notices. */
  readonly over50: number;
  /** The longest the page kept its thread busy without a break, in time of the processor. */
  readonly busiestMs: number;
  /** Time of the processor for one frame. */
  readonly perFrameMs: number;
}

/** Scrolls an element from its top to its end within `durationMs`, a step for every frame. */
export async function scrollThrough(
  page: Page,
  selector: string,
  durationMs: number,
): Promise<FrameTimes> {
  const tasks = await traceTasks(page);
  const times = await page.evaluate<number[]>(`(${scrollScript.toString()})(
    ${JSON.stringify(selector)}, ${durationMs}
  )`);
  const spent = await tasks();
  const sum = spent.reduce((total, ms) => total + ms, 0);
  return { ...frameTimes(times), busiestMs: Math.max(0, ...spent), perFrameMs: sum / times.length };
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Time of the processor, microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * Notes what every task of the page's main thread takes; the given function ends it. On a machine that
 * does other things too, the time between frames tells of those as well, and the processor's does not.
 */
async function traceTasks(page: Page): Promise<() => Promise<number[]>> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('expected a page of a browser');
  const session: CDPSession = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown as TraceEvent[]) {
      if (event.name === 'RunTask' || event.name === 'thread_name') events.push(event);
    }
  });
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline'] },
  });
  return async () => {
    const complete = new Promise((resolve) => {
      session.once('Tracing.tracingComplete', resolve);
    });
    await session.send('Tracing.end');
    await complete;
    await session.detach();
    const threads = new Set(
      events.filter(({ args }) => args?.name === 'CrRendererMain').map(threadOf),
    );
    return events
      .filter((event) => event.name === 'RunTask' && threads.has(threadOf(event)))
      .map(({ tdur = 0 }) => tdur / 1_000);
  };
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid} ${tid}`;
}

/** Watches the frames of a page that is left alone. */
export async function watchFrames(page: Page, durationMs: number): Promise<FrameTimes> {
  return scrollThrough(page, 'html', durationMs);
}

// Runs in the page. What it says of the document is untyped here: the bench has no DOM.
// oxlint-disable-next-line typescript/no-explicit-any -- see above
declare const document: any;
declare function requestAnimationFrame(callback: (atMs: number) => void): number;

function scrollScript(selector: string, durationMs: number): Promise<number[]> {
  const element = document.querySelector(selector);
  const lengthPx = element.scrollHeight - element.clientHeight;
  element.scrollTop = 0;
  const times: number[] = [];
  return new Promise((resolve) => {
    let startedAtMs = 0;
    let beforeMs = 0;
    const frame = (atMs: number): void => {
      if (startedAtMs === 0) startedAtMs = atMs;
      else times.push(atMs - beforeMs);
      beforeMs = atMs;
      const share = Math.min(1, (atMs - startedAtMs) / durationMs);
      element.scrollTop = lengthPx * share;
      if (share < 1) requestAnimationFrame(frame);
      else resolve(times);
    };
    requestAnimationFrame(frame);
  });
}

function frameTimes(times: readonly number[]): Omit<FrameTimes, 'busiestMs' | 'perFrameMs'> {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return {
    frames: sorted.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    over50: sorted.filter((ms) => ms > 50).length,
  };
}
