import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { startScene } from '../harness/dashboard-scene.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { openClaims, says, textOf } from './reading.ts';

t.setTimeout(120_000);

/** What anybody may have to wait for news. */
const BEHIND_MS = 2_000;

t.test('the overview, calm and not', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const [browser, scene] = await Promise.all([
    startBrowser(cleanup),
    startScene(cleanup, { services: { orders: ['orders-1', 'orders-2'] } }),
  ]);
  const { api, url } = scene.collector;
  const { page, problems } = await openPage(browser, url);

  await t.test(
    'when nothing is the matter, one line says so, and what would be there',
    async (t) => {
      await says(page, /Nothing is the matter\. No alert fires/, { withinMs: 20_000 });
      const text = await textOf(page, 'main');
      t.match(text, /the JWKS of 1 issuer can be read.*every verifier that is known reports \(2\)/);
      t.match(text, /silent verifiers, .* trouble of the collector would be shown here/);
      t.match(text, /watchdog fires, as it should/);
      t.match(text, /READABLE/);
      t.match(text, /2 reporting/);
    },
  );

  await t.test('an open rotation is a card with its gates and what it waits for', async (t) => {
    const card = page.getByRole('region', { name: /2026-a/ });
    const text = (await card.innerText()).replaceAll(/\s+/g, ' ');
    t.match(text, /2026-a → 2026-b/);
    t.match(text, /ES256 phase staged started .* ago by release-bot/);
    t.match(text, /publish.*activate.*retire.*purge.*rollback/);
    t.match(text, /Next: publish/);
    await scene.publish();
    await says(page, /Next: activate.*0 of 2 verifiers/, { withinMs: 10_000 });
    scene.learn();
    await says(page, /Next: activate.*2 of 2 verifiers/, { withinMs: 10_000 });
    await scene.gateSays('activate', 'open');
    await says(page, /activate\s*OPEN/, { withinMs: BEHIND_MS });
    await card.getByRole('link', { name: /2026-b/ }).click();
    await page.waitForURL(`**/rotations/${encodeURIComponent(scene.rotationId)}`);
    await page.goBack();
    await says(page, /Open rotations/);
  });

  await t.test('an alert is there within two seconds, and gone when it is over', async (t) => {
    const firing = () => api.get('/v1/alerts?firing=true&name=JwksRegressed');
    const count = async (): Promise<number> => (await firing()).body.alerts.length;
    scene.issuer.serve([scene.issuer.old.publicJwk]);
    await eventually('it fires', async () => ((await count()) > 0 ? true : undefined), 15_000);
    const startMs = performance.now();
    await says(page, /1 alert firing, 1 critical/, { withinMs: BEHIND_MS });
    t.comment(`shown ${Math.round(performance.now() - startMs)} ms after it fired`);
    const text = await textOf(page, 'main');
    t.match(text, /CRITICAL JwksRegressed .*shuts gates what to do/);
    t.match(text, /serves an older JWKS .* again/);
    t.notMatch(text, /Nothing is the matter/);

    scene.issuer.serve(scene.issuer.both);
    await eventually('it is over', async () => ((await count()) === 0 ? true : undefined), 15_000);
    await eventually(
      'it left the page',
      async () => (/JwksRegressed/.test(await textOf(page, 'main')) ? undefined : true),
      BEHIND_MS,
    );
  });

  await t.test('a silent verifier ends the calm, and is hatched', async (t) => {
    await says(page, /Nothing is the matter/, { withinMs: 20_000 });
    const [one] = scene.fleet.verifiers;
    if (one !== undefined) one.silent = true;
    await says(page, /1 reporting · 1 silent of 2 verifiers/, { withinMs: 15_000 });
    t.notMatch(await textOf(page, 'main'), /Nothing is the matter/);
    const hatched = page.locator('.fleet-bar .silent');
    t.equal(await hatched.count(), 1);
    const look = `getComputedStyle(document.querySelector('.fleet-bar .silent')).backgroundImage`;
    t.match(await page.evaluate<string>(look), /gradient/);
    if (one !== undefined) one.silent = false;
    await says(page, /2 reporting/, { withinMs: 15_000 });
  });

  await t.test('what is old is never calm, nor open', async (t) => {
    await scene.collector.child.kill();
    await says(page, /No word from the collector/, { withinMs: 20_000 });
    t.notMatch(await textOf(page, 'main'), /Nothing is the matter/);
    t.same(await openClaims(page), []);
    t.same(problems, []);
  });
});
