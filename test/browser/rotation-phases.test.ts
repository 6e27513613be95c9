import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { startScene } from '../harness/dashboard-scene.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { headingFaults, headingLevels } from './heading-order.ts';
import { openClaims, says, textOf } from './reading.ts';

t.setTimeout(150_000);

/** 128 bytes, as long as a kid may be, and as wicked as one may be that the collector takes. */
const HOSTILE_KID = `"><img src=x onerror="hacked=1"><script>hacked=1</script>`.padEnd(
  128,
  "'&<b>",
);

t.test('a rotation from start to end, on its page', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const scene = await startScene(cleanup, {
    kids: ['2026-a', HOSTILE_KID],
    services: { orders: ['orders-1', 'orders-2', 'orders-3'], search: ['search-1', 'search-2'] },
    blind: [{ name: 'mainframe', kind: 'attested' }],
  });
  const { api, url } = scene.collector;
  const { page, problems } = await openPage(browser, `${url}/rotations/${scene.rotationId}`);
  const next = '.next-verdict';

  await t.test('staged: nothing is published, and nothing claims it is safe to go on', async () => {
    await says(page, /staged: the new key is not served everywhere yet/);
    await says(page, /Safe to publish the new key\?/, { selector: next });
    await says(page, /rotation started/, { selector: '.marks' });
    await says(page, /starts the rotation/, { selector: '.trail' });
  });

  await t.test('closed: who is in the way, how many, and what would help', async (t) => {
    await scene.publish();
    scene.learn(({ instance }) => instance !== 'orders-3');
    const banner = await says(page, /Safe to sign with the new key\?.*CLOSED.*orders 1/, {
      selector: next,
    });
    t.match(banner, /judged (just now|\d+s ago)/);
    t.match(banner, /What would help.*keyturn verifiers --rotation r-\S+ --state lagging/);
    const grades = await says(page, /4 present.*1 fetchable/, { selector: '.grades' });
    t.match(grades, /no grade judged by a word or by time/);
    await says(page, /orders\/orders-3\/jwks/, { selector: 'table.rows' });
    const rows = await textOf(page, 'table.rows');
    t.match(rows, /mainframe unattested/);
    t.equal(
      await page.getByRole('link', { name: 'orders/orders-3/jwks' }).getAttribute('href'),
      '/verifiers/orders/orders-3/jwks',
    );
  });

  await t.test('the list of those is filtered and copied, and the address says how', async (t) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
    await page.getByLabel('Service, instance, state or text').fill('orders');
    await says(page, /1 of 2 shown/);
    t.match(page.url(), /[?&]who=orders\b/);
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    await says(page, /Copied/);
    const copied: unknown = JSON.parse(await page.evaluate('navigator.clipboard.readText()'));
    t.match(copied, [{ service: 'orders', instance: 'orders-3', checks: ['new_key_known'] }]);
    await page.getByLabel('Service, instance, state or text').fill('nobody of this name');
    await says(page, /0 of 2 shown/);
    await page.getByRole('button', { name: 'Show all' }).click();
    await says(page, /2 of 2 shown/);
  });

  await t.test('open: it says so at once, and to people who listen', async (t) => {
    scene.learn();
    const word = { service: 'mainframe', fact: 'holds_new', by: 'ana', reason: 'I looked' };
    const path = `/v1/rotations/${scene.rotationId}/attestations`;
    t.equal((await api.post(path, { ...word, valid_for_s: 600 })).status, 201);
    await says(page, /Safe to sign with the new key\?.*OPEN.*every check passes/, {
      selector: next,
    });
    const heard = await page.locator('.banner [aria-live]').textContent();
    t.match(heard, /Gate activate is now open/);
    await says(page, /ready: verifiers know the new key/);
    await says(page, /Nobody is in the way of activate/);
    await says(page, /mainframe holds the new key ana I looked/);
  });

  await t.test(
    'while the collector is not heard nothing is open, in the past neither',
    async (t) => {
      await page.locator('.gate-strip .strip-span.open').first().waitFor();
      t.not((await openClaims(page)).length, 0);
      process.kill(scene.collector.child.pid, 'SIGSTOP');
      await says(page, /Safe to sign with the new key\?.*was OPEN/, { selector: next });
      t.same(await openClaims(page), []);
      process.kill(scene.collector.child.pid, 'SIGCONT');
      await says(page, /Safe to sign with the new key\?.*(?<!was )OPEN/, { selector: next });
    },
  );

  await t.test('headings lead through it, and a kid of 128 bytes is text alone', async (t) => {
    t.same(headingFaults(await headingLevels(page)), []);
    t.equal(await page.evaluate('typeof hacked'), 'undefined');
    t.equal(await page.locator('main img, main script, main b').count(), 0);
    t.match(await textOf(page, 'h1'), /2026-a.*"><img src=x onerror=/);
    t.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
    await page.setViewportSize({ width: 360, height: 780 });
    t.equal(
      await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
      true,
      '360 px',
    );
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await t.test('by keyboard alone: to the other gates and back', async (t) => {
    await page.locator('#gate-retire > summary').focus();
    await page.keyboard.press('Enter');
    await says(page, /nobody has declared that the signer was switched/, {
      selector: '#gate-retire',
    });
    await page.keyboard.press('Enter');
    t.equal(await page.locator('#gate-retire .checks').first().isVisible(), false);
    await page.getByRole('button', { name: '15 min' }).focus();
    await page.keyboard.press('Enter');
    t.match(page.url(), /[?&]range=15m\b/);
  });

  await t.test('ended: it says how, lists nobody, and stays to be read', async (t) => {
    await scene.declare('abort', { reason: 'it was only a test' });
    await says(page, /aborted: it was not carried through/);
    t.equal(await page.locator(next).count(), 0, 'nothing comes next');
    await says(page, /Safe to publish the new key\?.*ABORTED/, { selector: '.gate-grid' });
    t.same(
      (await openClaims(page)).filter((claim) => claim === 'OPEN'),
      [],
    );
    await says(page, /it was only a test/, { selector: '.trail' });
    await page.goto(`${url}/rotations`);
    await says(page, /Ended.*2026-a → .*aborted/);
    t.match(await textOf(page), /No rotation is open/);
  });

  t.same(problems, []);
});

t.test('a collector that has just started', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const scene = await startScene(cleanup, {
    services: { orders: ['orders-1'] },
    policy: { heartbeat: '30s' },
  });
  const { page, problems } = await openPage(
    browser,
    `${scene.collector.url}/rotations/${scene.rotationId}`,
  );
  await says(page, /The collector has just started and has not heard the fleet yet.*that ends in/);
  await says(page, /Safe to publish the new key\?.*UNKNOWN.*waits one lease/, {
    selector: '.next-verdict',
  });
  const claims = await openClaims(page);
  // The dot of the word “live” is green, and nothing else.
  t.same(
    claims.filter((claim) => !claim.includes('liveness')),
    [],
  );
  t.same(problems, []);
});
