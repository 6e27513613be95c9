import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { unlock } from './acts-stage.ts';
import { placesOf } from './places.ts';
import { says } from './reading.ts';
import { startTroubledScene } from './troubled-scene.ts';

t.setTimeout(240_000);

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Every rule once wide and once narrow, once light and once dark; what colours and sizes decide, always. */
const LOOKS = [
  { width: 1_440, colorScheme: 'light', rules: null },
  { width: 1_440, colorScheme: 'dark', rules: ['color-contrast', 'link-in-text-block'] },
  { width: 390, colorScheme: 'light', rules: ['color-contrast', 'scrollable-region-focusable'] },
  { width: 390, colorScheme: 'dark', rules: null },
] as const;

/** What is wrong with the page as it is now, one line each; the policy of the page stays in force. */
async function faultsOf(
  page: Page,
  rules: readonly string[] | null = null,
): Promise<readonly string[]> {
  // Evaluated by the debugger, which no policy of a page binds.
  await page.evaluate(`if (globalThis.axe === undefined) { ${AXE} }`);
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, ${JSON.stringify({
      resultTypes: ['violations'],
      ...(rules === null ? {} : { runOnly: rules }),
    })})`,
  );
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ html, target }) => `${impact} ${id}: ${String(target)} ${html.slice(0, 160)}`),
  );
}

/** In both widths, light and dark. */
async function isAccessible(t: Test, page: Page, what: string): Promise<void> {
  for (const { width, colorScheme, rules } of LOOKS) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    t.same(await faultsOf(page, rules), [], `${what}, ${width} px, ${colorScheme}`);
  }
}

t.test('accessibility', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const [browser, scene] = await Promise.all([startBrowser(cleanup), startTroubledScene(cleanup)]);
  const { collector } = scene;
  const { old, new: next } = scene.issuer;
  for (const verifier of scene.fleet.verifiers) {
    verifier.traffic = [
      [old.ref.kid, 'ok', 20],
      [next.ref.kid, 'unknown_kid', 20],
    ];
  }
  await eventually(
    'an alert of refused tokens',
    async () => {
      const { body } = await collector.api.get('/v1/alerts?firing=true&name=VerificationFailures');
      return body.alerts.length > 0 ? true : undefined;
    },
    30_000,
  );
  const places = await placesOf(scene);
  const { page, problems } = await openPage(browser, 'about:blank');

  for (const [name, path] of places) {
    await t.test(name, async (t) => {
      await page.goto(collector.url + path);
      await says(page, /\blive\b/);
      await page.locator('main h1').first().waitFor();
      await isAccessible(t, page, name);
      t.match(await page.evaluate(OUTLINE), { h1: 1, main: 1, skipped: [], nameless: [] });
    });
  }

  await t.test('the check sees what it is for', async (t) => {
    await page.evaluate(`{
      document.styleSheets[0].insertRule('.soft { color: #bbb !important; background: #fff }', 0);
      const image = document.querySelector('main').appendChild(document.createElement('img'));
      image.src = '/assets/none.svg';
    }`);
    const faults = (await faultsOf(page)).join();
    t.match(faults, /serious color-contrast/);
    t.match(faults, /critical image-alt/);
  });

  await t.test('with a dialog open', async (t) => {
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.goto(collector.url + (places.get('rotation') ?? ''));
    await says(page, /\blive\b/);
    await page.getByRole('button', { name: 'Declare the switch' }).click();
    await page.getByRole('dialog', { name: 'Who acts?' }).waitFor();
    await isAccessible(t, page, 'who acts');
    await unlock(page, collector.token);
    await page.getByRole('dialog', { name: /Declare the switch/ }).waitFor();
    await isAccessible(t, page, 'an act');
    await page.keyboard.press('Escape');
  });

  await t.test('stale', async (t) => {
    process.kill(collector.child.pid, 'SIGSTOP');
    await says(page, /The collector is not heard/);
    await isAccessible(t, page, 'stale');
    process.kill(collector.child.pid, 'SIGCONT');
    await says(page, /\blive\b/);
  });
  t.same(
    problems.filter((problem) => !problem.includes('404')),
    [],
  );
});

/** Headings and landmarks, by which people who listen find their way. */
const OUTLINE = `(() => {
  const headings = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter((heading) => heading.checkVisibility());
  const skipped = headings.filter((heading, at) => {
    const before = headings[at - 1];
    return before !== undefined && Number(heading.tagName[1]) > Number(before.tagName[1]) + 1;
  });
  const nameless = [...document.querySelectorAll('table, nav, section, dialog[open]')].filter((element) =>
    !element.hasAttribute('aria-label') && !element.hasAttribute('aria-labelledby') && element.querySelector('caption') === null);
  const say = (element) => element.outerHTML.slice(0, 100);
  return {
    h1: headings.filter(({ tagName }) => tagName === 'H1').length,
    main: document.querySelectorAll('main').length,
    skipped: skipped.map(say),
    nameless: nameless.map(say),
  };
})()`;
