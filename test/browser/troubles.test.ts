import type { Browser, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { BROWSER_MISSING, openPage, startBrowser, type WatchedPage } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { says, textOf } from './reading.ts';
import { HOSTILE, startTroubledScene, type TroubledScene } from './troubled-scene.ts';

t.setTimeout(180_000);

const NARROWEST_PX = 360;

interface Stage {
  readonly scene: TroubledScene;
  readonly watched: WatchedPage;
  readonly page: Page;
  readonly browser: Browser;
  readonly go: (path: string) => Promise<void>;
}

t.test('something wrong everywhere', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const scene = await startTroubledScene(cleanup, ['2026-a', HOSTILE]);
  await scene.stranger('shadow');
  await alertOf(scene, 'HiddenDependent');
  const watched = await openPage(browser, 'about:blank');
  const { page } = watched;
  const go = async (path: string): Promise<void> => {
    await page.goto(scene.collector.url + path);
  };
  const stage: Stage = { scene, browser, watched, page, go };
  await t.test('overview', (t) => overview(t, stage));
  await t.test('one issuer that cannot be read', (t) => unreadableIssuer(t, stage));
  await t.test('inventory', (t) => inventory(t, stage));
  await t.test('alerts, filtered by the address', (t) => alerts(t, stage));
  await t.test('one alert', (t) => oneAlert(t, stage));
  await t.test('by keyboard alone', (t) => keyboard(t, stage));
  // Last but one: taking back a key is an alarm of its own.
  await t.test('one issuer whose addresses differ', (t) => differingIssuer(t, stage));
  await t.test('nothing runs over at the narrowest', (t) => narrow(t, stage));
  t.same(watched.problems, []);
  t.equal(await page.evaluate('globalThis.hacked'), undefined);
});

async function overview(t: Test, { go, page, scene }: Stage): Promise<void> {
  await go('/');
  const text = await says(page, /1 alert firing/);
  t.match(text, /WARNING HiddenDependent .*service shadow verifies tokens of .* not declared/);
  t.match(text, /1 receiver of alerts did not take what was sent last: on-call/);
  t.match(text, new RegExp(`${scene.broken.issuer} NOT READABLE .*expected status 200, got 500`));
  t.match(text, new RegExp(`${scene.issuer.issuer} DIFFERS Its addresses serve different keys`));
  t.notMatch(text, /Nothing is the matter/);
  t.ok(
    text.indexOf('1 alert firing') < text.indexOf('Open rotations') &&
      text.indexOf('Open rotations') < text.indexOf('DIFFERS'),
    'what needs a person comes first',
  );
}

async function differingIssuer(t: Test, { go, page, scene }: Stage): Promise<void> {
  await go(`/issuers?issuer=${encodeURIComponent(scene.issuer.issuer)}`);
  const text = await says(page, /missing at/);
  t.match(
    text,
    new RegExp(`is served by ${scene.issuer.jwksUri} and missing at ${scene.lagging.jwksUri}`),
  );
  t.match(
    text,
    /READABLE looked at .* caches may keep it max-age 5m clock agrees with the collector's/,
  );
  t.match(text, /LACKS A KEY .* no max-age .* 2026-a ES256 lacks/);
  t.match(text, /Keys, now and ever .*2026-a served ES256/);
  t.match(text, /rotated by us longest token lifetime 5m, declared or seen/);
  t.match(text, /<img src=x onerror=hacked=1> served/, 'a hostile kid is text');

  await says(page, /How its JWKS changed .*first seen, with 2026-a/);
  scene.lagging.serve(scene.issuer.both);
  await eventually('the difference is gone', async () => {
    return /DIFFERS|missing at/.test(await textOf(page)) ? undefined : true;
  });
  await says(page, new RegExp(`UTC ${scene.lagging.jwksUri} \\+ new:`), { withinMs: 15_000 });
  scene.lagging.serve([scene.issuer.old.publicJwk]);
  await says(page, new RegExp(`UTC ${scene.lagging.jwksUri} − gone:`), { withinMs: 15_000 });
  await go(`/issuers?issuer=${encodeURIComponent(scene.issuer.issuer)}&to=2026-01-01T00:00:00Z`);
  await says(page, /How its JWKS changed Until 2026-01-01 00:00:00 UTC .*No change is on record/);
}

