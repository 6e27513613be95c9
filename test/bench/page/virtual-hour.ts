import type { CDPSession, Page } from 'playwright-core';
import { openPage, startBrowser } from '../../harness/browser.ts';
import { startCollectorProcess } from '../../harness/collector-process.ts';
import type { Teardown } from '../../harness/teardown.ts';
import { tempDirectory } from '../../harness/temp-directory.ts';
import { virtualFleetScript } from './virtual-fleet.ts';

const HOUR_S = 3_600;

/** A tenth of the fleet reports each second, and ten pods a second give way to new ones. */
const CHANGED_SHARE = 0.1;
const REPLACED = 10;

/** Garbage is collected so often before a reading, which is of the least. */
const COLLECTIONS = 6;

/** What the page held at some second, after garbage was collected. */
export interface HeapReading {
  readonly atS: number;
  readonly usedBytes: number;
  /** Elements of the document. */
  readonly nodes: number;
}

/** The table of so many verifiers over an hour that passes as fast as the page takes it in. */
export async function virtualHour(
  cleanup: Teardown,
  size: number,
  path: string,
  readEveryS: number,
  tell: (reading: HeapReading) => void,
): Promise<void> {
  const browser = await startBrowser(cleanup);
  const collector = await startCollectorProcess(await tempDirectory(cleanup), {});
  cleanup.add('collector', () => collector.child.kill());
  const { page } = await openPage(browser, 'about:blank');
  await page.addInitScript(virtualFleetScript(size));
  await page.goto(collector.url + path);
  await seconds(page, size, 5);
  await page.locator('.fleet-scroll [role="row"]').first().waitFor();
  const session = await page.context().newCDPSession(page);
  for (let atS = 0; atS <= HOUR_S; atS += readEveryS) {
    if (atS > 0) await seconds(page, size, readEveryS);
    tell(await reading(page, session, atS));
  }
}

/** Lets seconds pass; after each, the page has its turn and draws. */
async function seconds(page: Page, size: number, count: number): Promise<void> {
  await page.evaluate(`(async () => {
    for (let at = 0; at < ${count}; at += 1) {
      virtualFleet.second(${Math.round(size * CHANGED_SHARE)}, ${REPLACED});
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    }
  })()`);
}

async function reading(page: Page, session: CDPSession, atS: number): Promise<HeapReading> {
  // What an answer's stream held is let go of a while after it was read.
  let usedSize = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < COLLECTIONS; turn += 1) {
    await page.waitForTimeout(500);
    await session.send('HeapProfiler.collectGarbage');
    usedSize = Math.min(usedSize, (await session.send('Runtime.getHeapUsage')).usedSize);
  }
  const nodes = await page.evaluate<number>('document.querySelectorAll("*").length');
  return { atS, usedBytes: usedSize, nodes };
}
