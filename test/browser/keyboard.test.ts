import type { Page } from 'playwright-core';
import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { startScene } from '../harness/dashboard-scene.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { placesOf } from './places.ts';
import { says } from './reading.ts';

t.setTimeout(180_000);

/** What has the focus: its tag, its words, and whether one sees that. */
interface Focus {
  readonly tag: string;
  readonly words: string;
  readonly isVisible: boolean;
}

const FOCUS = `(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    tag: element.tagName,
    words: (element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText ?? element.value ?? '').trim().slice(0, 60),
    isVisible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
  };
})()`;

async function press(page: Page, key: string): Promise<Focus> {
  await page.keyboard.press(key);
  return page.evaluate<Focus>(FOCUS);
}

/** Presses Tab until something with these words has the focus; every stop on the way is seen. */
async function tabTo(page: Page, words: RegExp, unseen: string[], stopsMax = 60): Promise<Focus> {
  for (let stop = 0; stop < stopsMax; stop += 1) {
    const focus = await press(page, 'Tab');
    if (!focus.isVisible) unseen.push(`${focus.tag} ${focus.words}`);
    if (words.test(focus.words)) return focus;
  }
  throw new Error(`${String(words)} was not reached with ${stopsMax} presses of Tab`);
}

t.test('without a mouse, and seen otherwise', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const [browser, scene] = await Promise.all([
    startBrowser(cleanup),
    startScene(cleanup, {
      services: { orders: ['orders-1', 'orders-2'], billing: ['billing-1'], search: ['search-1'] },
    }),
  ]);
  await scene.publish();
  scene.learn(({ service }) => service === 'search');
  const { url } = scene.collector;
  const places = await placesOf(scene);

  await t.test('from the head of the page to who is in the way', async (t) => {
    const { page, problems } = await openPage(browser, url);
    const unseen: string[] = [];
    await says(page, /\blive\b/);
    t.match(await press(page, 'Tab'), { tag: 'A', words: 'Skip to the content', isVisible: true });
    await page.keyboard.press('Enter');
    t.equal((await page.evaluate<Focus>(FOCUS)).tag, 'MAIN', 'past the head');

    await tabTo(page, /2026-a → 2026-b/, unseen);
    await page.keyboard.press('Enter');
    await says(page, /In the way of activate/);
    t.match(page.url(), /\/rotations\//);
    t.equal((await page.evaluate<Focus>(FOCUS)).tag, 'MAIN', 'a new page begins at its content');

    await tabTo(page, /^Service, instance, state or text/, unseen);
    await page.keyboard.type('billing');
    await says(page, /1 of \d shown/);
    t.match(page.url(), /who=billing/, 'what is filtered can be linked to');
    await tabTo(page, /billing\/billing-1/, unseen);
    await page.keyboard.press('Enter');
    await says(page, /billing\/billing-1\/jwks/);
    await page.goBack();
    await says(page, /1 of \d shown/);
    t.same(unseen, [], 'one sees where one is');
    t.same(problems, []);
  });

  await t.test('the matrix of services and keys', async (t) => {
    const { page } = await openPage(browser, url + (places.get('matrix') ?? ''));
    const unseen: string[] = [];
    await says(page, /3 services/);
    const grid = page.getByRole('grid').or(page.getByRole('treegrid')).or(page.getByRole('table'));
    await grid.first().waitFor();
    await tabTo(page, /orders|billing|search/, unseen);
    await page.keyboard.press('Enter');
    await says(page, /billing-1|orders-1|search-1/);
    t.same(unseen, []);
  });

  for (const [name, path] of places) {
    await t.test(`${name}: at 320 px, without motion, in forced colours`, async (t) => {
      const { page, problems } = await openPage(browser, url + path, { width: 320, height: 700 });
      await says(page, /\blive\b/);
      await page.locator('main h1').first().waitFor();
      const sides = await page.evaluate<{ wide: number; own: number }>(
        `({ wide: document.documentElement.scrollWidth, own: document.documentElement.clientWidth })`,
      );
      t.ok(sides.wide <= sides.own, `nothing to scroll sideways: ${sides.wide} of ${sides.own} px`);

      await page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'active' });
      t.equal(await page.evaluate(`document.getAnimations().length`), 0, 'nothing moves');
      const badges = await page.evaluate<Record<string, string>>(BADGES);
      const shapes = Object.values(badges);
      t.equal(new Set(shapes).size, shapes.length, 'each state has a word and a shape of its own');
      t.same(problems, []);
      await page.context().close();
    });
  }
});

/** State → how it looks without colours. */
const BADGES = `Object.fromEntries([...document.querySelectorAll('.badge')].flatMap((badge) => {
  const state = ['open', 'closed', 'unknown', 'aborted'].find((name) => badge.classList.contains(name));
  const shape = badge.querySelector('path')?.getAttribute('d') ?? '';
  return state === undefined ? [] : [[state, shape + ' ' + (badge.innerText === '' ? '' : 'word')]];
}))`;