async function unreadableIssuer(t: Test, { go, page, scene }: Stage): Promise<void> {
  await go('/issuers');
  await page.getByRole('link', { name: scene.broken.issuer }).click();
  const text = await says(page, /expected status 200, got 500/);
  t.match(new URL(page.url()).searchParams.get('issuer'), scene.broken.issuer);
  t.match(text, /NOT READABLE .*last readable not since the start why status fails \d+ in a row/);
  t.match(text, /Which keys it serves now is not known/);
  t.match(text, /longest token lifetime not known/);
  t.equal(await page.locator('.unknown-keys.hatched').count(), 1);
  t.equal(await page.title().then((title) => title.includes(scene.broken.issuer)), true);
  await go('/issuers?issuer=https://elsewhere.example');
  await says(page, /name no such issuer.*a slash at the end makes another one/);
}

async function inventory(t: Test, { go, page }: Stage): Promise<void> {
  await go('/inventory');
  const text = await says(page, /6 services/);
  t.match(text, /6 services · 5 declared · 1 not declared · 1 never seen/);
  t.match(text, /shadow not declared.*1 instance live, none expected HiddenDependent/);
  t.match(text, /billing never seen .*0 of 1 expected/);
  t.match(text, /mobile.*99 % within 1h; 1 % of it is left out.*unmanaged.*does not report/);
  t.match(text, /partner.*by the word of a person.*waits|the word of a named person/i);
  t.match(text, /orders.*2 of 2 expected 2 reporting/);
  t.match(text, /reports optional/);
  t.ok(text.indexOf('shadow') < text.indexOf('orders'), 'what is not in order comes first');

  await page.getByLabel('State').selectOption('never_seen');
  await says(page, /1 of 6 services match/);
  t.match(page.url(), /\?state=never_seen$/);
  t.notMatch(await textOf(page, 'table'), /shadow/);
  await page.getByLabel('Name').fill('BILL');
  await eventually('the address', () => (page.url().endsWith('q=BILL') ? true : undefined));
  await page.reload();
  await says(page, /1 of 6 services match/);
  t.equal(await page.getByLabel('Name').inputValue(), 'BILL', 'a link leads to the same');
  await page.getByRole('button', { name: 'Show all' }).click();
  await says(page, /6 services · 5 declared/);

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: /Copy 6 services as JSON/ }).click();
  await says(page, /Copied/);
  const copied = JSON.parse(await page.evaluate<string>('navigator.clipboard.readText()'));
  t.match(copied, [{ name: 'shadow', conditions: ['undeclared', 'waiting'] }, { name: 'billing' }]);
  await go('/inventory?state=lost');
  await says(page, /not understood, so none are shown/);
  await go('/inventory?q=nobody');
  await says(page, /No service matches/);
}

async function alerts(t: Test, { go, page, scene }: Stage): Promise<void> {
  const { api } = scene.collector;
  await go('/alerts');
  const text = await says(page, /1 firing .*VerifierNeverSeen/);
  t.match(text, /Firing WARNING HiddenDependent/);
  t.match(text, /Seen, and not for long enough to fire .*VerifierNeverSeen.*service billing/);
  t.match(text, /Who is told .*on-call webhook FAILS since .* status 500/);
  t.match(text, /Last arrived nothing since the start|nothing since the start/);

  await go('/alerts?state=pending&name=VerifierNeverSeen');
  await says(page, /1 of \d+ alerts match/);
  const only = await textOf(page, 'main');
  t.match(only, /No alert that matches fires.*billing/);
  t.notMatch(only, /HiddenDependent .*verifies/);
  t.equal(await page.getByLabel('State').inputValue(), 'pending');
  await page.getByLabel('Severity').selectOption('critical');
  await says(page, /0 of \d+ alerts match/);
  await go('/alerts?q=SHADOW');
  t.match(await says(page, /1 of \d+ alerts match/), /service shadow/);
  await go('/alerts?state=burning');
  await says(page, /not understood, so none are shown/);

  await go('/alerts');
  const silenced = await api.post('/v1/silences', {
    name: 'HiddenDependent',
    by: 'ana',
    reason: HOSTILE,
    valid_for_s: 600,
  });
  t.equal(silenced.status, 201);
  await says(page, /Silences in force .*HiddenDependent: .*by ana, .*ends in 9m/);
  t.match(await textOf(page), /service shadow .* · silenced/);
  t.match(await textOf(page), /keeps 1 firing alert from being told/);
}

