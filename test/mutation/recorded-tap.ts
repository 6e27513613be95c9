// Stands in for `tap` while mutants are tried: a file that imports it only records its tests, so that
// they can be run again and again in one process, with tap's own comparisons.

import { createRequire } from 'node:module';

type Body = (t: RecordedTest) => unknown;

/** One top-level test of a file. */
export interface Recorded {
  readonly id: string;
  readonly file: string;
  readonly body: Body;
}

/** What the files loaded so far want to have run. */
export const recorded: Recorded[] = [];

/** The file being loaded; the recorder cannot see it otherwise. */
export const loading = { file: '' };

/** An assertion did not hold. Ends the run of its test at once. */
export class AssertionFailed extends Error {}

interface Comparison {
  readonly match: boolean;
  readonly diff: string;
}

type Compare = (found: unknown, wanted: unknown) => Comparison;

const require = createRequire(createRequire(import.meta.url).resolve('tap/package.json'));
const compare = createRequire(require.resolve('@tapjs/asserts'))('tcompare') as Readonly<
  Record<'same' | 'strict' | 'has' | 'hasStrict' | 'match' | 'matchOnly' | 'matchStrict', Compare>
>;

/** As much of tap's `t` as tests of rules use; what is missing here throws when it is called. */
export class RecordedTest {
  #children: Promise<unknown> | undefined;
  readonly #teardowns: (() => unknown)[] = [];

  test(...args: readonly unknown[]): Promise<unknown> {
    const body = args.at(-1) as Body;
    const run = (): unknown => new RecordedTest().run(body);
    // In tap's order: one at a time, and at once when none is under way.
    const result = this.#children === undefined ? run() : this.#children.then(run);
    if (result instanceof Promise) this.#children = result;
    return Promise.resolve(result);
  }

  /** Runs a body to its end, children and teardown included; synchronously where it can. */
  run(body: Body): unknown {
    const result = body(this);
    const isLate = result instanceof Promise || this.#children !== undefined;
    if (isLate) return this.#finish(result);
    for (const teardown of this.#teardowns) teardown();
    return undefined;
  }

  async #finish(result: unknown): Promise<void> {
    try {
      await result;
      await this.#children;
    } finally {
      for (const teardown of this.#teardowns) await teardown();
    }
  }

  teardown(body: () => unknown): void {
    this.#teardowns.unshift(body);
  }

  end(): void {}
  comment(): void {}
  setTimeout(): void {}
  plan(): void {}
  pass(): void {}

  fail(message = 'failed'): never {
    throw new AssertionFailed(message);
  }

  ok(value: unknown, message?: string): void {
    if (!value) this.fail(message ?? 'expected a truthy value');
  }

  notOk(value: unknown, message?: string): void {
    if (value) this.fail(message ?? 'expected a falsy value');
  }

  equal(found: unknown, wanted: unknown, message?: string): void {
    if (!Object.is(found, wanted)) this.fail(message ?? `expected ${String(wanted)}`);
  }

  not(found: unknown, unwanted: unknown, message?: string): void {
    if (Object.is(found, unwanted)) this.fail(message ?? 'expected another value');
  }

  type(found: unknown, wanted: string): void {
    if (typeof found !== wanted) this.fail(`expected a ${wanted}, got a ${typeof found}`);
  }

  same(found: unknown, wanted: unknown): void {
    this.#holds(compare.same(found, wanted));
  }

  strictSame(found: unknown, wanted: unknown): void {
    this.#holds(compare.strict(found, wanted));
  }

  notSame(found: unknown, unwanted: unknown): void {
    if (compare.same(found, unwanted).match) this.fail('expected something else');
  }

  has(found: unknown, wanted: unknown): void {
    this.#holds(compare.has(found, wanted));
  }

  hasStrict(found: unknown, wanted: unknown): void {
    this.#holds(compare.hasStrict(found, wanted));
  }

  match(found: unknown, pattern: unknown): void {
    this.#holds(compare.match(found, pattern));
  }

  notMatch(found: unknown, pattern: unknown): void {
    if (compare.match(found, pattern).match) this.fail('expected no match');
  }

  throws(body: () => unknown, wanted?: unknown): void {
    let thrown: unknown;
    try {
      body();
    } catch (error) {
      thrown = error;
    }
    if (thrown === undefined) this.fail('expected an error');
    if (wanted !== undefined && typeof wanted !== 'string') this.match(thrown, wanted);
  }

  doesNotThrow(body: () => unknown): void {
    body();
  }

  #holds({ match, diff }: Comparison): void {
    if (!match) this.fail(diff);
  }
}

/** The `t` that test files import: while a file is loaded its tests are kept, to be run later. */
class RootTest extends RecordedTest {
  override test(...args: readonly unknown[]): Promise<unknown> {
    const { file } = loading;
    if (file === '') return super.test(...args);
    const name = String(args[0]);
    const twins = recorded.filter(({ id }) => id.startsWith(`${file}: ${name}`)).length;
    const id = `${file}: ${name}${twins === 0 ? '' : ` #${twins}`}`;
    recorded.push({ id, file, body: args.at(-1) as Body });
    return Promise.resolve();
  }
}

export default new RootTest();
