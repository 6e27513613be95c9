import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { audited, begin, startLaggingRotation } from './acts-stage.ts';

t.test('acts say what follows before they are sent', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const { collector, id, url } = await startLaggingRotation(cleanup);
  const { page, problems } = await openPage(browser, url);
  const close = async (): Promise<void> => {
    await page.getByText('Recorded', { exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };

  await begin(page, 'Rehearse going back', collector.token);
  const dialog = page.getByRole('dialog');
  t.match(await dialog.textContent(), /Changes nothing but the record of itself/);
  await dialog.getByRole('button', { name: 'Rehearse going back' }).click();
  await dialog.getByText(/private key of 2026-a is there to sign with is missing/).waitFor();
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Rehearse going back' }).click();
  await dialog
    .getByText(/Rehearsal 1: going back (would be possible|cannot be judged|would NOT)/)
    .waitFor();
  await close();

  await begin(page, 'Vouch for a service', collector.token);
  await dialog.getByLabel('Service').selectOption('legacy');
  t.match(await dialog.textContent(), /you vouch that every instance of legacy holds 2026-b/);
  await dialog.getByLabel('You vouch that it').selectOption({ label: 'rejects the old key' });
  t.match(await dialog.textContent(), /you vouch that every instance of legacy rejects 2026-a/);
  await dialog.getByLabel('How you know').fill('change 4711');
  await dialog.getByRole('button', { name: 'Vouch for it' }).click();
  await close();
  t.match(await audited(collector, 'attest'), [{ kind: 'act', actor: 'bea', message: /4711/ }]);

  await begin(page, 'Waive a check', collector.token);
  const offered = await dialog
    .getByLabel('Check', { exact: true })
    .locator('option')
    .allTextContents();
  t.ok(
    offered.some((name) => name.startsWith('activate: ')),
    offered.join(', '),
  );
  t.notOk(offered.some((name) => name.endsWith('rotation_open')));
  await dialog.getByLabel('Check', { exact: true }).selectOption('activate/new_key_known');
  await dialog.getByLabel('For how long').selectOption('30 minutes');
  t.match(
    await dialog.textContent(),
    /gate activate does not look at this any more[^]*could break[^]*orders\/orders-2\/jwks/,
  );
  await dialog.getByLabel('Reason').fill('orders-2 is being replaced');
  await dialog.getByRole('button', { name: 'Waive the check' }).click();
  await close();
  const { body } = await collector.api.get(`/v1/rotations/${id}`);
  t.match(body.waivers, [{ gate: 'activate', check_id: 'new_key_known', by: 'bea' }]);

  await begin(page, 'Taint the old key', collector.token);
  await dialog
    .getByText(/accepted|seen/)
    .first()
    .waitFor();
  t.match(
    await dialog.textContent(),
    /nothing undoes it[^]*No token of 2026-a was seen[^]*Known to hold it now:orders/,
  );
  await dialog.getByLabel('Reason').fill('found in a repository');
  await dialog.getByLabel('Type 2026-a to go on').fill('2026-b');
  await dialog.getByRole('button', { name: 'Taint the old key' }).click();
  await dialog.getByText('The kid has to be typed exactly.').waitFor();
  t.same(await audited(collector, 'declare_taint'), []);
  await dialog.getByLabel('Type 2026-a to go on').fill('2026-a');
  await dialog.getByRole('button', { name: 'Taint the old key' }).click();
  await close();
  await page.getByRole('button', { name: 'Taint the old key' }).waitFor({ state: 'detached' });
  t.match(await audited(collector, 'declare_taint'), [{ kind: 'act', message: /found in a repo/ }]);

  await begin(page, 'Abort the rotation', collector.token);
  t.match(
    await dialog.textContent(),
    /gates stay shut for good[^]*2026-a and 2026-b stay in the JWKS/,
  );
  await dialog.getByLabel('Reason').fill('another way');
  await dialog.getByRole('button', { name: 'Abort the rotation' }).click();
  await close();
  await eventually('the tab says so', async () =>
    (await page.title()).startsWith('⊘ ABORTED · 2026-a → 2026-b') ? true : undefined,
  );
  const left = await page
    .getByRole('group', { name: /^Acts/ })
    .getByRole('button')
    .allTextContents();
  t.same(left, ['Print / save as PDF'], 'nothing can be done any more');
  t.same(problems, []);
});
