import type { Page } from 'playwright-core';
import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { startTroubledScene } from './troubled-scene.ts';

t.test('every object has an address', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const scene = await startTroubledScene(cleanup);
  const { collector, rotationId, issuer } = scene;
  await scene.stranger('eve');
  const alert = await eventually('an alert fires', async () => {
    const { body } = await collector.api.get('/v1/alerts?firing=true&name=HiddenDependent');
    return body.alerts[0] as { readonly id: string } | undefined;
  });
  const { page, problems } = await openPage(browser, collector.url);

  const known: Readonly<Record<string, RegExp>> = {
    '/': /^Overview/,
    '/rotations': /^Rotations/,
    [`/rotations/${rotationId}`]: /2026-a[^]*2026-b/,
    '/verifiers': /^Verifiers/,
    '/verifiers?view=matrix': /^Verifiers/,
    '/verifiers/orders/orders-1/jwks': /^orders\/orders-1\/jwks/,
    '/alerts': /^Alerts/,
    [`/alerts/${alert.id}`]: /HiddenDependent/,
    '/issuers': /^Issuers/,
    [`/issuers?issuer=${encodeURIComponent(issuer.issuer)}`]: /^Issuers|127\.0\.0\.1/,
    '/inventory': /^Inventory/,
  };
  for (const [path, heading] of Object.entries(known)) {
    const answer = await page.goto(collector.url + path);
    t.equal(answer?.status(), 200, path);
    await headed(page, heading);
    await eventually(`${path} has a name`, async () =>
      /.+ · Keyturn$/.test(await page.title()) ? true : undefined,
    );
  }

  const unknown: Readonly<Record<string, readonly [says: RegExp, back: string]>> = {
    '/rotations/r-nobody': [/knows no rotation of this id/, 'All rotations'],
    '/verifiers/orders/orders-9/jwks': [
      /knows no verifier orders\/orders-9\/jwks/,
      'All verifiers',
    ],
    '/alerts/al-nobody': [/There is no alert with this id/, 'All alerts'],
    '/rotations/one/two/three': [/leads to no page/, 'Overview'],
    '/nowhere': [/leads to no page/, 'Overview'],
  };
  for (const [path, [says, back]] of Object.entries(unknown)) {
    await page.goto(collector.url + path);
    const main = page.getByRole('main');
    await main.getByText(says).waitFor();
    await main.getByRole('link', { name: back }).click();
    await page.getByText('live', { exact: true }).waitFor();
    await headed(page, new RegExp(`^${back.split(' ').at(-1) ?? ''}`, 'i'));
    t.not(new URL(page.url()).pathname, path, `${path} has a way back`);
  }
  t.equal((await collector.api.get('/nowhere')).status, 404, 'tools are told by status');
  t.match((await collector.api.get('/nowhere')).body, { status: 404 });
  t.same(
    problems.filter((problem) => !/status of 404/.test(problem)),
    [],
  );
});

async function headed(page: Page, heading: RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1 }).filter({ hasText: heading }).waitFor();
}
