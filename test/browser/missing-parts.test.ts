import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { startScene } from '../harness/dashboard-scene.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { says, textOf } from './reading.ts';

t.setTimeout(120_000);

t.test(
  'what does not come is said, and nothing else breaks',
  { skip: BROWSER_MISSING },
  async (t) => {
    const cleanup = teardownWith(t);
    const [browser, scene] = await Promise.all([
      startBrowser(cleanup),
      startScene(cleanup, { services: { orders: ['orders-1'] } }),
    ]);
    const { url } = scene.collector;
    const rotation = `${url}/rotations/${encodeURIComponent(scene.rotationId)}`;
    const { page, problems } = await openPage(browser, 'about:blank');

    await t.test('an address that asks for the beginning of time', async (t) => {
      await page.goto(`${rotation}?from=-271821-04-20T00:00:00Z&to=-271821-04-21T00:00:00Z`);
      await page.getByRole('button', { name: '← earlier' }).click();
      await says(page, /fixed: 20\d\d-/);
      t.match(await textOf(page), /\blive\b/);
    });

    await t.test('an answer that takes longer than news arrives all the same', async (t) => {
      await page.route('**/v1/history/issuers*', async (route) => {
        await new Promise((done) => setTimeout(done, 7_000));
        await route.continue().catch(() => undefined);
      });
      await page.goto(`${url}/issuers?issuer=${encodeURIComponent(scene.issuer.issuer)}`);
      await says(page, /Loading the changes/);
      t.match(await says(page, /How its JWKS changed .*UTC/, { withinMs: 15_000 }), /2026-a/);
      await page.unroute('**/v1/history/issuers*');
    });

    await t.test('alerts without a filter, while what matched one is still shown', async (t) => {
      await page.goto(`${url}/alerts?q=nothing-is-called-so`);
      await says(page, /No alert that matches fires/);
      const late = new Promise((done) => setTimeout(done, 3_000));
      await page.route('**/v1/live*', async (route) => {
        await late;
        await route.continue().catch(() => undefined);
      });
      await page.route('**/v1/live/**', async (route) => {
        await late;
        await route.continue().catch(() => undefined);
      });
      await page.getByRole('button', { name: 'Show all' }).click();
      await page.waitForURL(`${url}/alerts`);
      t.notMatch(await textOf(page, 'main'), /No alert fires/);
      await late;
      await says(page, /No alert fires/, { withinMs: 15_000 });
    });
    t.same(problems, []);
  },
);
