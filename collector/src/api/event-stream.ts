import { Readable } from 'node:stream';
import type { Clock } from '@keyturn/shared/clock.ts';

/** How often a stream without news shows that it lives. */
const HEARTBEAT_MS = 15_000;

/** How soon a browser comes back after a broken stream. */
const RETRY_MS = 2_000;

/** A reader this far behind is let go; it reconnects and starts from the present. */
const UNREAD_BYTES_MAX = 4 * 1_048_576;

/** Server-sent events to one reader. */
export interface EventStream {
  readonly body: Readable;
  /** One event or several, as they go over the wire. */
  send(text: string): void;
  end(): void;
  /** Called once, when the reader is gone or was let go. */
  onGone(listener: () => void): void;
}

/** A stream of server-sent events that beats by itself and holds back a bounded amount. */
export function eventStream(clock: Clock): EventStream {
  const body = new Readable({ read: () => undefined });
  let cancel = (): void => undefined;
  const send = (text: string): void => {
    if (body.readableLength > UNREAD_BYTES_MAX) body.destroy();
    else body.push(text);
  };
  const beat = (): void => {
    send(': still here\n\n');
    cancel = clock.after(HEARTBEAT_MS, beat);
  };
  body.once('close', () => cancel());
  send(`retry: ${RETRY_MS}\n\n`);
  beat();
  return {
    body,
    send,
    end: () => body.push(null),
    onGone: (listener) => body.once('close', listener),
  };
}

/** Headers of an answer that is such a stream; some proxies gather answers unless told not to. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'x-accel-buffering': 'no',
} as const;
