import t from 'tap';
import { delays, falseAlarms, percentile } from './measure.ts';
import { delayTable, duration, page } from './page.ts';
import { picture, pictureRows } from './picture.ts';
import { KEYTURN } from './product.ts';
import { calmScenes } from './scenes.ts';

// Small and seeded: a detector that became worse shows here, the figures are in docs/detection.md.

t.test('a broken cutover is found about as soon as it ever was', async (t) => {
  for (const [broken, medianS, trials] of [
    [0.1, 3, 5],
    [0.02, 10, 5],
    [0.005, 20, 25],
  ] as const) {
    const { seconds } = delays(50, broken, trials, 1, 120, 300);
    const median = percentile(seconds.get(KEYTURN) ?? [], 0.5);
    t.ok(median <= medianS, `${broken * 100} % of 50 tokens a second after ${median} s`);
  }
});

t.test('a day of every calm scene stays calm', async (t) => {
  for (const scene of calmScenes(5)) {
    const { perMonth, floods } = falseAlarms(scene, 1, 1);
    t.equal(perMonth.get(KEYTURN), 0, scene.name);
    t.equal(floods > 0, scene.attackers, `${scene.name}: foreign kids`);
  }
});

t.test('the same seed tells the same', async (t) => {
  const one = delays(1, 0.1, 2, 7, 300, 600);
  t.strictSame(delays(1, 0.1, 2, 7, 300, 600), one);
  t.match(delayTable([one]), /\| Keyturn \|/);
  t.equal(duration(Infinity), 'never');
  const calm = calmScenes(50)[0];
  const alarms = calm === undefined ? [] : [falseAlarms(calm, 1 / 24, 1)];
  t.match(page([one], alarms, { days: 1, trials: 2, seed: 7 }), /--days 1 --trials 2 --seed 7/);
  t.match(picture(pictureRows([one], alarms)), /^<svg [\s\S]*<\/svg>\n$/);
});
