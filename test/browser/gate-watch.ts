import type { Page } from 'playwright-core';

/** What a page showed from a moment on. */
export interface Shown {
  /** Unix ms, the same clock as of the process that watches. */
  readonly atMs: number;
  readonly title: string;
  readonly icon: string;
  /** The word beside each gate: `OPEN`, `was OPEN`, … */
  readonly gates: Readonly<Record<string, string>>;
  /** All that can be read below the head of the page. */
  readonly text: string;
}

/** Keeps a log in the page of everything it shows, each time any of it changes. */
export async function watchGates(page: Page): Promise<() => Promise<readonly Shown[]>> {
  await page.evaluate(WATCH);
  return () => page.evaluate<Shown[]>('shownSoFar');
}

const WATCH = `{
  globalThis.shownSoFar = [];
  let last = '';
  const look = () => {
    const gates = {};
    for (const question of document.querySelectorAll('.question')) {
      // After the name of the gate that is waited for stands that it is.
      const name = question.querySelector('.gate-name')?.firstChild?.textContent ?? '';
      gates[name] = question.querySelector('.badge')?.textContent ?? '';
    }
    const shown = {
      title: document.title,
      icon: document.querySelector('link[rel="icon"]')?.getAttribute('href') ?? '',
      gates,
      text: document.querySelector('main').innerText,
    };
    const text = JSON.stringify(shown);
    if (text === last) return;
    last = text;
    shownSoFar.push({ atMs: Date.now(), ...shown });
  };
  let waits = false;
  new MutationObserver(() => {
    if (waits) return;
    waits = true;
    queueMicrotask(() => { waits = false; look(); });
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  look();
}`;

/** What the API said from a moment on. */
export interface Said {
  /** It became so between the question before and this answer, Unix ms. */
  readonly notBeforeMs: number;
  readonly heardAtMs: number;
  readonly phase: string;
  readonly gates: Readonly<Record<string, string>>;
  readonly alerts: number;
}

/** Asks the API over and over, as fast as it answers, and keeps what changed. */
export function pollGates(
  url: string,
  rotationId: string,
  everyMs: number,
): { readonly said: readonly Said[]; longestGapMs(): number; stop(): Promise<void> } {
  const said: Said[] = [];
  const stopped = new AbortController();
  let last = '';
  let askedAtMs = 0;
  let longestGapMs = 0;
  const ask = async (): Promise<void> => {
    const notBeforeMs = askedAtMs;
    askedAtMs = Date.now();
    if (notBeforeMs !== 0) longestGapMs = Math.max(longestGapMs, askedAtMs - notBeforeMs);
    const detail = await json(`${url}/v1/rotations/${encodeURIComponent(rotationId)}`);
    const { alerts } = await json(`${url}/v1/alerts?firing=true&limit=500`);
    const now = {
      phase: String(detail.rotation.phase),
      gates: Object.fromEntries(
        (detail.gates as { gate: string; status: string }[]).map(({ gate, status }) => [
          gate,
          status,
        ]),
      ),
      alerts: (alerts as { name: string }[]).filter(({ name }) => FAILURES.has(name)).length,
    };
    if (JSON.stringify(now) === last) return;
    last = JSON.stringify(now);
    said.push({ notBeforeMs, heardAtMs: Date.now(), ...now });
  };
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      await ask().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return {
    said,
    longestGapMs: () => longestGapMs,
    async stop() {
      stopped.abort();
      await loop;
    },
  };
}

const FAILURES: ReadonlySet<string> = new Set(['VerificationFailures', 'NewKeyFailing']);

// oxlint-disable-next-line no-explicit-any
async function json(url: string): Promise<any> {
  return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).json();
}

/** A time in which something was so. */
interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How a page's word of one gate compares with the API's. */
export interface Comparison {
  /** Changes that the API kept for long enough: how much later the page showed each, ms. */
  readonly lagsMs: readonly number[];
  /** Changes that the page never showed. */
  readonly missed: readonly string[];
  /** Times in which the page showed OPEN and the API had not said so within `allowedMs` before. */
  readonly falselyOpen: readonly string[];
}

/** A change shorter than this may pass between two looks of the page. */
const LASTS_MS = 2_500;

/** Compares what a page showed of every gate with what the API said at the same time. */
export function compare(
  shown: readonly Shown[],
  said: readonly Said[],
  endMs: number,
  allowedMs: number,
): Comparison {
  const lagsMs: number[] = [];
  const missed: string[] = [];
  const falselyOpen: string[] = [];
  const gates = new Set(said.flatMap((each) => Object.keys(each.gates)));
  const beganMs = shown[0]?.atMs ?? 0;
  for (const gate of gates) {
    const onPage = statesOf(
      shown.map(({ atMs, gates: words }) => [atMs, (words[gate] ?? '').toLowerCase()]),
      endMs,
    );
    const inApi = statesOf(
      said.map(({ heardAtMs, gates: words }) => [heardAtMs, words[gate] ?? '']),
      endMs,
    );
    for (const { state, fromMs, toMs } of inApi) {
      if (fromMs < beganMs || toMs - fromMs < LASTS_MS) continue;
      const seen = onPage.find((each) => each.state === state && each.toMs > fromMs);
      if (seen === undefined || seen.fromMs > toMs + allowedMs) missed.push(`${gate} ${state}`);
      else lagsMs.push(Math.max(0, seen.fromMs - fromMs));
    }
    const open: readonly Interval[] = openIn(said, gate, endMs);
    for (const { state, fromMs, toMs } of onPage) {
      if (state !== 'open') continue;
      const isTrue = open.some((each) => each.fromMs <= fromMs && toMs <= each.toMs + allowedMs);
      if (!isTrue) falselyOpen.push(`${gate} from ${fromMs - beganMs} to ${toMs - beganMs} ms`);
    }
  }
  return { lagsMs: lagsMs.toSorted((a, b) => a - b), missed, falselyOpen };
}

function statesOf(
  moments: readonly (readonly [atMs: number, state: string])[],
  endMs: number,
): readonly (Interval & { readonly state: string })[] {
  const states: { state: string; fromMs: number; toMs: number }[] = [];
  for (const [atMs, state] of moments) {
    const last = states.at(-1);
    if (last?.state === state) continue;
    if (last !== undefined) last.toMs = atMs;
    states.push({ state, fromMs: atMs, toMs: endMs });
  }
  return states;
}

/** How long the API said at most that a gate is open, without interruption, ms. */
export function longestOpenMs(said: readonly Said[], gate: string, endMs: number): number {
  return Math.max(0, ...openIn(said, gate, endMs).map(({ fromMs, toMs }) => toMs - fromMs));
}

/** When a gate may have been open at all: from the last answer that said otherwise to the next one. */
function openIn(said: readonly Said[], gate: string, endMs: number): readonly Interval[] {
  const found: { fromMs: number; toMs: number }[] = [];
  let openSince: number | null = null;
  for (const { notBeforeMs, heardAtMs, gates } of said) {
    if (gates[gate] === 'open') {
      openSince ??= notBeforeMs;
    } else if (openSince !== null) {
      found.push({ fromMs: openSince, toMs: heardAtMs });
      openSince = null;
    }
  }
  if (openSince !== null) found.push({ fromMs: openSince, toMs: endMs });
  return found;
}
