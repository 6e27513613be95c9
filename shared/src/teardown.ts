import { messageOf } from './errors.ts';

/** Starts something whole: when `start` fails, what it had set up by then is torn down again. */
export async function startWhole<T>(start: (teardown: Teardown) => Promise<T>): Promise<T> {
  const teardown = new Teardown();
  try {
    return await start(teardown);
  } catch (error) {
    await teardown.close();
    throw error;
  }
}

/**
 * What was set up, to be torn down in reverse order. `close` runs once however often it is called;
 * one part failing to stop does not keep the others from stopping.
 */
export class Teardown {
  readonly #steps: { readonly name: string; readonly stop: () => unknown }[] = [];
  #closing: Promise<void> | null = null;

  add(name: string, stop: () => unknown): void {
    this.#steps.push({ name, stop });
  }

  /** @throws AggregateError naming every part that failed to stop. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<void> {
    const failures: Error[] = [];
    for (const { name, stop } of this.#steps.toReversed()) {
      try {
        await stop();
      } catch (error) {
        failures.push(new Error(`${name} did not stop: ${messageOf(error)}`, { cause: error }));
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '));
    }
  }
}
