import t from 'tap';
import { startScene } from '../harness/dashboard-scene.ts';
import { eventually } from '../harness/eventually.ts';
import { FIREFOX_MISSING, startFirefox } from '../harness/firefox.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { placesOf } from './places.ts';

t.setTimeout(180_000);

const TEXT = 'document.body.innerText';

t.test('in Firefox', { skip: FIREFOX_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const [page, scene] = await Promise.all([
    startFirefox(cleanup),
    startScene(cleanup, { services: { orders: ['orders-1', 'orders-2'], billing: ['billing-1'] } }),
  ]);
  const { collector } = scene;
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

  await t.test('a rotation is followed live, in colours and shapes of its own', async (t) => {
    await page.goto(`${collector.url}/rotations/${scene.rotationId}`);
    await reads(/\blive\b/);
    await scene.publish();
    scene.learn(({ instance }) => instance !== 'orders-2');
    await reads(/In the way of activate[^]*orders\/orders-2/, 20_000);
    t.match(await page.evaluate('document.title'), /✕ CLOSED .* · Keyturn/);
    scene.learn();
    await reads(/Safe to sign with the new key[^]*OPEN/, 20_000);
    await eventually('the title', async () =>
      /✓ OPEN/.test(String(await page.evaluate('document.title'))) ? true : undefined,
    );
    const open = await page.evaluate(`(() => {
      const badge = document.querySelector('.badge.open');
      const style = getComputedStyle(badge);
      return { shape: badge.querySelector('path').getBBox().width > 0, colour: style.color };
    })()`);
    t.match(open, { shape: true, colour: /^rgb/ });
    t.ok((await page.screenshot()).length > 10_000, 'it is drawn');
  });

  for (const [name, path] of await placesOf(scene)) {
    await t.test(`${name} loads`, async (t) => {
      await page.goto(collector.url + path);
      await reads(/\blive\b/);
      await eventually('its heading', async () =>
        (await page.evaluate(`document.querySelector('main h1') !== null`)) === true
          ? true
          : undefined,
      );
      const width = `({ wide: document.documentElement.scrollWidth, own: document.documentElement.clientWidth })`;
      const sides = (await page.evaluate(width)) as { wide: number; own: number };
      t.ok(sides.wide <= sides.own, 'nothing to scroll sideways');
    });
  }

  await t.test('it says when the collector is gone', async () => {
    await collector.child.kill();
    await reads(/No word from the collector for \d+s/, 20_000);
  });
  t.same(page.problems, []);
});
