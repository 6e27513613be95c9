import type { Page } from 'playwright-core';
import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { audited, begin } from './acts-stage.ts';
import { startTroubledScene } from './troubled-scene.ts';

t.test(
  'acts on an alert, a silence, a verifier, and the start',
  { skip: BROWSER_MISSING },
  async (t) => {
    const cleanup = teardownWith(t);
    const browser = await startBrowser(cleanup);
    const { collector, fleet, issuer } = await startTroubledScene(cleanup);
    const { token, url } = collector;
    const gone = fleet.verifiers.find(({ instance }) => instance === 'orders-2');
    if (gone === undefined) throw new Error('expected orders-2');
    const alive = await openPage(browser, `${url}/verifiers/orders/orders-2/jwks`);
    await alive.page.getByRole('heading', { name: 'orders/orders-2/jwks' }).waitFor();
    t.equal(await alive.page.getByRole('button', { name: 'Remove the verifier' }).count(), 0);
    gone.silent = true;
    const alertId = await eventually(
      'it is missed',
      async () => {
        const { body } = await collector.api.get('/v1/alerts?firing=true&name=VerifierSilent');
        return (body.alerts[0]?.id as string | undefined) ?? undefined;
      },
      20_000,
    );

    const { page, problems } = await openPage(browser, `${url}/alerts/${alertId}`);
    const dialog = page.getByRole('dialog');
    await begin(page, 'Take it on', token);
    t.match(await dialog.textContent(), /fires all the same[^]*told that you took it on/);
    await dialog.getByLabel('What you do about it').fill('looking at the node');
    await dialog.getByRole('button', { name: 'Take it on' }).click();
    await close(page);
    await page.getByRole('button', { name: 'Take it on' }).waitFor({ state: 'detached' });
    t.match(await audited(collector, 'acknowledge'), [
      { kind: 'act', message: /looking at the node/ },
    ]);

    await begin(page, 'Silence it', token);
    await dialog.getByText(/1 firing alert covered now/).waitFor();
    t.match(await dialog.textContent(), /nobody is told of this[^]*gates that are shut stay shut/);
    await dialog.getByLabel('For how long').selectOption('1 hour');
    await dialog.getByLabel('Reason').fill('being replaced');
    await dialog.getByRole('button', { name: 'Silence it' }).click();
    await close(page);
    await page.getByRole('button', { name: 'End the silence' }).waitFor();
    t.match(await audited(collector, 'silence'), [{ kind: 'act', message: /being replaced/ }]);
    const { body } = await collector.api.get(`/v1/alerts/${alertId}`);
    t.equal(body.alert.firing, true, 'it fires all the same');

    await page.getByRole('link', { name: 'Alerts', exact: true }).click();
    await begin(page, 'End the silence', token);
    await dialog.getByText(/silenced by bea until/).waitFor();
    await dialog.getByLabel('Reason').fill('it was the wrong one');
    await dialog.getByRole('button', { name: 'End the silence' }).click();
    await page.getByText(/End a silence: recorded\. The silence is over\./).waitFor();
    t.match(await audited(collector, 'unsilence'), [{ kind: 'act' }]);
    await page.getByRole('button', { name: 'Dismiss' }).click();

    await alive.page.close();
    const left = await openPage(browser, `${url}/verifiers/orders/orders-2/jwks`);
    await begin(left.page, 'Remove the verifier', token);
    const removing = left.page.getByRole('dialog');
    t.match(await removing.textContent(), /Gates no longer wait for orders\/orders-2\/jwks/);
    await removing.getByLabel('Reason').fill('the node was scrapped');
    await removing.getByRole('button', { name: 'Remove the verifier' }).click();
    await left.page
      .getByText(/Removed 1 verifier\./)
      .first()
      .waitFor();
    t.match(await audited(collector, 'remove_verifier'), [{ kind: 'act', message: /scrapped/ }]);

    await page.goto(`${url}/rotations`);
    await begin(page, 'Start a rotation', token);
    await dialog.getByText('The issuer publishes now:').waitFor();
    await dialog.getByLabel('Issuer').selectOption(issuer.issuer);
    t.match(
      await dialog.textContent(),
      /Nothing is published and nothing is switched[^]*2026-a → 2026-b/,
    );
    await dialog.getByLabel('Algorithm').fill('ES256');
    await dialog.getByLabel('kid of the new key').fill('2026-c');
    await dialog.getByRole('button', { name: 'Start the rotation' }).click();
    await dialog
      .getByText(/Refused, nothing was changed: rotation .* is open for this issuer/)
      .waitFor();
    t.match(await dialog.getByRole('alert').textContent(), /\(issuer\)/, 'with the field at fault');
    t.match(await audited(collector, 'start'), [
      { kind: 'act' },
      { kind: 'refusal', actor: 'bea' },
    ]);
    const expected = problems.filter((problem) => !/status of 409/.test(problem));
    t.same([...expected, ...left.problems], []);
  },
);

async function close(page: Page): Promise<void> {
  await page.getByText('Recorded', { exact: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}
