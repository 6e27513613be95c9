import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureAlertRules, measureGateReads, measureIngest } from './collector-rates.ts';
import { openBenchFleet } from './fleet.ts';
import { measureHistory } from './history-looks.ts';
import { measureHook } from './hook-cost.ts';
import { table } from './table.ts';

const HELP = `Measures the hot paths: the verification hook, report ingest, the alert rules of a tick, a look of
history, gate reads.

  pnpm bench [--sizes 1000,10000,100000] [--seconds 3] [--json]

Rates depend on the machine; the last column compares each size with the first, in one run.`;

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,10000,100000' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(`${HELP}\n`);
} else {
  const sizes = values.sizes.split(',').map(Number);
  const seconds = Number(values.seconds);
  if (sizes.some((size) => !Number.isInteger(size) || size < 1) || !(seconds > 0)) {
    process.stderr.write(`bench: expected whole numbers for --sizes and --seconds\n\n${HELP}\n`);
    process.exitCode = 2;
  } else {
    await run(sizes, seconds, values.json);
  }
}

async function run(sizes: readonly number[], seconds: number, json: boolean): Promise<void> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'keyturn-bench-'));
  // The engine's timers do not keep a process alive; the bench must.
  const alive = setInterval(() => {}, 60_000);
  const say = (line: string): void => {
    (json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  try {
    const hook = await measureHook();
    say(`verification hook: ${hook.nsPerCount.toFixed(0)} ns per counted verification\n`);
    const rows = [];
    for (const size of sizes) {
      say(`${size.toLocaleString('en')} verifiers …`);
      const fleet = await openBenchFleet(path.join(directory, `${size}`), size);
      try {
        const ingest = await measureIngest(fleet, seconds);
        const rules = measureAlertRules(fleet);
        const { medianMs: historyLookMs } = await measureHistory(fleet);
        const reads = await measureGateReads(fleet, seconds);
        rows.push({ size, ...ingest, ...rules, historyLookMs, ...reads });
      } finally {
        fleet.close();
      }
    }
    say(`\n${table(rows)}`);
    if (json) process.stdout.write(`${JSON.stringify({ hook, rows })}\n`);
  } finally {
    clearInterval(alive);
    await rm(directory, { recursive: true, force: true });
  }
}
