import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { audited, begin, startLaggingRotation } from './acts-stage.ts';

t.test('what stands against an act', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const { collector, id, issuer, second, url } = await startLaggingRotation(cleanup);
  const { token } = collector;
  await collector.api.post(`/v1/rotations/${id}/attestations`, {
    service: 'legacy',
    fact: 'holds_new',
    by: 'ana',
    reason: 'shipped',
    valid_for_s: 3_600,
  });
  const gateIs = (status: string): Promise<true> =>
    eventually(`gate activate is ${status}`, async () => {
      const { body } = await collector.api.get(`/v1/rotations/${id}/gates/activate`);
      return body.status === status ? true : undefined;
    });

  await t.test('what changes while it is read has to be read anew', async (t) => {
    const { page, problems } = await openPage(browser, url);
    await begin(page, 'Declare the switch', token);
    const dialog = page.getByRole('dialog', { name: /^Declare the switch/ });
    await dialog.getByText(/Gate activate is CLOSED/).waitFor();
    second.holds(issuer.both);
    await dialog.getByText(/has changed while you read/).waitFor();
    await dialog.getByText(/Gate activate is open/).waitFor();
    const go = dialog.getByRole('button', { name: 'Declare the switch' });
    t.ok(await go.isDisabled());
    await dialog.getByRole('button', { name: 'I have read it anew' }).click();
    t.notOk(await go.isDisabled());
    t.same(problems, []);
    await page.close();
  });

  await t.test('a gate that closes on the way: refused, with its verdict', async (t) => {
    const { page } = await openPage(browser, url);
    await begin(page, 'Declare the switch', token);
    const dialog = page.getByRole('dialog', { name: /^Declare the switch/ });
    await dialog.getByText(/Gate activate is open/).waitFor();
    await page.route('**/steps', async (route) => {
      second.holds([issuer.old.publicJwk]);
      await gateIs('closed');
      await route.continue();
    });
    await dialog.getByLabel('Reason').fill('the window is now');
    await dialog.getByRole('button', { name: 'Declare the switch' }).click();
    await dialog.getByText(/Refused, nothing was changed/).waitFor();
    t.match(
      await dialog.getByRole('alert').textContent(),
      /gate activate is closed[^]*orders\/orders-2\/jwks/,
    );
    t.equal(await dialog.getByLabel(/^Reason/).inputValue(), 'the window is now', 'and kept');
    await page.close();
  });

  await t.test('a lost connection is no answer', async (t) => {
    const { page } = await openPage(browser, url);
    await begin(page, 'Rehearse going back', token);
    const dialog = page.getByRole('dialog', { name: /^Rehearse/ });
    await dialog.getByRole('checkbox').check();
    await page.route('**/rehearsals', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await dialog.getByRole('button', { name: 'Rehearse going back' }).click();
    await dialog.getByText('Not known whether it was taken').waitFor();
    t.match(await dialog.textContent(), /audit trail before you try again[^]*keyturn audit/);
    t.equal(await dialog.getByText('Recorded').count(), 0);
    t.equal((await audited(collector, 'rehearse')).length, 1, 'it was taken, and once');
    await page.close();
  });

  await t.test('no act on old news', async (t) => {
    const { page } = await openPage(browser, url);
    await begin(page, 'Abort the rotation', token);
    const dialog = page.getByRole('dialog', { name: /^Abort/ });
    const go = dialog.getByRole('button', { name: 'Abort the rotation' });
    t.notOk(await go.isDisabled());
    // It is there and says nothing, as behind a network that drops everything.
    process.kill(collector.child.pid, 'SIGSTOP');
    await dialog.getByText(/may be old: no act is possible/).waitFor();
    t.ok(await go.isDisabled());
    t.match(await page.title(), /^\? stale · 2026-a → 2026-b/);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    for (const button of await page
      .getByRole('group', { name: /^Acts/ })
      .getByRole('button')
      .all()) {
      const name = (await button.textContent()) ?? '';
      t.equal(await button.isDisabled(), !name.startsWith('Print'), name);
    }
    process.kill(collector.child.pid, 'SIGCONT');
    await page.getByText('live', { exact: true }).waitFor();
    t.notOk(await page.getByRole('button', { name: 'Abort the rotation' }).isDisabled());
    await page.close();
  });

  await t.test('the token is forgotten in time, and when the collector refuses it', async (t) => {
    const { page } = await openPage(browser, 'about:blank');
    await page.clock.install();
    await page.goto(url);
    await begin(page, 'Abort the rotation', token);
    const dialog = page.getByRole('dialog', { name: /^Abort/ });
    await dialog.getByLabel('Reason').fill('a reason that stays');
    await page.clock.fastForward('15:01');
    await page.getByText(/^read-only/).waitFor();
    await dialog.getByText(/token was forgotten[^]*unlock again/).waitFor();
    t.ok(await dialog.getByRole('button', { name: 'Abort the rotation' }).isDisabled());
    await page.keyboard.press('Escape');

    await begin(page, 'Abort the rotation', token);
    await page.route('**/steps', (route) =>
      route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer other' } }),
    );
    await dialog.getByLabel('Reason').fill('why not');
    await dialog.getByRole('button', { name: 'Abort the rotation' }).click();
    await dialog.getByText(/collector no longer takes the token/).waitFor();
    await page.getByText(/^read-only/).waitFor();
    t.same(await audited(collector, 'declare_abort'), []);
    await page.close();
  });
});
