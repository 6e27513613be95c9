import t, { type Test } from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { type Scene, startScene } from '../harness/dashboard-scene.ts';
import { collectorWith } from '../harness/other-dashboard.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { openClaims, says } from './reading.ts';

t.setTimeout(120_000);

/** A rotation whose first gate is open, on the page. */
async function openRotation(
  t: Test,
): Promise<Awaited<ReturnType<typeof openPage>> & { scene: Scene }> {
  const cleanup = teardownWith(t);
  const [browser, scene] = await Promise.all([
    startBrowser(cleanup),
    startScene(cleanup, {
      services: { orders: ['orders-1', 'orders-2'] },
      // After a start gates say unknown for that long, which a page has to have time to show.
      policy: { lease_heartbeats: 8 },
    }),
  ]);
  await scene.gateSays('publish', 'open');
  const path = `/rotations/${encodeURIComponent(scene.rotationId)}`;
  const watched = await openPage(browser, scene.collector.url + path);
  await says(watched.page, /\blive\b/);
  await says(watched.page, /\bOPEN\b/);
  t.not((await openClaims(watched.page)).length, 0, 'an open gate is shown as one');
  return { ...watched, scene };
}

t.test(
  'a collector that hangs, dies, and comes back as another',
  { skip: BROWSER_MISSING },
  async (t) => {
    const { page, problems, scene } = await openRotation(t);
    const cleanup = teardownWith(t);
    const { collector } = scene;

    await t.test('a stream that nobody ended but that says nothing', async (t) => {
      process.kill(collector.child.pid, 'SIGSTOP');
      const stoppedAt = performance.now();
      await says(page, /The collector is not heard\. .*nothing here is safe to act on/);
      const staleMs = performance.now() - stoppedAt;
      t.comment(`stale after ${Math.round(staleMs)} ms`);
      t.ok(staleMs < 7_000, 'within about five seconds');
      t.same(await openClaims(page), [], 'nothing is shown as open');
      await says(page, /was OPEN/);
      await says(page, /No word from the collector for \d+s/);
      process.kill(collector.child.pid, 'SIGCONT');
      await says(page, /\blive\b/);
      await says(page, /(?<!was )\bOPEN\b/);
      t.equal(await page.getByRole('alert').filter({ hasText: 'not heard' }).count(), 0);
    });

    await t.test('a computer that slept', async (t) => {
      process.kill(collector.child.pid, 'SIGSTOP');
      // In sleep the monotonic clock of browsers stands still, the wall clock does not.
      await page.evaluate(`{ const now = Date.now; Date.now = () => now() + 3_600_000; }`);
      await says(page, /The collector is not heard/, { withinMs: 3_000 });
      t.same(await openClaims(page), [], 'nothing of an hour ago is shown as open');
      process.kill(collector.child.pid, 'SIGCONT');
      await says(page, /\blive\b/);
    });

    await t.test('a collector that is killed', async (t) => {
      await collector.child.kill();
      await says(page, /The collector is not heard/, { withinMs: 15_000 });
      t.same(await openClaims(page), []);
      t.equal(await page.getByText('live', { exact: true }).count(), 0);
    });

    await t.test('one that is started again, with a newer dashboard', async (t) => {
      const entry = await collectorWith('another build', cleanup);
      await scene.restart(entry);
      await says(page, /\blive\b/, { withinMs: 20_000 });
      await says(page, /The collector has just started.*every gate is unknown for now/);
      await says(page, /UNKNOWN/);
      t.same(
        await openClaims(page).then((claims) => claims.filter((claim) => claim === 'OPEN')),
        [],
      );
      await says(page, /The collector serves a newer dashboard\. Load it/);
      await page.getByRole('button', { name: 'Load it' }).click();
      await says(page, /\blive\b/);
      t.equal(await page.getByRole('button', { name: 'Load it' }).count(), 0);
    });
    t.same(problems, []);
  },
);
