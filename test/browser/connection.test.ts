import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { startCollectorProcess } from '../harness/collector-process.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';

t.test('a collector that goes away', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const directory = await tempDirectory(cleanup);
  const collector = await startCollectorProcess(directory, {});
  cleanup.add('collector', () => collector.child.kill());
  const { page, problems } = await openPage(browser, collector.url);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  t.equal(await page.title(), 'Overview · Keyturn');
  t.equal(await page.getByRole('alert').count(), 0);

  await collector.child.kill();
  const alert = page.getByRole('alert');
  await alert.waitFor({ timeout: 20_000 });
  t.match(await alert.textContent(), /No word from the collector for \d+s.*nothing here is safe/);
  t.equal(await page.getByText('live', { exact: true }).count(), 0);
  t.same(problems, []);
});