async function oneAlert(t: Test, { go, page, scene }: Stage): Promise<void> {
  const { api } = scene.collector;
  const alert = await alertOf(scene, 'HiddenDependent');
  await go(`/alerts/${alert}`);
  const text = await says(page, /History .*When Who What Entry/);
  t.match(text, /WARNING HiddenDependent FIRING service shadow verifies tokens/);
  t.match(text, /gates none are shut by it taken on by nobody/);
  t.match(text, /silenced HiddenDependent: /);
  t.match(text, new RegExp(`keyturn alerts ack ${alert} --reason "why"`));
  t.match(text, /UTC keyturn alert HiddenDependent fires: service shadow/);
  await api.post(`/v1/alerts/${alert}/acknowledge`, { by: 'ana', reason: 'asking its owner' });
  await says(page, /taken on by ana, .*: asking its owner/, { withinMs: 3_000 });
  await says(page, /ana acknowledges alert .*: asking its owner/, { withinMs: 5_000 });
  t.notMatch(await textOf(page), /keyturn alerts ack/);
  await page.getByRole('link', { name: 'shadow' }).click();
  await says(page, /Inventory .*1 of 6 services match/);
  await page.goBack();
  await page.getByRole('link', { name: 'What it means and what to do' }).click();
  await page.waitForURL('**/runbooks/HiddenDependent');
  await go('/alerts/al-0-0');
  await says(page, /no alert with this id.*Nothing is on record under this id/);
}

async function keyboard(t: Test, { go, page }: Stage): Promise<void> {
  await go('/alerts');
  await says(page, /Firing/);
  await page.keyboard.press('Tab');
  t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  t.equal(await page.evaluate('document.activeElement.type'), 'search', 'the first filter');
  await page.keyboard.type('shadow');
  await says(page, /1 of \d+ alerts match/);
  for (let n = 0; n < 20; n += 1) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate<string>('document.activeElement.textContent');
    if (/service shadow/.test(text)) break;
  }
  const outline = `getComputedStyle(document.activeElement).outlineStyle`;
  t.equal(await page.evaluate(outline), 'solid', 'where one is can be seen');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/alerts/al-*');
  await says(page, /HiddenDependent FIRING/);
}

async function narrow(t: Test, { browser, scene }: Stage): Promise<void> {
  const alert = await alertOf(scene, 'HiddenDependent');
  const issuer = encodeURIComponent(scene.issuer.issuer);
  const { page, problems } = await openPage(browser, 'about:blank', { width: NARROWEST_PX });
  const paths = [
    '/',
    '/alerts',
    `/alerts/${alert}`,
    '/issuers',
    `/issuers?issuer=${issuer}`,
    '/inventory',
  ];
  for (const path of paths) {
    await page.goto(scene.collector.url + path);
    await page.locator('h1').waitFor();
    await page.locator('.card, .rows').first().waitFor();
    const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    t.equal(over, 0, path);
  }
  t.same(problems, []);
  await page.context().close();
}

function alertOf({ collector }: TroubledScene, name: string): Promise<string> {
  return eventually(`alert ${name}`, async () => {
    const { body } = await collector.api.get(`/v1/alerts?firing=true&name=${name}`);
    return (body.alerts as { readonly id: string }[])[0]?.id;
  });
}
