import { loadavg } from 'node:os';
import type { Page } from 'playwright-core';
import { openPage, startBrowser } from '../../harness/browser.ts';
import { eventually } from '../../harness/eventually.ts';
import { teardown } from '../../harness/teardown.ts';
import { type FrameTimes, scrollThrough, watchFrames } from './frames.ts';
import { startManyVerifiers } from './many-verifiers.ts';

// pnpm bench:page [verifiers] [seconds of one scroll]

const size = Number(process.argv[2] ?? 10_000);
const scrollMs = Number(process.argv[3] ?? 20) * 1_000;

const cleanup = teardown();
try {
  const browser = await startBrowser(cleanup);
  const many = await startManyVerifiers(cleanup, size);
  const { url } = many.scene.collector;
  const { page, problems } = await openPage(browser, `${url}/verifiers`);
  const startedAtMs = performance.now();
  await shows(page, `${(size + 1).toLocaleString('en')} of ${(size + 1).toLocaleString('en')}`);
  say(`${size} verifiers shown after ${(performance.now() - startedAtMs).toFixed(0)} ms`);
  tell('table, left alone', await watchFrames(page, 10_000));
  for (let turn = 0; turn < 3; turn += 1) {
    tell('table, scrolled through', await scrollThrough(page, '.fleet-scroll', scrollMs));
  }
  many.learn((index) => index % 2 === 0);
  tell('table, scrolled while half learn', await scrollThrough(page, '.fleet-scroll', scrollMs));

  await page.goto(`${url}/verifiers?view=matrix`);
  await page.getByRole('treegrid').waitFor();
  tell('matrix, closed', await scrollThrough(page, '.fleet-scroll', 5_000));
  await page.getByRole('button', { name: 'Open all' }).click();
  many.learn(() => true);
  for (let turn = 0; turn < 2; turn += 1) {
    tell('matrix, scrolled through', await scrollThrough(page, '.fleet-scroll', scrollMs));
  }
  if (problems.length > 0) say(`problems: ${problems.join('; ')}`);
} finally {
  await cleanup.run();
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
