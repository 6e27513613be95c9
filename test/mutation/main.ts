// `pnpm mutate [FOLDER …]`: tries the tests of the core against mutants of its files, some files at a
// time. What was measured of a commit is kept, so the same command goes on where it ended.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { CORE, coreFiles, ROOT, resultsFolder, type SourceFile } from './core-files.ts';

const USAGE = `pnpm mutate [FOLDER ...] [--workers N]
  FOLDER  of collector/src/core, such as gates; . is its top; by default all
  N       processes, 2 by default`;

const STRYKER = ['--package=@stryker-mutator/core@10.0.0', 'dlx', 'stryker', 'run'];

/** Characters of source that are measured at once. */
const PART_MAX = 60_000;

interface Part {
  readonly name: string;
  readonly files: readonly string[];
}

const options = optionsOf();
const results = resultsFolder();
const wanted = coreFiles().filter(
  ({ folder }) => options.folders.length === 0 || options.folders.includes(folder),
);
if (wanted.length === 0) usage(`no file of the core is in ${options.folders.join(' or ')}`);
// Of a tree that differs from its commit nothing is kept: it may differ otherwise now.
if (results.endsWith('+')) rmSync(results, { recursive: true, force: true });
// What tests took is taken anew for each commit.
if (!existsSync(results))
  rmSync(join(ROOT, 'reports', 'mutation', 'test-times.json'), { force: true });
mkdirSync(results, { recursive: true });
for (const part of partsOf(wanted)) measure(part);
const write = options.folders.length === 0 ? ['--write'] : [];
run(process.execPath, [join(import.meta.dirname, 'report.ts'), '--survivors', ...write]);

function optionsOf(): { readonly folders: readonly string[]; readonly workers: number } {
  try {
    const { values, positionals } = parseArgs({
      options: { workers: { type: 'string', default: '2' } },
      allowPositionals: true,
    });
    const workers = Number(values.workers);
    if (!Number.isInteger(workers) || workers < 1) {
      usage(`--workers: expected a whole number from 1 on, got ${values.workers}`);
    }
    return { folders: positionals, workers };
  } catch (error) {
    usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(problem: string): never {
  console.error(`${problem}\n${USAGE}`);
  process.exit(2);
}

/** Files of one folder that are not too many together. */
function partsOf(files: readonly SourceFile[]): readonly Part[] {
  return [...Map.groupBy(files, ({ folder }) => folder)].flatMap(([folder, all]) => {
    const parts: string[][] = [];
    let room = 0;
    for (const { file, size } of all) {
      room -= size;
      const last = parts.at(-1);
      if (last !== undefined && room >= 0) last.push(file);
      else {
        parts.push([file]);
        room = PART_MAX - size;
      }
    }
    const name = folder === '.' ? 'top' : folder.replaceAll('/', '-');
    return parts.map((part, n) => ({ name: `${name}-${n + 1}`, files: part }));
  });
}

function measure({ name, files }: Part): void {
  const fileName = join(results, `${name}.json`);
  if (existsSync(fileName)) return console.log(`${name}: measured already`);
  const config = join(ROOT, 'reports', 'mutation', `${name}.stryker.json`);
  const common = JSON.parse(
    readFileSync(join(import.meta.dirname, 'stryker.json'), 'utf8'),
  ) as object;
  const own = {
    mutate: files.map((file) => `${CORE}${file}`),
    jsonReporter: { fileName: relative(ROOT, fileName) },
    tempDirName: `reports/stryker-${name}`,
    concurrency: options.workers,
  };
  writeFileSync(config, JSON.stringify({ ...common, ...own }));
  run('pnpm', [...STRYKER, relative(ROOT, config)]);
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${command} ${args.join(' ')}: ${error?.message ?? `exit status ${status}`}`);
    process.exit(status ?? 1);
  }
}
