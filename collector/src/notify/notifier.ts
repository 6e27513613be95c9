import { AlertmanagerLane } from './alertmanager-lane.ts';
import type { NotifyPort } from './notify-port.ts';
import { secretsOf } from './outbox-request.ts';
import { OutboxLane } from './outbox-lane.ts';
import type { PostRequest, PostResult } from './post.ts';
import { hostsOf, isOutboxReceiver, type Receiver, type ReceiverType } from './receiver.ts';
import { testRequests } from './test-message.ts';

/** How it stands with one receiver. */
export interface ReceiverHealth {
  readonly name: string;
  readonly type: ReceiverType;
  /** Hosts alone: paths may hold tokens. */
  readonly hosts: readonly string[];
  /** Since when what it was sent last did not arrive; null: it did, or nothing was sent. */
  readonly failingSinceMs: number | null;
  readonly error: string | null;
  /** When something arrived last; null: nothing since the start. */
  readonly deliveredAtMs: number | null;
  /** Notices that wait in the outbox. */
  readonly waiting: number;
  /** Notices that it will not get, of the last day. */
  readonly givenUp: number;
}

/** What came of one request of a test. */
export interface TestAnswer {
  readonly host: string;
  readonly result: PostResult;
  readonly tookMs: number;
}

/** Tells every receiver of alerts, each in its own time, from `start` to `close`. */
export class Notifier {
  readonly #port: NotifyPort;
  readonly #lanes: ReadonlyMap<string, OutboxLane | AlertmanagerLane>;
  #stopListening: () => void = () => undefined;
  readonly #closing = new AbortController();

  constructor(receivers: readonly Receiver[], port: NotifyPort) {
    this.#port = port;
    this.#lanes = new Map(
      receivers.map((receiver) => [
        receiver.name,
        isOutboxReceiver(receiver)
          ? new OutboxLane(receiver, port)
          : new AlertmanagerLane(receiver, port),
      ]),
    );
  }

  /** Sends what waits, and from now on whatever comes. */
  start(): void {
    this.#stopListening = this.#port.engine.onNews(() => {
      for (const lane of this.#lanes.values()) lane.wake();
    });
    for (const lane of this.#lanes.values()) lane.wake();
  }

  /** In the order of the settings. */
  health(): readonly ReceiverHealth[] {
    const state = this.#port.engine.state();
    return [...this.#lanes.values()].map(({ receiver, standing }) => {
      const notices = [...state.notices.values()].filter((one) => one.receiver === receiver.name);
      const delivery = state.deliveries.get(receiver.name);
      const givenUp = notices.filter(({ givenUpAtMs }) => givenUpAtMs !== null).length;
      return {
        name: receiver.name,
        type: receiver.type,
        hosts: hostsOf(receiver),
        failingSinceMs: delivery?.failingSinceMs ?? null,
        error: delivery?.error ?? null,
        deliveredAtMs: standing.deliveredAtMs,
        waiting: notices.length - givenUp,
        givenUp,
      };
    });
  }

  /** Sends a receiver a test; undefined when there is none of that name. */
  async test(name: string): Promise<readonly TestAnswer[] | undefined> {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return undefined;
    const { clock, sender } = this.#port;
    const requests = testRequests(lane.receiver, sender, clock.wallMs());
    const answers = isOutboxReceiver(lane.receiver)
      ? await this.#inOrder(lane.receiver, requests)
      : await Promise.all(requests.map((request) => this.#exchange(lane.receiver, request)));
    const failure = answers.find(({ result }) => !result.ok)?.result;
    await lane.standing.note(failure === undefined || failure.ok ? null : failure.message);
    // What waits need not wait longer for a receiver that takes something again.
    if (failure === undefined) lane.hurry();
    return answers;
  }

  /** What is under way may end within two seconds. */
  async close(): Promise<void> {
    this.#stopListening();
    this.#closing.abort();
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
  }

  async #inOrder(
    receiver: Receiver,
    requests: readonly PostRequest[],
  ): Promise<readonly TestAnswer[]> {
    const answers: TestAnswer[] = [];
    for (const request of requests) answers.push(await this.#exchange(receiver, request));
    return answers;
  }

  async #exchange(receiver: Receiver, request: PostRequest): Promise<TestAnswer> {
    const { clock, post } = this.#port;
    const startedMs = clock.monotonicMs();
    const { reach, ca } = receiver;
    const secrets = isOutboxReceiver(receiver) ? secretsOf(receiver) : [];
    const { signal } = this.#closing;
    const result = await post(request, { reach, ca, secrets, clock, signal });
    return { host: request.url.host, result, tookMs: clock.monotonicMs() - startedMs };
  }
}
