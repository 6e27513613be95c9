import t, { type Test } from 'tap';
import { visibleText } from '../../collector/src/dashboard/ui/visible-text.ts';
import { BROWSER_MISSING, openPage, startBrowser, type WatchedPage } from '../harness/browser.ts';
import { type Scene, startScene } from '../harness/dashboard-scene.ts';
import { startRewritingProxy } from '../harness/rewriting-proxy.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { type Places, placesOf } from './places.ts';
import { says } from './reading.ts';

t.setTimeout(180_000);

const MARKUP = `"><script>hacked=1</script><img src=x onerror="hacked=1"><svg onload='hacked=1'>`;
const LONG = 'w'.repeat(128);
const FAMILY = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}';

/** Words that stand for what comes from outside, in the scene; each is unlike any word of the page. */
const WORDS = {
  oldKid: 'zzoldkid',
  newKid: 'zznewkid',
  issuer: 'zzissuer',
  service: 'zzservice',
  instance: 'zzinstance',
  cache: 'zzcache',
  by: 'zzby',
  reason: 'zzreason',
} as const;

/** Names are cut where they are long; this much of one is always there. */
const READ_CHARS = 9;

type Texts = Readonly<Record<keyof typeof WORDS, string>>;

const HOSTILE: Readonly<Record<string, Texts>> = {
  markup: {
    oldKid: `${MARKUP}old`,
    newKid: '{{constructor.constructor("hacked=1")()}}${hacked=1}',
    issuer: `https://x"onmouseover="hacked=1"/${MARKUP}`,
    service: 'javascript:hacked=1//',
    instance: `</title></style></textarea>${MARKUP}`,
    cache: '"><a href="javascript:hacked=1">click</a>',
    by: `<b onclick=hacked=1>${MARKUP}`,
    reason: `<iframe srcdoc="<script>top.hacked=1</script>"></iframe>${MARKUP}`,
  },
  'hidden and reordering characters': {
    oldKid: '\u202eevil\u202c\u2066old\u2069',
    newKid: `a\u200bb\u200cc\ufeff${FAMILY}\u{e0041}`,
    issuer: 'https://\u05d0\u05d1\u05d2.\u0645\u062b\u0627\u0644/\u202egnp.js',
    service: `\u200f\u05e9\u05dc\u05d5\u05dd\u200f\u2028\u2029`,
    instance: 'tab\there\nline\u0000nul\u001b[31mred\u0007',
    cache: '\ud800lone\udfff',
    by: `${FAMILY.repeat(8)}Z\u0336a\u0337l\u0338g\u0335o`,
    reason: '\u202dreason\u202e reversed \u061c\u180e',
  },
  'names of the language, and no place to break': {
    oldKid: '__proto__',
    newKid: 'constructor',
    issuer: `https://${LONG}/${LONG}/${LONG}`,
    service: 'toString',
    instance: LONG,
    cache: 'hasOwnProperty',
    by: LONG.repeat(3),
    reason: LONG.repeat(3),
  },
};

t.test('a collector that lets every text in', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const [browser, scene] = await Promise.all([
    startBrowser(cleanup),
    startScene(cleanup, {
      kids: [WORDS.oldKid, WORDS.newKid],
      issuer: `https://${WORDS.issuer}`,
      services: { [WORDS.service]: [WORDS.instance, 'plain-1'] },
      cache: WORDS.cache,
    }),
  ]);
  await actAs(scene, WORDS.by, WORDS.reason);
  await failTokens(scene);
  for (const [name, texts] of Object.entries(HOSTILE)) {
    await t.test(name, async (t) => {
      const words = new Map(
        Object.entries(WORDS).map(([what, word]) => [word, texts[what as keyof Texts]] as const),
      );
      const url = await startRewritingProxy(cleanup, scene.collector.url, words);
      const places = new Map(
        [...(await placesOf(scene))].map(([page, path]) => [page, encoded(path, words)] as const),
      );
      const watched = await openPage(browser, 'about:blank', {
        width: 360,
        height: 740,
      });
      await everyPlaceIsInert(t, watched, url, places, texts.oldKid);
      await watched.page.context().close();
    });
  }
});

t.test('what ingest takes for a name', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const kids = [
    '<script>hacked=1</script>"&\'',
    `\u{1f511}\u05e9\u05dc\u05d5\u05dd${'k'.repeat(100)}`,
  ] as const;
  const [browser, scene] = await Promise.all([
    startBrowser(cleanup),
    startScene(cleanup, {
      kids,
      issuer: 'https://issuer/<img src=x onerror=hacked=1>',
      services: { constructor: ['javascript:hacked-1', LONG], valueOf: ['toString'] },
      cache: 'hasOwnProperty',
    }),
  ]);
  await actAs(scene, '<b>\u05d7\u05d5\u05d4</b>\u{1f511}', `${MARKUP}${LONG}`);
  await failTokens(scene);
  const watched = await openPage(browser, 'about:blank', { width: 360, height: 740 });
  await everyPlaceIsInert(t, watched, scene.collector.url, await placesOf(scene), kids[0]);
});

