import t from 'tap';
import { startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { FIREFOX_MISSING, startFirefox } from '../harness/firefox.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';

const TEXT = 'document.body.innerText';

t.test('in Firefox', { skip: FIREFOX_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const page = await startFirefox(cleanup);
  const collector = await startCollectorProcess(await tempDirectory(cleanup), {});
  cleanup.add('collector', () => collector.child.kill());
  const text = async (): Promise<string> => String(await page.evaluate(TEXT));
  const reads = (pattern: RegExp, withinMs?: number): Promise<string> =>
    eventually(
      `the page says ${String(pattern)}`,
      async () => {
        const said = await text();
        if (!pattern.test(said)) throw new Error(said.slice(0, 500));
        return said;
      },
      withinMs,
    );

  await t.test('the page is live', async (t) => {
    await page.goto(collector.url);
    await reads(/\blive\b/);
    t.match(await page.evaluate('document.title'), /Overview · Keyturn/);
  });

  await t.test('it says when the collector is gone', async () => {
    await collector.child.kill();
    await reads(/No word from the collector for \d+s/, 20_000);
  });
  t.same(page.problems, []);
});
