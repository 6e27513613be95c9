import type { NotifyPort } from './notify-port.ts';

/** How it stands with one receiver, as told to the engine and to the log: changes only. */
export class Standing {
  readonly #receiver: string;
  readonly #port: NotifyPort;
  /** Undefined before anything was sent. */
  #error: string | null | undefined = undefined;
  #deliveredAtMs: number | null = null;

  constructor(receiver: string, port: NotifyPort) {
    this.#receiver = receiver;
    this.#port = port;
  }

  /** When something arrived last, collector's clock; null: not since the start. */
  get deliveredAtMs(): number | null {
    return this.#deliveredAtMs;
  }

  /** @param failure why what was sent did not arrive; null: it arrived. */
  async note(failure: string | null): Promise<void> {
    const { engine, events } = this.#port;
    if (failure === null) this.#deliveredAtMs = engine.nowMs();
    const before = this.#error;
    if (before === failure) return;
    this.#error = failure;
    if (failure !== null) events.deliveryFailing(this.#receiver, failure);
    else if (before !== undefined) events.deliveryRecovered(this.#receiver);
    // Not on record while the store fails or the engine stops; it is in the state, or not needed.
    await engine.delivery(this.#receiver, failure).catch(() => undefined);
  }
}
