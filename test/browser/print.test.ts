import t from 'tap';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { startLaggingRotation } from './acts-stage.ts';

const FOLDED = "document.querySelectorAll('details:not([open], .raw)').length";

t.test('a rotation on paper', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const { url } = await startLaggingRotation(cleanup);
  const { page, problems } = await openPage(browser, url, { dark: true });
  await page.getByRole('button', { name: 'Print / save as PDF' }).waitFor();
  t.not(await page.evaluate(FOLDED), 0, 'on screen something is folded');

  await page.evaluate(`addEventListener('beforeprint', () => { globalThis.onPaper = ${FOLDED}; })`);
  const pdf = await page.pdf({ format: 'A4' });
  t.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  t.equal(await page.evaluate('onPaper'), 0, 'on paper nothing is folded');
  t.not(await page.evaluate(FOLDED), 0, 'and afterwards it is again');

  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const head = page.locator('.print-head');
  t.match(await head.textContent(), /Keyturn · 2026-a → 2026-b/);
  t.match(
    await head.textContent(),
    /As of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, by the collector's clock\./,
  );
  t.ok((await head.textContent())?.includes(url), 'and its address');
  t.equal(
    await page.evaluate('getComputedStyle(document.body).backgroundColor'),
    'rgb(255, 255, 255)',
  );
  t.equal(await page.evaluate('getComputedStyle(document.body).color'), 'rgb(0, 0, 0)');
  for (const part of ['header.top', 'button', 'input', 'select']) {
    const shown = await page.locator(part).filter({ visible: true }).count();
    t.equal(shown, 0, `no ${part}`);
  }
  t.ok(await page.getByText('CLOSED').first().isVisible());
  t.ok(await page.getByText('keyturn verifiers --rotation').first().isVisible(), 'what would help');
  t.same(problems, []);
});
