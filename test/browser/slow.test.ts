import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { startScene } from '../harness/dashboard-scene.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { says } from './reading.ts';

t.setTimeout(120_000);

/** A bad mobile line. */
const LINE = { offline: false, latency: 300, downloadThroughput: 50_000, uploadThroughput: 20_000 };

const USABLE_MS_MAX = 10_000;

const HOUR_MS = 3_600_000;

t.test('a slow line and a wrong clock', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const [browser, scene] = await Promise.all([
    startBrowser(cleanup),
    startScene(cleanup, { services: { orders: ['orders-1', 'orders-2'] } }),
  ]);
  const path = `/rotations/${encodeURIComponent(scene.rotationId)}`;
  const { url } = scene.collector;

  await t.test('over a bad line the first page is there soon', async (t) => {
    const { page } = await openPage(browser, 'about:blank');
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', LINE);
    const startedAt = performance.now();
    await page.goto(url + path);
    await says(page, /\blive\b/, { withinMs: 20_000 });
    await says(page, /Safe to publish the new key/);
    const usableMs = performance.now() - startedAt;
    t.comment(`usable after ${Math.round(usableMs)} ms at 400 kbit/s with 300 ms of latency`);
    t.ok(usableMs < USABLE_MS_MAX);
    await page.context().close();
  });

  for (const [name, offMs] of [
    ['five hours behind', -5 * HOUR_MS],
    ['five hours ahead', 5 * HOUR_MS],
  ] as const) {
    await t.test(`ages are right in a browser whose clock is ${name}`, async (t) => {
      const { page, problems } = await openPage(browser, 'about:blank');
      await page.addInitScript(`{
        const Real = Date;
        const now = () => Real.now() + ${offMs};
        globalThis.Date = class extends Real {
          constructor(...given) { super(...(given.length === 0 ? [now()] : given)); }
          static now() { return now(); }
        };
      }`);
      await page.goto(url + path);
      const text = await says(page, /\blive\b.*started (?:just now|\d+)/);
      t.match(text, /started (?:just now|(?:\d+m ?)?(?:\d+s )?ago)/);
      t.same(await page.evaluate<string[]>(AGES), [], 'no age but that of minutes');
      t.same(problems, []);
      await page.context().close();
    });
  }
});

/** Ages of hours. */
const AGES = `[...document.querySelectorAll('time')].map(({ textContent }) => textContent).filter((text) => /[0-9][hd]/.test(text))`;
