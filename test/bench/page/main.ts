import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { openPage, startBrowser } from '../../harness/browser.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Teardown, teardown } from '../../harness/teardown.ts';
import { type FrameTimes, scrollThrough, watchFrames } from './frames.ts';
import { startManyVerifiers } from './many-verifiers.ts';
import { virtualHour } from './virtual-hour.ts';

const HELP = `Measures the verifiers page in Chromium: frames while it is scrolled through and rows come in, and
its heap over an hour of virtual time.

  pnpm bench:page [--size 10000] [--seconds 60] [--turns 2] [--only frames|hour]

Times between frames tell of everything the machine does; the processor's time is the page's own.`;

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
    turns: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
const [size, seconds, turns] = [values.size, values.seconds, values.turns].map(Number);

if (values.help) say(HELP);
else if (size === undefined || seconds === undefined || turns === undefined) {
  process.exitCode = 2;
} else if (!(size >= 1 && seconds > 0 && turns >= 1)) {
  process.stderr.write(`bench: expected numbers above 0\n\n${HELP}\n`);
  process.exitCode = 2;
} else {
  if (values.only !== 'hour') await within((cleanup) => frames(cleanup, size, seconds, turns));
  if (values.only !== 'frames') await within((cleanup) => hour(cleanup, size));
}

async function within(work: (cleanup: Teardown) => Promise<void>): Promise<void> {
  const cleanup = teardown();
  try {
    await work(cleanup);
  } finally {
    await cleanup.run();
  }
}

async function frames(
  cleanup: Teardown,
  size: number,
  seconds: number,
  turns: number,
): Promise<void> {
  const browser = await startBrowser(cleanup);
  const many = await startManyVerifiers(cleanup, size);
  const { url } = many.scene.collector;
  const { page, problems } = await openPage(browser, `${url}/verifiers`);
  const scroll = () => scrollThrough(page, '.fleet-scroll', seconds * 1_000);
  const startedAtMs = performance.now();
  const whole = (size + 1).toLocaleString('en');
  await shows(page, `${whole} of ${whole}`);
  say(`${size} verifiers shown after ${(performance.now() - startedAtMs).toFixed(0)} ms`);
  tell('table, left alone', await watchFrames(page, 10_000));
  for (let turn = 0; turn < turns; turn += 1) tell('table, scrolled through', await scroll());
  many.learn((index) => index % 2 === 0);
  tell('table, scrolled while half learn', await scroll());

  await page.goto(`${url}/verifiers?view=matrix`);
  await page.getByRole('treegrid').waitFor();
  await page.getByRole('button', { name: 'Open all' }).click();
  many.learn(() => true);
  for (let turn = 0; turn < turns; turn += 1) tell('matrix, scrolled through', await scroll());
  for (const problem of new Set(problems)) say(`problem: ${problem}`);
}

async function hour(cleanup: Teardown, size: number): Promise<void> {
  await virtualHour(cleanup, size, '/verifiers', 600, ({ atS, usedBytes, nodes }) => {
    say(`after ${atS} virtual seconds: ${(usedBytes / 1e6).toFixed(1)} MB of heap, ${nodes} nodes`);
  });
}

async function shows(page: Page, text: string): Promise<void> {
  await eventually(
    text,
    async () => {
      const count = (await page.locator('.count').textContent()) ?? '';
      if (count === text) return true;
      throw new Error(count);
    },
    60_000,
    50,
  );
}

function tell(what: string, times: FrameTimes): void {
  const { frames, p50Ms, p99Ms, maxMs, over50, busiestMs, perFrameMs } = times;
  say(
    `${what}: ${frames} frames, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms, ${over50} over 50 ms; processor: ${perFrameMs.toFixed(1)} ms a frame, ${busiestMs.toFixed(1)} ms at a stretch (load ${(loadavg()[0] ?? 0).toFixed(1)})`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
