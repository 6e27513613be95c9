import { messageOf } from '@keyturn/shared/errors.ts';

/** Named cleanups, run in the reverse order of their registration, once. */
export interface Teardown {
  add(name: string, cleanup: () => Promise<void> | void): void;
  /** True once it began; whoever starts things should stop doing so. */
  readonly begun: boolean;
  /** Runs every cleanup even when one fails; answers with what failed. */
  run(): Promise<readonly string[]>;
}

export function teardown(): Teardown {
  const cleanups: { name: string; cleanup: () => Promise<void> | void }[] = [];
  let running: Promise<readonly string[]> | undefined;

  const runAll = async (): Promise<readonly string[]> => {
    const failures: string[] = [];
    for (let next = cleanups.pop(); next !== undefined; next = cleanups.pop()) {
      try {
        await next.cleanup();
      } catch (error) {
        failures.push(`${next.name}: ${messageOf(error)}`);
      }
    }
    return failures;
  };

  return {
    add(name, cleanup) {
      cleanups.push({ name, cleanup });
    },
    get begun() {
      return running !== undefined;
    },
    run() {
      running ??= runAll();
      return running;
    },
  };
}
