// A test runner for Stryker that loads the tests of the core once and runs them for each mutant in the
// same process. One process per test file and mutant, as its runner for tap does it, takes hours here.

import { glob, readFile, writeFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Recorded } from './recorded-tap.ts';

/** The part of Stryker's contract that is used; its package is not installed beside this file. */
interface MutantRunOptions {
  readonly activeMutant: { readonly id: string; readonly fileName: string };
  readonly mutantActivation: 'runtime' | 'static';
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
}

/** How often each mutant was reached, by its id. */
type Hits = Record<string, number>;

interface Coverage {
  readonly static: Hits;
  readonly perTest: Record<string, Hits>;
}

/** What instrumented code reads and writes. */
interface Instrumented {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: Coverage | undefined;
}

/** Tests slower than this are run only for mutants that no other test reaches. */
const SLOW_MS = 250;

/** What each test took in the first run, by id, for all runner processes; in the sandbox. */
const TIMES_FILE = 'test-times.json';

/** Where instrumented code looks for it. */
const NAMESPACE = '__stryker__';

const instrumented = ((globalThis as Record<string, Instrumented | undefined>)[NAMESPACE] ??= {});

class InProcessRunner {
  static readonly inject = [] as const;
  #tests: readonly Recorded[] | undefined;
  #isLate = false;

  capabilities(): { readonly reloadEnvironment: false } {
    return { reloadEnvironment: false };
  }

  async init(): Promise<void> {
    // Loading waits for the first run: a mutant of what runs at load time must be active by then.
    process.on('unhandledRejection', () => {
      this.#isLate = true;
    });
  }

  async dryRun(): Promise<unknown> {
    const tests = [];
    const times: Record<string, number> = {};
    for (const test of await this.#load()) {
      instrumented.currentTestId = test.id;
      const startedAt = process.cpuUsage();
      const failure = await this.#run(test);
      tests.push({
        id: test.id,
        name: test.id,
        fileName: join(process.cwd(), test.file),
        timeSpentMs: (times[test.id] = cpuMsSince(startedAt)),
        ...(failure === undefined ? { status: 0 } : { status: 1, failureMessage: failure }),
      });
    }
    instrumented.currentTestId = undefined;
    await writeFile(TIMES_FILE, JSON.stringify(times));
    const mutantCoverage = instrumented.mutantCoverage ?? { static: {}, perTest: {} };
    leaveSlowOnesOut(mutantCoverage.perTest, times);
    return { status: 'complete', tests, mutantCoverage };
  }

  async mutantRun(options: MutantRunOptions): Promise<unknown> {
    const { activeMutant, mutantActivation, testFilter, hitLimit } = options;
    if (mutantActivation === 'static') instrumented.activeMutant = activeMutant.id;
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    let all: readonly Recorded[];
    try {
      all = await this.#load();
    } catch (error) {
      return killed([], `loading: ${String(error)}`, 0);
    }
    instrumented.activeMutant = activeMutant.id;
    instrumented.hitCount = hitLimit === undefined ? undefined : 0;
    instrumented.hitLimit = hitLimit;
    let nrOfTests = 0;
    const times = await timesOf(all);
    try {
      for (const test of inOrder(all, times, activeMutant.fileName)) {
        const isWanted = wanted?.has(test.id) ?? (times[test.id] ?? 0) <= SLOW_MS;
        if (!isWanted) continue;
        nrOfTests += 1;
        const failure = await this.#run(test);
        if (isHitOut()) return { status: 'timeout', reason: `more than ${hitLimit} hits` };
        if (failure !== undefined) return killed([test.id], failure, nrOfTests);
      }
    } finally {
      instrumented.activeMutant = undefined;
      instrumented.hitCount = undefined;
    }
    return { status: 'survived', nrOfTests };
  }

  async #run(test: Recorded): Promise<string | undefined> {
    const { RecordedTest } = await import('./recorded-tap.ts');
    this.#isLate = false;
    try {
      await new RecordedTest().run(test.body);
      return this.#isLate ? 'a rejection nobody handled' : undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #load(): Promise<readonly Recorded[]> {
    if (this.#tests !== undefined) return this.#tests;
    const stand = pathToFileURL(join(import.meta.dirname, 'recorded-tap.ts')).href;
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'tap' ? { url: stand, shortCircuit: true } : next(specifier, context),
    });
    const { loading, recorded } = await import('./recorded-tap.ts');
    const root = process.cwd();
    const files: string[] = [];
    for await (const file of glob('collector/test/core/**/*.test.ts')) files.push(file);
    for (const file of files.sort()) {
      loading.file = relative(root, join(root, file));
      await import(pathToFileURL(join(root, file)).href);
    }
    loading.file = '';
    await withoutShrinking(root);
    this.#tests = recorded;
    return recorded;
  }
}

/** A property that fails has shown the mutant; the smallest example is nobody's business here. */
async function withoutShrinking(root: string): Promise<void> {
  const { createRequire } = await import('node:module');
  const file = createRequire(join(root, 'collector', 'test', 'core', 'x.ts')).resolve('fast-check');
  const fc = (await import(pathToFileURL(file).href)) as typeof import('fast-check');
  fc.configureGlobal({ endOnFailure: true, seed: 1 });
}

/** The tests of the mutant's own file, which are likely to notice, before all others; quickest first. */
function inOrder(
  tests: readonly Recorded[],
  times: Readonly<Record<string, number>>,
  mutated: string,
): readonly Recorded[] {
  const own = `/${basename(mutated, '.ts')}.`;
  const rank = ({ id, file }: Recorded): number =>
    (times[id] ?? 0) + (file.includes(own) ? 0 : 1_000_000);
  return tests.toSorted((a, b) => rank(a) - rank(b));
}

/** Time of the processor, so that a busy machine makes no test slow. */
function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

async function timesOf(tests: readonly Recorded[]): Promise<Readonly<Record<string, number>>> {
  if (tests.length === 0) return {};
  return JSON.parse(await readFile(TIMES_FILE, 'utf8')) as Record<string, number>;
}

function leaveSlowOnesOut(
  perTest: Coverage['perTest'],
  times: Readonly<Record<string, number>>,
): void {
  const isQuick = (id: string): boolean => (times[id] ?? 0) <= SLOW_MS;
  const reached = new Set<string>();
  for (const [id, hits] of Object.entries(perTest)) {
    if (isQuick(id)) for (const mutant of Object.keys(hits)) reached.add(mutant);
  }
  for (const [id, hits] of Object.entries(perTest)) {
    if (isQuick(id)) continue;
    perTest[id] = Object.fromEntries(Object.entries(hits).filter(([it]) => !reached.has(it)));
  }
}

function isHitOut(): boolean {
  const { hitCount, hitLimit } = instrumented;
  return hitCount !== undefined && hitLimit !== undefined && hitCount > hitLimit;
}

function killed(killedBy: readonly string[], failureMessage: string, nrOfTests: number): unknown {
  return { status: 'killed', killedBy, failureMessage, nrOfTests };
}

/** Found by Stryker under this name. */
export const strykerPlugins = [
  { kind: 'TestRunner', name: 'in-process', injectableClass: InProcessRunner },
];
