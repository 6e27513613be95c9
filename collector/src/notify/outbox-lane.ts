import type { NoticeRecord } from '../core/alerts/notice.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import { retryDelayMs } from './backoff.ts';
import type { NotifyPort } from './notify-port.ts';
import { outboxRequest, secretsOf } from './outbox-request.ts';
import type { PostResult } from './post.ts';
import type { OutboxReceiver } from './receiver.ts';
import { Standing } from './standing.ts';
import { isWanted } from './wanted.ts';

/** News older than this is given up: nobody is helped by it any more. */
const NOTICE_AGE_MAX_MS = 24 * 3_600_000;

/** Waited for before asking the engine again that did not take what came of a notice. */
const ENGINE_PAUSE_MS = 1_000;

const DRAIN_MS = 2_000;

/**
 * Sends one receiver what the outbox holds for it: in order, one at a time, again until it is taken,
 * refused for good or too old. Others do not wait for it, nor does anything else.
 */
export class OutboxLane {
  readonly receiver: OutboxReceiver;
  readonly standing: Standing;
  readonly #port: NotifyPort;
  readonly #closing = new AbortController();
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #cancelWait: (() => void) | null = null;
  /** Woken while it ran. */
  #isStale = false;
  /** What waits for its next try is tried at once: at the start, and when asked to. */
  #isHurried = true;

  constructor(receiver: OutboxReceiver, port: NotifyPort) {
    this.receiver = receiver;
    this.standing = new Standing(receiver.name, port);
    this.#port = port;
  }

  /** Looks for something to send; called whenever there may be. */
  wake(): void {
    this.#isStale = this.#running !== null;
    if (this.#isStale || this.#closing.signal.aborted) return;
    this.#cancelWait?.();
    this.#cancelWait = null;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (this.#isStale) this.wake();
    });
  }

  /** There is reason to think that it takes something now: what waits is tried at once. */
  hurry(): void {
    this.#isHurried = true;
    this.wake();
  }

  /** What is under way may end within two seconds; what waits stays in the outbox. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelWait?.();
    const cancel = this.#port.clock.after(DRAIN_MS, () => {
      this.#stopping.abort();
    });
    await this.#running;
    cancel();
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const notice = this.#next();
      if (notice === undefined) return;
      const waitMs = this.#isHurried ? 0 : notice.nextAtMs - this.#port.engine.nowMs();
      if (waitMs > 0) return this.#wait(waitMs);
      this.#isHurried = false;
      await this.#deal(notice);
      // Still as it was: the engine did not take it, and sending it at once again would not end.
      const { notices } = this.#port.engine.state();
      if (notices.get(notice.id) === notice) return this.#wait(ENGINE_PAUSE_MS);
    }
  }

  #wait(ms: number): void {
    this.#cancelWait = this.#port.clock.after(ms, () => {
      // The run that began the wait has ended by then, or is about to.
      this.#cancelWait = null;
      this.wake();
    });
  }

  #next(): NoticeRecord | undefined {
    for (const notice of this.#port.engine.state().notices.values()) {
      if (notice.receiver === this.receiver.name && notice.givenUpAtMs === null) return notice;
    }
    return undefined;
  }

  async #deal(notice: NoticeRecord): Promise<void> {
    const { engine } = this.#port;
    if (!isWanted(this.receiver, notice.news)) return told(engine.noticeDelivered(notice.id));
    if (engine.nowMs() - notice.createdAtMs > NOTICE_AGE_MAX_MS) {
      const why = notice.lastError === null ? '' : `: ${notice.lastError}`;
      return this.#giveUp(notice, `not within ${formatDuration(NOTICE_AGE_MAX_MS)}${why}`);
    }
    const result = await this.#send(notice);
    // What was cut off by the end of the collector says nothing of the receiver.
    if (!result.ok && this.#stopping.signal.aborted) return;
    await this.#conclude(notice, result);
  }

  #send(notice: NoticeRecord): Promise<PostResult> {
    const { post, sender, clock } = this.#port;
    const { reach, ca } = this.receiver;
    return post(outboxRequest(this.receiver, notice, sender, clock.wallMs()), {
      reach,
      ca,
      secrets: secretsOf(this.receiver),
      clock,
      signal: this.#stopping.signal,
    });
  }

  async #conclude(notice: NoticeRecord, result: PostResult): Promise<void> {
    const { engine, random } = this.#port;
    if (result.ok) {
      await told(engine.noticeDelivered(notice.id));
      return this.standing.note(null);
    }
    await this.standing.note(result.message);
    if (result.permanent) return this.#giveUp(notice, result.message);
    const retryInMs = retryDelayMs(notice.attempts + 1, random(), result.retryAfterMs);
    await told(engine.noticeFailed(notice.id, result.message, retryInMs));
  }

  #giveUp(notice: NoticeRecord, message: string): Promise<void> {
    this.#port.events.noticeGivenUp(this.receiver.name, notice.id, message);
    return told(this.#port.engine.noticeGivenUp(notice.id, message));
  }
}

/** While the store fails, the engine keeps the change and tries to commit it again. */
async function told(taken: Promise<void>): Promise<void> {
  await taken.catch(() => undefined);
}
