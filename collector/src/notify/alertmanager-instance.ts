import { retryDelayMs } from './backoff.ts';
import { alertmanagerRequests, type PostedAlert, RESEND_MS } from './alertmanager.ts';
import type { NotifyPort } from './notify-port.ts';
import type { AlertmanagerReceiver } from './receiver.ts';

/** Shortest time between two beginnings of telling everything, however much changes. */
const APART_MS = 500;

/**
 * One Alertmanager, told everything whenever something changes and every 30 seconds. It waits for no
 * other instance, and none for it.
 */
export class AlertmanagerInstance {
  readonly url: string;
  readonly #receiver: AlertmanagerReceiver;
  readonly #port: NotifyPort;
  readonly #alerts: () => readonly PostedAlert[];
  readonly #onResult: (error: string | null) => void;
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;
  #isStale = false;
  #failures = 0;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #cancelWait: (() => void) | null = null;

  /**
   * @param alerts what it is to be told now
   * @param onResult takes why it could not be told, or null, every time
   */
  constructor(
    url: string,
    receiver: AlertmanagerReceiver,
    port: NotifyPort,
    alerts: () => readonly PostedAlert[],
    onResult: (error: string | null) => void,
  ) {
    this.url = url;
    this.#receiver = receiver;
    this.#port = port;
    this.#alerts = alerts;
    this.#onResult = onResult;
  }

  /** Something changed: tells it now, or once it has been told what it is being told. */
  wake(): void {
    if (this.#running !== null) this.#isStale = true;
    else this.#waitAtMost(this.#startedAtMs + APART_MS - this.#port.clock.monotonicMs());
  }

  /** Cuts off what is under way: alerts end by themselves where nobody says that they go on. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelWait?.();
    await this.#running;
  }

  #waitAtMost(ms: number): void {
    this.#cancelWait?.();
    if (this.#closing.signal.aborted) return;
    if (ms <= 0) return this.#begin();
    this.#cancelWait = this.#port.clock.after(ms, () => {
      this.#begin();
    });
  }

  #begin(): void {
    this.#cancelWait = null;
    this.#startedAtMs = this.#port.clock.monotonicMs();
    this.#running = this.#tell().finally(() => {
      this.#running = null;
      this.#goOn();
    });
  }

  #goOn(): void {
    const { clock, random } = this.#port;
    const soonMs = this.#startedAtMs + APART_MS - clock.monotonicMs();
    const retryMs =
      this.#failures === 0 ? RESEND_MS : Math.max(APART_MS, retryDelayMs(this.#failures, random()));
    const isStale = this.#isStale && this.#failures === 0;
    this.#isStale = false;
    this.#waitAtMost(isStale ? soonMs : Math.min(RESEND_MS, retryMs));
  }

  async #tell(): Promise<void> {
    const { post, clock } = this.#port;
    const { reach, ca } = this.#receiver;
    const { signal } = this.#closing;
    let error: string | null = null;
    for (const request of alertmanagerRequests(this.url, this.#alerts())) {
      const result = await post(request, { reach, ca, secrets: [], clock, signal });
      if (signal.aborted) return;
      if (!result.ok) error = result.message;
      // One refused batch says nothing of the others; silence does.
      if (!result.ok && result.status === null) break;
    }
    this.#failures = error === null ? 0 : this.#failures + 1;
    this.#onResult(error);
  }
}
