import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { alertmanagerMissing } from '../../harness/alertmanager.ts';
import { prometheusMissing } from '../../harness/prometheus.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import { teardown } from '../../harness/teardown.ts';
import { tempDirectory } from '../../harness/temp-directory.ts';
import { sectionOf, tableOf, withSection } from './end-to-end-page.ts';
import { measureAlerts } from './measure.ts';

const HELP = `Measures how long it takes from a refused token to a webhook: Keyturn's, and Prometheus' with Alertmanager.

  pnpm bench:alert [--runs 12] [--rate 50] [--share 0.1] [--seed 1] [--write docs/detection.md]`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '12' },
    rate: { type: 'string', default: '50' },
    share: { type: 'string', default: '0.1' },
    seed: { type: 'string', default: '1' },
    write: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const missing = [prometheusMissing, alertmanagerMissing].filter((one) => one !== false);
if (values.help) process.stdout.write(`${HELP}\n`);
else if (missing.length > 0) {
  process.stderr.write(`bench:alert: ${missing.join(', ')}\n`);
  process.exitCode = 1;
} else await run();

async function run(): Promise<void> {
  const cleanup = teardown();
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const options = {
    runs: Number(values.runs),
    perSecond: Number(values.rate),
    share: Number(values.share),
    random: seededRandom(Number(values.seed)),
    say,
  };
  try {
    const result = await measureAlerts(cleanup, await tempDirectory(cleanup), options);
    process.stdout.write(`${tableOf(result)}\n`);
    const [load = 0] = os.loadavg();
    const cores = os.availableParallelism();
    say(`load of the machine: ${load.toFixed(1)} on ${cores} cores`);
    if (values.write === undefined) return;
    const document = await readFile(values.write, 'utf8').catch(() => '# Detection\n');
    await writeFile(
      values.write,
      withSection(document, sectionOf(result, options, { load, cores })),
    );
  } finally {
    for (const failure of await cleanup.run()) say(`not put away: ${failure}`);
  }
}
