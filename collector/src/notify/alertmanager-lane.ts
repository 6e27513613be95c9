import type { AlertRecord } from '../core/alerts/alert.ts';
import type { Severity } from '../core/alerts/catalogue.ts';
import { muter } from '../core/alerts/mute.ts';
import { isTold, type PostedAlert, postedAlert, RESOLVED_TOLD_MS } from './alertmanager.ts';
import { AlertmanagerInstance } from './alertmanager-instance.ts';
import type { NotifyPort } from './notify-port.ts';
import type { AlertmanagerReceiver } from './receiver.ts';
import { Standing } from './standing.ts';

/**
 * Tells every instance of one Alertmanager what is so now. It needs no outbox: what was missed is said
 * again, and after a restart all of it.
 */
export class AlertmanagerLane {
  readonly receiver: AlertmanagerReceiver;
  readonly standing: Standing;
  readonly #port: NotifyPort;
  readonly #instances: readonly AlertmanagerInstance[];
  readonly #errors = new Map<string, string | null>();
  /** Severities that alerts were told with: to Alertmanager another one is another alert. */
  readonly #severities = new Map<string, Severity>();
  #left: readonly { readonly alert: AlertRecord; readonly atMs: number }[] = [];

  constructor(receiver: AlertmanagerReceiver, port: NotifyPort) {
    this.receiver = receiver;
    this.standing = new Standing(receiver.name, port);
    this.#port = port;
    this.#instances = receiver.urls.map(
      (url) =>
        new AlertmanagerInstance(
          url,
          receiver,
          port,
          () => this.alerts(),
          (error) => {
            this.#note(url, error);
          },
        ),
    );
  }

  wake(): void {
    for (const instance of this.#instances) instance.wake();
  }

  /** It is always told at once. */
  hurry(): void {
    this.wake();
  }

  async close(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.close()));
  }

  /** Everything there is to tell now. */
  alerts(): readonly PostedAlert[] {
    const { engine, sender, clock } = this.#port;
    const state = engine.state();
    const nowMs = engine.nowMs();
    const now = { atMs: nowMs, earliestMs: nowMs };
    const muteOf = muter(state, now);
    const told = [...state.alerts.values()].filter((alert) =>
      isTold(alert, this.receiver.minSeverity, (one) => muteOf(one) !== undefined, nowMs),
    );
    this.#noteSeverities(told, nowMs);
    const wallMs = clock.wallMs();
    return [
      ...told.map((alert) => postedAlert(alert, alert.resolvedAtMs, wallMs, sender)),
      ...this.#left.map(({ alert, atMs }) => postedAlert(alert, atMs, wallMs, sender)),
    ];
  }

  /** An alert that changed its severity is over under the one before. */
  #noteSeverities(told: readonly AlertRecord[], nowMs: number): void {
    const left = this.#left.filter(({ atMs }) => nowMs - atMs <= RESOLVED_TOLD_MS);
    const before = new Map(this.#severities);
    this.#severities.clear();
    for (const alert of told) {
      this.#severities.set(alert.id, alert.severity);
      const severity = before.get(alert.id) ?? alert.severity;
      if (severity !== alert.severity) left.push({ alert: { ...alert, severity }, atMs: nowMs });
    }
    // Back under a severity it had left: it is not over under that one.
    this.#left = left.filter(({ alert }) => this.#severities.get(alert.id) !== alert.severity);
  }

  #note(url: string, error: string | null): void {
    this.#errors.set(url, error);
    const failing = [...this.#errors].filter(([, each]) => each !== null);
    const [first] = failing;
    if (first === undefined) {
      void this.standing.note(null);
      return;
    }
    const { host } = new URL(first[0]);
    const count = `${failing.length} of ${this.#instances.length} instances`;
    const which = this.#instances.length === 1 ? '' : `${count}, such as ${host}: `;
    void this.standing.note(`${which}${first[1] ?? ''}`);
  }
}
