import type { Page } from 'playwright-core';
import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { startScene } from '../harness/dashboard-scene.ts';
import { teardownWith } from '../harness/teardown-with.ts';

const HOSTILE_KID = '<img src=x onerror="globalThis.ran=1">';
const LONG_KID = '😀'.repeat(32);

/** The row of a verifier in the table, once it says something. */
async function rowSays(page: Page, name: string, words: RegExp): Promise<string> {
  const row = page.getByRole('row').filter({ hasText: name });
  try {
    await row.filter({ hasText: words }).waitFor({ timeout: 15_000 });
  } catch {
    const table = await page.locator('main').innerText();
    throw new Error(`no row of ${name} like ${String(words)} in:\n${table}`);
  }
  return (await row.innerText()).replaceAll(/\s+/g, ' ');
}

/** The names in the table from its top. */
async function namesOf(page: Page): Promise<readonly string[]> {
  const names = await page.locator('.fleet-scroll [role="rowheader"] a').allInnerTexts();
  return names.map((name) => name.replaceAll(/\s+/g, ''));
}

const search = (page: Page): string => new URL(page.url()).search;
const focused = (page: Page): Promise<string> =>
  page.evaluate('document.activeElement.textContent.replaceAll(/\\s+/g, "")');

t.setTimeout(120_000);

