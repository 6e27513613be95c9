import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Delays, FalseAlarms } from './measure.ts';
import { alarmTable, delayTable, page } from './page.ts';
import { picture, pictureRows } from './picture.ts';
import { runAll } from './pool.ts';
import { BROKEN, calmScenes, RATES } from './scenes.ts';
import type { Task } from './worker.ts';

const HELP = `Measures how fast detectors find a broken cutover, and how often they are wrong.

  pnpm bench:detect [--days 60] [--trials 40] [--seed 1] [--workers 1] [--out FOLDER]

Prints the tables. With --out (docs), writes them into detection.md between its marks, with its picture.`;

const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    days: { type: 'string', default: '60' },
    trials: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const size = {
  days: Number(values.days),
  trials: Number(values.trials),
  seed: Number(values.seed),
  workers: Number(values.workers),
};

if (values.help) console.log(HELP);
else if (Object.values(size).every((number) => Number.isInteger(number) && number > 0)) await run();
else {
  console.error(
    `expected whole numbers above 0 for --days, --trials, --seed and --workers\n\n${HELP}`,
  );
  process.exitCode = 2;
}

async function run(): Promise<void> {
  const { days, trials, seed, workers } = size;
  const broken = RATES.flatMap((rate) =>
    BROKEN.map((share): Task => ({ kind: 'delays', rate, broken: share, trials })),
  );
  const calm = RATES.flatMap((rate) =>
    calmScenes(rate).map((scene): Task => ({ kind: 'alarms', scene, days })),
  );
  const results = await runAll([...broken, ...calm], workers, seed, (task) => {
    console.error(
      task.kind === 'delays'
        ? `${task.rate} rps, ${task.broken * 100} % refused`
        : `${task.scene.rate} rps, ${task.scene.name}, ${days} days`,
    );
  });
  const found = results.slice(0, broken.length) as readonly Delays[];
  const wrong = results.slice(broken.length) as readonly FalseAlarms[];
  console.log(`${delayTable(found)}\n\n${alarmTable(wrong)}`);
  if (values.out === undefined) return;
  const file = path.join(values.out, 'detection.md');
  const text = await readFile(file, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`${file}: expected the marks ${BEGIN} and ${END}`);
  }
  await writeFile(file, `${before}${BEGIN}\n\n${page(found, wrong, size)}\n${END}${after}`);
  await writeFile(path.join(values.out, 'detection.svg'), picture(pictureRows(found, wrong)));
}