/** Nothing ran, nothing hides, nothing sticks out, and the page is still one to read. */
async function everyPlaceIsInert(
  t: Test,
  { page, problems }: WatchedPage,
  url: string,
  places: Places,
  oldKid: string,
): Promise<void> {
  for (const [name, path] of places) {
    await page.goto(url + path);
    await says(page, /\blive\b/);
    await page.locator('h1').first().waitFor();
    await page.waitForTimeout(150);
    const seen = await page.evaluate<Seen>(LOOK);
    if (name === 'overview' || name === 'rotation')
      t.ok(seen.text.includes(visibleText(oldKid).slice(0, READ_CHARS)), `${name}: it can be read`);
    t.equal(seen.hacked, null, `${name}: nothing ran`);
    t.same(seen.foreign, [], `${name}: no element came from a name`);
    t.same(seen.hidden, [], `${name}: nothing hides or reorders`);
    t.ok(
      seen.scrollWidth <= seen.clientWidth,
      `${name}: ${seen.scrollWidth} px of ${seen.clientWidth}`,
    );
    t.same(seen.sticksOut, [], `${name}: nothing sticks out`);
    t.same(seen.polluted, [], `${name}: no prototype was touched`);
    t.same(seen.links, [], `${name}: no link leads elsewhere`);
    t.same(problems.splice(0), [], `${name}: no error`);
  }
}

interface Seen {
  readonly text: string;
  readonly hacked: unknown;
  readonly foreign: readonly string[];
  readonly hidden: readonly string[];
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly sticksOut: readonly string[];
  readonly polluted: readonly string[];
  readonly links: readonly string[];
}

const LOOK = String.raw`(() => {
  const root = document.documentElement;
  const hides = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u;
  const texts = [document.title, document.body.innerText];
  for (const element of document.querySelectorAll('*'))
    for (const name of ['title', 'aria-label', 'alt', 'placeholder', 'value', 'datetime'])
      // What stands for an option is never shown; its text is.
      if (element.hasAttribute(name) && element.tagName !== 'OPTION') texts.push(element.getAttribute(name));
  const scrolls = (element) => {
    for (let at = element; at !== null; at = at.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  return {
    text: document.body.innerText,
    hacked: globalThis.hacked ?? null,
    foreign: [...document.querySelectorAll('body script, img, iframe, svg[onload], main style, [onclick], [onerror], b')].map((element) => element.outerHTML.slice(0, 100)),
    hidden: texts.filter((text) => hides.test(text)).map((text) => JSON.stringify(text.slice(Math.max(0, text.search(hides) - 40), text.search(hides) + 40))),
    scrollWidth: root.scrollWidth,
    clientWidth: root.clientWidth,
    sticksOut: [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1 && element.checkVisibility() && !scrolls(element))
      .map((element) => element.tagName + '.' + element.getAttribute('class') + ' ' + element.textContent.slice(0, 40))
      .slice(0, 5),
    polluted: [...Object.keys(Object.prototype), ...Object.keys(Array.prototype), ...(({}).polluted === undefined ? [] : ['polluted'])],
    links: [...document.querySelectorAll('a[href]')].map((link) => link.href).filter((href) => !href.startsWith(location.origin + '/')),
  };
})()`;

/** A person waives a check and overrides a gate, under a name and with words of their own. */
async function actAs(scene: Scene, by: string, reason: string): Promise<void> {
  await scene.publish();
  await scene.declare('publish', { by, override_reason: reason });
  const path = `/v1/rotations/${encodeURIComponent(scene.rotationId)}/waivers`;
  const waiver = { gate: 'retire', check_id: 'fleet_heard', by, reason, valid_for_s: 3_600 };
  const answer = await scene.collector.api.post(path, waiver);
  if (answer.status >= 300) throw new Error(`waive: ${JSON.stringify(answer.body)}`);
}

/** Valid tokens of the new key are refused until an alert says so. */
async function failTokens(scene: Scene): Promise<void> {
  await scene.declare('activate', { override_reason: 'to see an alert' });
  for (const verifier of scene.fleet.verifiers) {
    verifier.traffic = [
      [scene.issuer.old.ref.kid, 'ok', 20],
      [scene.issuer.new.ref.kid, 'unknown_kid', 20],
    ];
  }
  await scene.alertFires('VerificationFailures');
}

function encoded(path: string, words: ReadonlyMap<string, string>): string {
  let text = path;
  for (const [word, other] of words)
    text = text.replaceAll(word, encodeURIComponent(other.toWellFormed()));
  return text;
}