t.test('the verifiers page', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const scene = await startScene(cleanup, {
    kids: [HOSTILE_KID, LONG_KID],
    services: {
      orders: ['orders-1', 'orders-2', 'orders-3'],
      billing: ['billing-1', 'billing-2'],
    },
  });
  const { url } = scene.collector;
  const find = (instance: string) => {
    const found = scene.fleet.verifiers.find((one) => one.instance === instance);
    if (found === undefined) throw new Error(`no ${instance}`);
    return found;
  };
  await scene.publish();
  scene.learn((verifier) => verifier.instance !== 'orders-2' && verifier.instance !== 'billing-2');
  find('orders-3').silent = true;
  Object.assign(find('billing-2'), { consecutiveFailures: 4, lastError: 'timeout' });
  const { page, problems } = await openPage(browser, `${url}/verifiers`);
  page.setDefaultTimeout(8_000);

  await t.test('what a person reads of each', async (t) => {
    t.match(await rowSays(page, 'orders-2', /lagging/), /lacks new .*holds old/);
    t.match(await rowSays(page, 'orders-1', /synced/), /holds new .*holds old .*of 10m/);
    const silent = await rowSays(page, 'orders-3', /silent/);
    t.match(silent, /not known: new .*not known: old/, 'what it held is not what it holds');
    t.match(await rowSays(page, 'billing-2', /timeout ×4/), /lagging/);
    t.equal(await page.locator('.badge.open').filter({ hasText: 'silent' }).count(), 0);
    t.equal(await page.locator('.badge.unknown').filter({ hasText: 'silent' }).count(), 1);
    t.match(await page.locator('.count').innerText(), '5 of 5');
    t.equal((await namesOf(page))[0], 'orders/orders-3/jwks', 'the worst first');
    t.equal((await namesOf(page)).length, 5);
    t.equal(await page.getByRole('grid').getAttribute('aria-rowcount'), '6');
  });

  await t.test('names from outside stay text', async (t) => {
    t.equal(await page.evaluate('globalThis.ran'), undefined);
    t.equal(await page.locator('img').count(), 0);
    t.ok((await page.getByText('<img s').count()) > 0, 'shown as it is, cut');
  });

  await t.test(
    'filters and orders are in the address, for links and for the way back',
    async (t) => {
      await page.getByLabel('State').selectOption({ label: 'lagging' });
      await page.locator('.count', { hasText: '3 of 5' }).waitFor();
      t.equal(search(page), '?state=lagging');
      await page.getByRole('searchbox').fill('billing');
      await page.locator('.count', { hasText: '1 of 5' }).waitFor();
      t.same(await namesOf(page), ['billing/billing-2/jwks']);
      const link = page.url();

      await page.getByRole('link', { name: /billing-2/ }).click();
      await page.getByRole('heading', { level: 1, name: /billing-2/ }).waitFor();
      await page.goBack();
      await page.locator('.count', { hasText: '1 of 5' }).waitFor();
      t.equal(page.url(), link);

      const other = await openPage(
        browser,
        `${url}/verifiers?service=orders&sort=name&order=reversed`,
      );
      await other.page.locator('.count', { hasText: '3 of 5' }).waitFor();
      t.same(await namesOf(other.page), [
        'orders/orders-3/jwks',
        'orders/orders-2/jwks',
        'orders/orders-1/jwks',
      ]);
      await other.page.getByRole('button', { name: 'Verifier' }).click();
      await other.page.locator('[aria-sort="ascending"]', { hasText: 'Verifier' }).waitFor();
      t.equal((await namesOf(other.page))[0], 'orders/orders-1/jwks');
      await other.page.context().close();
    },
  );

  await t.test('by keyboard alone', async (t) => {
    await page.goto(`${url}/verifiers?sort=name`);
    await page.locator('.count', { hasText: '5 of 5' }).waitFor();
    await page.getByRole('link', { name: /billing-1/ }).focus();
    const walked: string[] = [];
    for (const key of ['ArrowDown', 'End', 'ArrowDown', 'ArrowUp', 'PageUp', 'PageDown', 'Home']) {
      await page.keyboard.press(key);
      await page.waitForTimeout(50);
      walked.push(`${key} ${(await focused(page)).split('/')[1] ?? ''}`);
    }
    t.same(walked, [
      'ArrowDown billing-2',
      'End orders-3',
      'ArrowDown orders-3',
      'ArrowUp orders-2',
      'PageUp billing-1',
      'PageDown orders-3',
      'Home billing-1',
    ]);
    t.equal(await page.locator('.fleet-scroll a[tabindex="0"]').count(), 1, 'one stop for Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /billing-1/ }).waitFor();
  });

  await t.test('one verifier, as it stands', async (t) => {
    const read = async (name: string, words: RegExp): Promise<string> => {
      await page.goto(`${url}/verifiers/${name}/jwks`);
      await page.locator('.state-sentence').filter({ hasText: words }).waitFor();
      await page.getByText('held').first().waitFor();
      return (await page.locator('main').innerText()).replaceAll(/\s+/g, ' ');
    };
    const lagging = await read('orders/orders-2', /less than its service requires/);
    t.match(
      lagging,
      /New key fetchable .*It does not hold the new key; .*requires served or better/,
    );
    t.match(lagging, /Once .* leaves the JWKS, it may go on accepting it for 600 s/);
    t.match(lagging, /keyturn verifiers --service orders --rotation r-.* --state lagging/);
    t.match(lagging, /Refreshes every 10m/);

    const silent = await read('orders/orders-3', /nobody knows what it holds now/);
    t.match(silent, /Keys it held when last heard/);
    t.match(silent, /not known now/);
    t.notMatch(silent, /held now/);
    t.match(silent, /keyturn remove orders orders-3 jwks --reason/);
    t.match(silent, /Alerts .*Verifiers that reported before are not heard of/);
    await page.locator('.lane .unknown:last-child').first().waitFor();
    t.equal(await page.locator('.lane .unknown:last-child').count(), 2, 'each key ends in a gap');
    t.equal(await page.locator('.badge.open').count(), 0);

    const healthy = await read('orders/orders-1', /shows what its service requires/);
    t.match(healthy, /New key (?:present|verified) .*Old key held/);
    t.match(healthy, /held now/);
    await page.goto(`${url}/verifiers/orders/orders-9/jwks`);
    await page.getByText('The collector knows no verifier orders/orders-9/jwks').waitFor();
  });

  await t.test('services against keys', async (t) => {
    await page.goto(`${url}/verifiers?view=matrix`);
    const orders = page.getByRole('row').filter({ hasText: 'orders' });
    await orders.getByText('1 hold it').waitFor();
    t.match(
      (await orders.innerText()).replaceAll(/\s+/g, ' '),
      /2 hold it 1 not known 1 hold it 1 do not 1 not known/,
    );
    await orders.getByRole('button').click();
    const silent = page.getByRole('row').filter({ hasText: 'orders-3' });
    t.match(await silent.innerText(), /not known/);
    t.notMatch(await silent.innerText(), /holds it/);
    t.equal(await orders.first().getAttribute('aria-expanded'), 'true');
    await page
      .getByRole('row')
      .filter({ hasText: 'billing' })
      .getByRole('link', { name: /do not/ })
      .click();
    await page.locator('.count', { hasText: '1 of 5' }).waitFor();
    t.same(await namesOf(page), ['billing/billing-2/jwks']);
    t.match(search(page), /view=|holds=no/);
  });

  await t.test('what is old is never shown as good', async (t) => {
    await page.goto(`${url}/verifiers`);
    await rowSays(page, 'orders-1', /synced/);
    await scene.collector.child.kill();
    await rowSays(page, 'orders-1', /was synced/);
    t.equal(await page.locator('.badge.open').count(), 0);
    t.match(await page.getByRole('alert').innerText(), /may be wrong by now/);
    await page.getByRole('link', { name: 'Services and keys' }).click();
    await page.locator('.matrix .bar.new .yes').first().waitFor();
    const bar = "document.querySelector('.matrix .bar.new .yes')";
    t.match(await page.evaluate(`getComputedStyle(${bar}).backgroundImage`), /^repeating-linear/);
  });
  // Of the verifier that nobody knows there is no history either.
  t.same(
    problems.filter((problem) => !problem.includes('status of 404')),
    [],
  );
});
