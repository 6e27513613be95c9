import type { Page } from 'playwright-core';
import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { type Scene, startScene } from '../harness/dashboard-scene.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { headingFaults, headingLevels } from './heading-order.ts';
import { says, textOf } from './reading.ts';

t.setTimeout(150_000);

/** Buckets of history are ten seconds wide, and settle when their reports are in. */
const HISTORY_MS = 45_000;

t.test('a new key that breaks things, on its page', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const scene = await startScene(cleanup, {
    services: { orders: ['orders-1', 'orders-2'], search: ['search-1'] },
  });
  const { url, api } = scene.collector;
  const { page, problems } = await openPage(browser, `${url}/rotations/${scene.rotationId}`);
  await scene.publish();
  scene.learn();
  await scene.gateSays('activate', 'open');
  await scene.declare('activate');
  traffic(scene, 0);

  await t.test('switched: both keys and what is to come, drawn and in words', async (t) => {
    await says(page, /active: the new key signs/);
    const marks = await says(page, /earliest retire, margins included \(foreseen\)/, {
      selector: '.marks',
    });
    t.match(marks, /new key served everywhere.*signer declared switched/);
    t.match(marks, /last token of the old key expires \(foreseen\).*in \d+/);
    await page.locator('.timeline-drawing .now-line').waitFor();
    await says(page, /3 of 3 verifiers \(100 %\) are known to hold/, { withinMs: HISTORY_MS });
    await says(page, /tokens signed by 2026-a may be live until/, { selector: '.next-verdict' });
  });

  await t.test('going back is advised, with why, how, and what fires', async (t) => {
    traffic(scene, 12);
    const advice = await says(page, /Going back is advised.*Gate rollback is OPEN/, {
      selector: '.go-back',
    });
    t.match(advice, /failures? of tokens of 2026-b that a key could cause/);
    t.match(advice, /keyturn rotation rollback r-/);
    await says(page, /alerts? fires?.*(NewKeyFailing|VerificationFailures)/);
    await says(page, /Safe to remove the old key\?.*CLOSED.*alert/, { selector: '.next-verdict' });
  });

  await t.test(
    'charts say what breaks, how near an alert is, and that it is the new key',
    async (t) => {
      await says(page, /which key are accepted tokens signed with\?[^?]*new key \d+/i, {
        withinMs: HISTORY_MS,
      });
      await says(page, /anything breaking[^?]*\?[^?]*unknown kid [1-9]/i, { withinMs: HISTORY_MS });
      await says(page, /Tokens of the new key fail more often than those of the old one\./, {
        withinMs: HISTORY_MS,
      });
      t.match(await textOf(page, '.charts'), /score, all keys [1-9]\S* .*threshold [1-9]/);
      t.match(await textOf(page, '.charts'), /2026-a: 0 of \S+( k)? tokens refused \(0 %\)/);
      t.equal(await page.locator('.plot canvas').count(), 4);
      await page.locator('.chart-table summary').first().click();
      await says(page, /UTC new key old key \d\d-\d\d \d\d:\d\d:\d0/, { selector: '.chart-table' });
    },
  );

  await t.test(
    'dragging over a chart looks closer, and the address can be passed on',
    async (t) => {
      await drag(page);
      await says(page, /fixed: \d{4}-/);
      const shared = new URL(page.url());
      const [from, to] = ['from', 'to'].map((end) => shared.searchParams.get(end));
      t.match(from, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const other = await openPage(browser, shared.href, { dark: true, width: 390, height: 844 });
      await says(other.page, /fixed: \d{4}-/);
      t.equal(new URL(other.page.url()).searchParams.get('to'), to);
      t.equal(
        await other.page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
        true,
      );
      t.same(other.problems, []);
      await other.page.context().close();
      await page.getByRole('button', { name: 'whole rotation' }).click();
      t.equal(new URL(page.url()).search, '');
    },
  );

  await t.test('a stolen key: containment, and nothing waits for its tokens', async (t) => {
    const { body } = await api.get(`/v1/rotations/${scene.rotationId}/blast-radius`);
    const confirm = { old_kid: '2026-a', seen_at: body.as_of };
    await scene.declare('taint', { reason: 'found in a repository', confirm });
    await says(page, /old key tainted/, { selector: '.chips' });
    await says(page, /Containment of the tainted key.*0 % CONTAINED.*0 of 3 verifiers/);
    t.match(await textOf(page, 'main'), /orders 0\/2 2 until the key is withdrawn/);
    t.same(headingFaults(await headingLevels(page)), []);
  });

  t.same(problems, []);
});

/** Tokens of both keys; orders refuse as many of the new one as said. */
function traffic({ fleet, issuer }: Scene, refused: number): void {
  for (const verifier of fleet.verifiers) {
    verifier.traffic = [
      [issuer.old.ref.kid, 'ok', 10],
      [issuer.new.ref.kid, 'ok', 20],
      ...(verifier.service === 'orders' && refused > 0
        ? [[issuer.new.ref.kid, 'unknown_kid', refused] as const]
        : []),
    ];
  }
}

async function drag(page: Page): Promise<void> {
  const plot = page.locator('.plot').first();
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  if (box === null) throw new Error('expected a chart to drag over, got none');
  const y = box.y + 60;
  await page.mouse.move(box.x + box.width * 0.4, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, y, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.8, y, { steps: 4 });
  await page.mouse.up();
}
