import { type ClientRequest, get } from 'node:http';
import type { Page } from 'playwright-core';
import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { startScene } from '../harness/dashboard-scene.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { says } from './reading.ts';

t.setTimeout(120_000);

/** One more than the connections a browser allows a host. */
const TABS = 7;

const STREAMS_MAX = 64;

t.test('many dashboards, and one nobody looks at', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const [browser, scene] = await Promise.all([
    startBrowser(cleanup),
    startScene(cleanup, { services: { orders: ['orders-1'] } }),
  ]);
  const { url } = scene.collector;
  const path = `${url}/rotations/${encodeURIComponent(scene.rotationId)}`;

  await t.test('seven tabs of one browser all work', async (t) => {
    const context = await browser.newContext();
    const pages: Page[] = [];
    for (let tab = 0; tab < TABS; tab += 1) {
      const page = await context.newPage();
      await page.goto(path, { timeout: 15_000 });
      pages.push(page);
    }
    await Promise.all(pages.map((page) => says(page, /\blive\b/)));
    const before = performance.now();
    await scene.publish();
    await Promise.all(pages.map((page) => says(page, /\bpublished\b/i)));
    t.comment(`all ${TABS} know of it ${Math.round(performance.now() - before)} ms later`);
    t.equal((await context.request.get(`${url}/readyz`)).status(), 200);
    await context.close();
  });

  await t.test('when the collector takes no more, the page asks and says so', async (t) => {
    const held = await holdStreams(url, STREAMS_MAX);
    cleanup.add('streams', () => held.forEach((stream) => stream.destroy()));
    const { page, problems } = await openPage(browser, path);
    await says(page, /as many live dashboards open as it takes.*close those nobody looks at/);
    await says(page, /published/i);
    t.equal(
      await page.getByText('live', { exact: true }).count(),
      1,
      'what it shows is the present',
    );
    for (const stream of held) stream.destroy();
    await eventually(
      'the notice goes',
      async () =>
        (await page.getByText('as many live dashboards').count()) === 0 ? true : undefined,
      20_000,
    );
    t.same(problems, []);
    await page.context().close();
  });

  await t.test(
    'a hidden tab lets go of its stream, asks, and is live at once on return',
    async (t) => {
      const { page } = await openPage(browser, path);
      // With the last of its views the page has opened the stream it stays with.
      await says(page, /rotation started/);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      const ended = page.waitForEvent('requestfailed', (request) =>
        request.url().includes('/v1/live?'),
      );
      await hide(page, true);
      await ended;
      await eventually('it asks', () => (asked.includes('/v1/live/snapshot') ? true : undefined));
      t.notOk(asked.includes('/v1/live'), 'no stream while hidden');
      await hide(page, false);
      await eventually('a stream', () => (asked.includes('/v1/live') ? true : undefined), 2_000);
      await says(page, /\blive\b/);
    },
  );
});

async function holdStreams(url: string, count: number): Promise<readonly ClientRequest[]> {
  const open = (): Promise<ClientRequest> =>
    new Promise((resolve, reject) => {
      const request = get(`${url}/v1/live`, { agent: false }, (response) => {
        response.resume();
        response.on('error', () => undefined);
        if (response.statusCode === 200) resolve(request);
        else reject(new Error(`a stream was refused: ${response.statusCode}`));
      }).on('error', reject);
    });
  return Promise.all(Array.from({ length: count }, open));
}

/** As a browser does when another tab is looked at. */
async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`{
    Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }`);
}
