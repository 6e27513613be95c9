import type { Request } from 'playwright-core';
import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import {
  audited,
  begin,
  focused,
  placesOf,
  startLaggingRotation,
  tabTo,
  unlock,
} from './acts-stage.ts';

t.setTimeout(120_000);

const HOSTILE = `<img src=x onerror="document.title='owned'"> '"&;$(id)`;

/** The browser itself comes after the last element of a dialog. */
const IS_INSIDE =
  "document.activeElement === document.body || document.activeElement.closest('dialog') !== null";

const CLICK_TWICE =
  "{ const go = document.querySelector('dialog button.primary'); go.click(); go.click(); }";

t.test('acts of a person', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const stage = await startLaggingRotation(cleanup);
  const { collector, token } = { ...stage, token: stage.collector.token };

  await t.test('nobody acts without the token, and it goes nowhere', async (t) => {
    const { page, problems } = await openPage(browser, stage.url);
    const requests: Request[] = [];
    page.on('request', (request) => requests.push(request));
    await page.getByText('read-only').waitFor();
    const begin = page.getByRole('button', { name: 'Declare the switch' });
    await begin.click();
    const who = page.getByRole('dialog', { name: 'Who acts?' });
    await who.waitFor();

    await unlock(page, 'not-the-token');
    await page.getByText('This is not the operator token').waitFor();
    t.equal(await page.getByLabel('Operator token').inputValue(), '', 'the field is emptied');
    await page.keyboard.press('Escape');
    await who.waitFor({ state: 'detached' });
    t.equal(await focused(page), 'Declare the switch', 'focus is back');

    await begin.click();
    await unlock(page, token);
    await page.getByRole('dialog', { name: /Declare the switch/ }).waitFor();
    await page.getByText('acting as bea').waitFor();
    t.equal(await page.evaluate(placesOf(token)), '', 'no element, storage or address holds it');
    for (const request of requests) {
      const { authorization, ...others } = await request.allHeaders();
      const rest = `${request.url()} ${request.postData() ?? ''} ${JSON.stringify(others)}`;
      t.notOk(rest.includes(token), `${request.method()} ${request.url()}`);
      if (authorization?.includes(token)) t.match(request.url(), /\/v1\/operator$/);
    }
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'lock' }).click();
    await page.getByText('read-only').waitFor();
    t.same(problems, [
      'console: Failed to load resource: the server responded with a status of 401 (Unauthorized)',
    ]);

    const refused = await page.evaluate(`fetch('/v1/rotations/${stage.id}/steps', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ step: 'activate', by: 'eve', override_reason: 'because' }),
    }).then(({ status }) => status)`);
    t.equal(refused, 401);
    t.same(await audited(collector, 'declare_activate'), []);
  });

  await t.test('who cancels while the token is looked at does not unlock', async (t) => {
    const { page } = await openPage(browser, stage.url);
    let asked = 0;
    await page.route('**/v1/operator', async (route) => {
      const answer = await route.fetch();
      asked += 1;
      await new Promise((done) => setTimeout(done, 500));
      // The page may have given up on it.
      await route.fulfill({ response: answer }).catch(() => undefined);
      asked += 1;
    });
    await page.getByRole('button', { name: 'Declare the switch' }).click();
    await unlock(page, token);
    await eventually('the collector is asked', async () => (asked > 0 ? true : undefined));
    await page.getByRole('button', { name: 'Cancel' }).click();
    await eventually('the answer is there', async () => (asked > 1 ? true : undefined));
    await page.evaluate('new Promise((done) => setTimeout(done, 100))');
    t.equal(await page.getByText('acting as').count(), 0);
    t.equal(await page.getByText('read-only').count(), 1);
  });

  await t.test('a closed gate: what is overridden, who could break, and once only', async (t) => {
    const { page, problems } = await openPage(browser, stage.url);
    let posts = 0;
    page.on('request', (request) => (posts += request.method() === 'POST' ? 1 : 0));
    await begin(page, 'Declare the switch', token);
    const dialog = page.getByRole('dialog', { name: 'Declare the switch: 2026-a → 2026-b' });
    const said = (await dialog.textContent()) ?? '';
    t.match(said, /Gate activate is CLOSED\. This would override \d checks?:/);
    t.match(said, /could break:[^]*orders\/orders-2\/jwks/);
    t.notMatch(said, /orders-1/);
    t.match(said, /changes neither the JWKS nor the signer/);

    const go = dialog.getByRole('button', { name: 'Declare the switch against the gate' });
    await go.click();
    await dialog.getByText('Reason for the override is missing.').waitFor();
    await dialog.getByLabel('Reason for the override').fill(HOSTILE);
    await go.click();
    await dialog.getByText('The kid has to be typed exactly.').waitFor();
    t.equal(posts, 0, 'nothing was sent');
    await dialog.getByLabel('Type 2026-b to go on').fill('2026-b');
    // Faster than any screen: both before anything can be drawn.
    await page.evaluate(CLICK_TWICE);
    await dialog.getByText('Recorded', { exact: true }).waitFor();
    t.match(
      await dialog.textContent(),
      /recorded as an override, gate activate closed; phase active/,
    );
    t.equal(posts, 1, 'a double click is one act');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Declare the rollback' }).waitFor();
    const [entry] = await audited(collector, 'declare_activate');
    t.match(entry, { kind: 'act', actor: 'bea' });
    t.ok(entry?.message.includes(HOSTILE), 'the reason is in the trail as it was typed');
    await page.getByRole('listitem').filter({ hasText: HOSTILE }).first().waitFor();
    t.equal(await page.locator('img').count(), 0, 'the page shows it as text');
    t.notMatch(await page.title(), /owned/);
    t.same(problems, []);
  });

  await t.test('going back, by keyboard alone', async (t) => {
    const { page, problems } = await openPage(browser, stage.url);
    await page.getByRole('button', { name: 'Declare the rollback' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Who acts?' }).waitFor();
    t.equal(await focused(page), 'Your name, for the audit trail');
    await page.keyboard.type('kay');
    await page.keyboard.press('Tab');
    t.equal(await focused(page), 'Operator token');
    await page.keyboard.type(token);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: /^Declare the rollback/ });
    await dialog.waitFor();
    t.match(await dialog.textContent(), /Gate rollback is (open|CLOSED|UNKNOWN)/);
    t.match(await dialog.textContent(), /keep it published/);
    for (let presses = 0; presses < 12; presses += 1) {
      await page.keyboard.press('Tab');
      const isInside = await page.evaluate(IS_INSIDE);
      t.ok(isInside, 'focus stays inside');
    }
    await tabTo(page, /^Reason/);
    await page.keyboard.type('the old key is fine');
    const typed = await dialog.getByLabel(/^Type /).count();
    if (typed > 0) {
      await page.keyboard.press('Tab');
      await page.keyboard.type('2026-a');
    }
    await tabTo(page, /^Declare the rollback/);
    await page.keyboard.press('Enter');
    await dialog.getByText('Recorded', { exact: true }).waitFor();
    t.equal(await focused(page), 'Close');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Declare the switch' }).waitFor();
    t.not(await page.evaluate('document.activeElement.localName'), 'body', 'the focus is not lost');
    t.match((await audited(collector, 'declare_rollback'))[0], { kind: 'act', actor: 'kay' });
    t.same(problems, []);
  });
});
