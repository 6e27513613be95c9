// `pnpm simulate`: rotations in worlds where everything goes wrong, judged by what is true.

import { parseArgs } from 'node:util';
import { cut, formatCuts, parseCuts, wholeOf } from './cuts.ts';
import { headline } from './headline-run.ts';
import { WORLD_KINDS } from './plan.ts';
import { shrink } from './shrink.ts';
import { type Result, simulate } from './simulate.ts';
import { kindsOf, planOfKind } from './worlds.ts';
import { addTo, emptySummary, summaryLines } from './summary.ts';

const USAGE = `pnpm simulate [--seeds N] [--from SEED]   run N worlds (200), from this seed (1) on
pnpm simulate --replay SEED [--kind KIND] [--cuts CUTS]  run one world (rotation) again and tell its story
pnpm simulate --headline [--seeds N] [--from SEED] [--workers N] [--out FOLDER]
                compare with the waits people use today, in N processes (1); writes simulation.md and its
                picture (docs). Ctrl-C or SIGTERM ends it early, with the seeds it has. FOLDER keeps them in
                runs.jsonl: the same command goes on where it ended
  --kind KIND   worlds of this kind alone: rotation, secrets, observed,
                canaries; else every seed has a
                rotation, and every fifth a world of each other kind beside it
  --story       tell the story of every world
  --no-shrink   leave a failing world as it is
  --json        one JSON object per world, and one for all
Exit status: 0 every promise held, 1 one was broken, 2 usage.`;

/** Lines of a story shown when a world fails; \`--replay\` shows them all. */
const STORY_TAIL = 60;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let options;
  try {
    options = optionsOf(argv);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(USAGE);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options.headline) return await headline(options);
  return options.replay === null ? await many(options) : await replay(options, options.replay);
}

type Options = ReturnType<typeof optionsOf>;

function optionsOf(argv: readonly string[]) {
  const { values } = parseArgs({
    args: argv.filter((arg) => arg !== '--'),
    options: {
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      replay: { type: 'string' },
      kind: { type: 'string' },
      cuts: { type: 'string' },
      story: { type: 'boolean', default: false },
      'no-shrink': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      headline: { type: 'boolean', default: false },
      workers: { type: 'string', default: '1' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    seeds: whole('--seeds', values.seeds),
    from: whole('--from', values.from),
    replay: values.replay === undefined ? null : whole('--replay', values.replay),
    kind: values.kind === undefined ? null : kindNamed(values.kind),
    cuts: values.cuts === undefined ? null : parseCuts(values.cuts),
    story: values.story,
    shrinks: !values['no-shrink'],
    json: values.json,
    headline: values.headline,
    workers: Math.max(1, whole('--workers', values.workers)),
    out: values.out ?? null,
    help: values.help,
  };
}

function kindNamed(name: string) {
  const kind = WORLD_KINDS.find((known) => known === name);
  if (kind !== undefined) return kind;
  throw new RangeError(`--kind: expected one of ${WORLD_KINDS.join(', ')}, got ${name}`);
}

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text))
    throw new RangeError(`${name}: expected a whole number, got ${text}`);
  return Number(text);
}

async function replay({ cuts, kind, json }: Options, seed: number): Promise<number> {
  const plan = planOfKind(kind ?? 'rotation', seed);
  const result = await simulate(cut(plan, cuts ?? wholeOf(plan)));
  if (json) console.log(JSON.stringify(result));
  else console.log([...result.story, '', verdictOf(result)].join('\n'));
  return result.violations.length > 0 ? 1 : 0;
}

async function many(options: Options): Promise<number> {
  const { seeds, from, story, json, shrinks } = options;
  const summary = emptySummary();
  const startedMs = performance.now();
  for (let seed = from; seed < from + seeds; seed += 1) {
    for (const kind of kindsOf(seed, options.kind)) {
      const result = await simulate(planOfKind(kind, seed));
      addTo(summary, result);
      const { story: lines, ...facts } = result;
      if (json) console.log(JSON.stringify(facts));
      else if (story) console.log([...lines, verdictOf(result), ''].join('\n'));
      if (result.violations.length > 0) await tellFailure(result, shrinks, json);
    }
  }
  const tookMs = performance.now() - startedMs;
  if (json) console.log(JSON.stringify({ ...summary, from, tookMs: Math.round(tookMs) }));
  else console.log(summaryLines(summary, from, tookMs).join('\n'));
  return summary.violated.length > 0 ? 1 : 0;
}

async function tellFailure(result: Result, shrinks: boolean, json: boolean): Promise<void> {
  const plan = planOfKind(result.kind, result.seed);
  const which = `${result.seed}${result.kind === 'rotation' ? '' : ` --kind ${result.kind}`}`;
  const { cuts, result: least } = shrinks
    ? await shrink(plan, result)
    : { cuts: wholeOf(plan), result };
  const tell = json ? console.error : console.log;
  tell(`SEED=${result.seed} broke a promise. ${verdictOf(result)}`);
  tell(least.story.slice(-STORY_TAIL).join('\n'));
  tell(`again, whole:  pnpm simulate --replay ${which}`);
  if (shrinks) tell(`again, shrunk: pnpm simulate --replay ${which} --cuts ${formatCuts(cuts)}`);
}

function verdictOf({
  seed,
  kind,
  outcome,
  hash,
  violations,
  excused,
  presented,
  refused,
}: Result): string {
  const broken = violations.map(({ rule, message }) => `${rule}: ${message}`);
  const outside = Object.entries(excused).map(
    ([why, times]) => `  outside: ${why} (${times} times)`,
  );
  return [
    `seed ${seed}${kind === 'rotation' ? '' : ` (${kind})`}: ${outcome}, trace ${hash}, ${presented} tokens presented, ${refused} valid ones refused`,
    ...broken.map((line) => `  broken: ${line}`),
    ...outside,
  ].join('\n');
}
