import type { Page } from 'playwright-core';
import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { startLaggingRotation } from './acts-stage.ts';

const KEYS = '2026-a → 2026-b · Keyturn';

t.test('a tab tells red from green, seen or not', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const { collector, id, issuer, second, url } = await startLaggingRotation(cleanup);

  const seen = await openPage(browser, url);
  await titled(seen.page, `✕ CLOSED 1/3 · ${KEYS}`);
  t.match(await icon(seen.page), /^\/assets\/closed-\w+\.svg$/);
  t.ok(await isDrawn(seen.page), 'the picture is there, and allowed');

  const overview = await openPage(browser, collector.url);
  await titled(overview.page, '✕ CLOSED 1/3 · Overview · Keyturn');

  const hidden = await openPage(browser, 'about:blank');
  await hidden.page.clock.install();
  await hidden.page.addInitScript(
    "Object.defineProperty(document, 'hidden', { get: () => globalThis.isSeen !== true })",
  );
  await hidden.page.goto(url);
  await titled(hidden.page, `✕ CLOSED 1/3 · ${KEYS}`);
  t.match(await icon(hidden.page), /closed/, 'a page that was never seen knows');

  await collector.api.post(`/v1/rotations/${id}/attestations`, {
    service: 'legacy',
    fact: 'holds_new',
    by: 'ana',
    reason: 'shipped',
    valid_for_s: 3_600,
  });
  second.holds(issuer.both);
  await titled(seen.page, `✓ OPEN 3/3 · ${KEYS}`);
  t.match(await icon(seen.page), /open-\w+\.svg$/);
  t.match(await hidden.page.title(), /^✕ CLOSED/, 'out of sight it asks seldom');
  await hidden.page.clock.fastForward(15_000);
  await titled(hidden.page, `✓ OPEN 3/3 · ${KEYS}`);

  await collector.child.kill();
  await hidden.page.clock.fastForward(15_000);
  await titled(hidden.page, `? stale · ${KEYS}`);
  t.match(await icon(hidden.page), /stale-\w+\.svg$/);
  await titled(seen.page, `? stale · ${KEYS}`);
  t.same([...seen.problems, ...hidden.problems, ...overview.problems], []);
});

async function titled(page: Page, title: string): Promise<void> {
  await eventually(`the title ${title}`, async () => {
    const last = await page.title();
    if (last !== title) throw new Error(last);
    return true;
  });
}

async function icon(page: Page): Promise<string> {
  return (await page.locator('link[rel="icon"]').getAttribute('href')) ?? '';
}

/** Whether the picture of the tab can be drawn under the policy of the page. */
function isDrawn(page: Page): Promise<unknown> {
  return page.evaluate(`new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve(image.naturalWidth > 0);
    image.onerror = () => resolve(false);
    image.src = document.querySelector('link[rel="icon"]').href;
  })`);
}
