// A test runner for Stryker that loads the tests of the core once and runs them for each mutant in the
// same process. One process per test file and mutant, as its runner for tap does it, takes hours here.

import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
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

/** Tests slower than this are left out. */
const SLOW_MS = 250;

/** Stands for what a test took that fails without any mutant: it is left out, and named. */
const FAILS_MS = 1e9;

/** Of the tests of a mutant's folder the quickest are run that take as long together. */
const FOLDER_MS = 1_000;

/** Of all others, which seldom notice what those did not. */
const OTHERS_MS = 300;

/** What each test took, by id, for all runner processes and for later runs; beside the sandboxes. */
const TIMES_FILE = join('..', '..', 'mutation', 'test-times.json');

/** How instrumented code counts what is reached. Without it the tests are several times faster. */
const COUNTING = 'function stryCov_9fa48() {';

/** Where instrumented code looks for it. */
const NAMESPACE = '__stryker__';

const instrumented = ((globalThis as Record<string, Instrumented | undefined>)[NAMESPACE] ??= {});

class InProcessRunner {
  static readonly inject = [] as const;
  #tests: readonly Recorded[] | undefined;
  /** Ids of tests that noticed mutants, by file: they are likely to notice the next one too. */
  readonly #noticed = new Map<string, Set<string>>();
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
    const times = await this.#time();
    const tests = [];
    for (const test of await loaded('counting')) {
      const { id, file } = test;
      const timeSpentMs = times[id] ?? 0;
      instrumented.currentTestId = id;
      const failure = timeSpentMs > SLOW_MS ? undefined : await this.#run(test);
      const fileName = join(process.cwd(), file);
      if (failure === undefined) tests.push({ id, name: id, fileName, timeSpentMs, status: 0 });
      else {
        times[id] = FAILS_MS;
        delete instrumented.mutantCoverage?.perTest[id];
        console.error(`left out, it fails without any mutant: ${id}: ${failure}`);
      }
    }
    instrumented.currentTestId = undefined;
    await mkdir(dirname(TIMES_FILE), { recursive: true });
    await writeFile(TIMES_FILE, JSON.stringify(times));
    const mutantCoverage = instrumented.mutantCoverage ?? { static: {}, perTest: {} };
    return { status: 'complete', tests, mutantCoverage };
  }

  async mutantRun(options: MutantRunOptions): Promise<unknown> {
    const { activeMutant, mutantActivation, testFilter, hitLimit } = options;
    if (mutantActivation === 'static') instrumented.activeMutant = activeMutant.id;
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    try {
      this.#tests ??= await loaded('quick');
    } catch (error) {
      return killed([], `loading: ${String(error)}`, 0);
    }
    instrumented.activeMutant = activeMutant.id;
    instrumented.hitCount = hitLimit === undefined ? undefined : 0;
    instrumented.hitLimit = hitLimit;
    let nrOfTests = 0;
    const times = await knownTimes();
    const noticed = this.#noticed.get(activeMutant.fileName) ?? new Set();
    this.#noticed.set(activeMutant.fileName, noticed);
    try {
      const reaching = this.#tests.filter(
        ({ id }) => wanted?.has(id) !== false && (times[id] ?? 0) <= SLOW_MS,
      );
      for (const test of inOrder(reaching, times, noticed, activeMutant.fileName)) {
        nrOfTests += 1;
        const failure = await this.#run(test);
        if (isHitOut()) return { status: 'timeout', reason: `more than ${hitLimit} hits` };
        if (failure === undefined) continue;
        noticed.add(test.id);
        return killed([test.id], failure, nrOfTests);
      }
    } finally {
      instrumented.activeMutant = undefined;
      instrumented.hitCount = undefined;
    }
    return { status: 'survived', nrOfTests };
  }

  /** What every test takes, without what counts. */
  async #time(): Promise<Record<string, number>> {
    this.#tests = await loaded('quick');
    const times: Record<string, number> = { ...(await knownTimes()) };
    for (const test of this.#tests) {
      if ((times[test.id] ?? FAILS_MS) < FAILS_MS) continue;
      const startedAt = process.cpuUsage();
      await this.#run(test);
      times[test.id] = cpuMsSince(startedAt);
    }
    return times;
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
}

/** All tests, with a core of their own that counts what is reached or does not. */
async function loaded(how: 'quick' | 'counting'): Promise<readonly Recorded[]> {
  const root = process.cwd();
  const stand = pathToFileURL(join(import.meta.dirname, 'recorded-tap.ts')).href;
  const own = pathToFileURL(join(root, 'collector')).href;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === 'tap') return { url: stand, shortCircuit: true };
      const found = next(specifier, context);
      const isOwn = found.url.startsWith(own) && !found.url.includes('/node_modules/');
      return isOwn ? { ...found, url: `${found.url.split('?')[0]}?${how}` } : found;
    },
    load: (url, context, next) => {
      const found = next(url, context);
      const { source } = found;
      if (!url.endsWith('?quick') || source === undefined || source === null) return found;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
      return { ...found, source: text.replace(COUNTING, `${COUNTING} return;`) };
    },
  });
  const { loading, recorded } = await import('./recorded-tap.ts');
  const files: string[] = [];
  for await (const file of glob('collector/test/core/**/*.test.ts')) files.push(file);
  for (const file of files.sort()) {
    loading.file = relative(root, join(root, file));
    await import(pathToFileURL(join(root, file)).href);
  }
  loading.file = '';
  await withoutShrinking(root);
  return recorded.splice(0);
}

/** A property that fails has shown the mutant; the smallest example is nobody's business here. */
async function withoutShrinking(root: string): Promise<void> {
  const { createRequire } = await import('node:module');
  const file = createRequire(join(root, 'collector', 'test', 'core', 'x.ts')).resolve('fast-check');
  const fc = (await import(pathToFileURL(file).href)) as typeof import('fast-check');
  fc.configureGlobal({ endOnFailure: true, seed: 1 });
}

/**
 * Tests that noticed another mutant of the file and those of the file itself; then, each as far as time
 * allows, those of its folder and all others. The quickest first.
 */
function inOrder(
  tests: readonly Recorded[],
  times: Readonly<Record<string, number>>,
  noticed: ReadonlySet<string>,
  mutated: string,
): readonly Recorded[] {
  const own = `/${basename(mutated, '.ts')}.`;
  const folder = `/core/${basename(dirname(mutated))}/`;
  const groupOf = ({ id, file }: Recorded): number => {
    if (noticed.has(id)) return 0;
    if (file.includes(own)) return 1;
    return file.includes(folder) ? 2 : 3;
  };
  const timeOf = ({ id }: Recorded): number => times[id] ?? 0;
  const quickest = tests.toSorted((a, b) => timeOf(a) - timeOf(b));
  // Files at the top of the core are nobody's folder: what would go to it goes to the others.
  const roomMs = [Infinity, Infinity, FOLDER_MS, OTHERS_MS];
  if (folder === '/core/core/') roomMs[3] = FOLDER_MS;
  return roomMs.flatMap((ms, group) => {
    let tookMs = 0;
    return quickest.filter((test) => groupOf(test) === group && (tookMs += timeOf(test)) <= ms);
  });
}

/** Time of the processor, so that a busy machine makes no test slow. */
function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

async function knownTimes(): Promise<Readonly<Record<string, number>>> {
  try {
    return JSON.parse(await readFile(TIMES_FILE, 'utf8')) as Record<string, number>;
  } catch {
    return {};
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
