import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { Clock } from '@keyturn/shared/clock.ts';
import { messageOf } from '@keyturn/shared/errors.ts';
import { oneAnswer } from '@keyturn/shared/http/one-answer.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import { plainText, shown } from '@keyturn/shared/shown.ts';
import {
  type HostAddress,
  type Reach,
  reachableAddresses,
  type Resolve,
  resolveHost,
} from './reach.ts';
import { retryAfterMs } from './retry-after.ts';

/** One message for one receiver. */
export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PostOptions {
  readonly reach: Reach;
  /** PEM text of the authorities to trust instead of the machine's own; null for those. */
  readonly ca: string | null;
  /** Texts that must not show in what is told of the answer, which may repeat the request. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  /** Aborts when the caller stops. */
  readonly signal: AbortSignal;
  /** For everything: name, connection, answer; 10 s by default. */
  readonly timeoutMs?: number;
  /** The machine's resolver by default. */
  readonly resolve?: Resolve;
}

/**
 * What came of it; `text` is the start of the answer's body, one printable line. A `permanent` failure
 * would come again with the same message; any other may pass.
 */
export type PostResult =
  | { readonly ok: true; readonly status: number; readonly text: string }
  | {
      readonly ok: false;
      readonly permanent: boolean;
      /** Null when there was no answer. */
      readonly status: number | null;
      readonly message: string;
      /** The receiver asked not to be tried again for so long; null when it did not say. */
      readonly retryAfterMs: number | null;
    };

const TIMEOUT_MS = 10_000;

/** A receiver that took the message has done its part; its words are not waited for long. */
const BODY_MS = 1_000;
const BODY_BYTES_MAX = 2_048;
const MESSAGE_BYTES_MAX = 300;

/**
 * One POST, bounded in time and size. It goes to an address that was checked, follows no redirect, and
 * every way it can fail is a value; it never throws.
 */
export async function post(request: PostRequest, options: PostOptions): Promise<PostResult> {
  const { clock, timeoutMs = TIMEOUT_MS } = options;
  const deadline = new AbortController();
  const cancel = clock.after(timeoutMs, () => {
    deadline.abort();
  });
  const signal = AbortSignal.any([deadline.signal, options.signal]);
  try {
    return await posted(request, { ...options, signal });
  } catch (thrown) {
    if (deadline.signal.aborted) return failed(`no answer within ${formatDuration(timeoutMs)}`);
    if (options.signal.aborted) return failed('given up because the collector stops');
    return failed(redacted(reasonOf(thrown), options.secrets));
  } finally {
    cancel();
  }
}

async function posted(request: PostRequest, options: PostOptions): Promise<PostResult> {
  const { reach, resolve = resolveHost, signal, secrets } = options;
  const reached = await unlessAborted(reachableAddresses(request.url, reach, resolve), signal);
  if ('refusal' in reached) return failed(reached.refusal);
  const response = await responseTo(request, reached.addresses, options);
  const text = redacted(await textOf(response, options.clock), secrets);
  return resultOf(response, text, options.clock);
}

function resultOf(response: IncomingMessage, text: string, clock: Clock): PostResult {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return { ok: true, status, text };
  const said = text === '' ? '' : `: ${shown(text)}`;
  const message =
    status >= 300 && status < 400
      ? `status ${status}, a redirect, which is not followed`
      : `status ${status}${said}`;
  // 408 and 429 say "not now"; every other 4xx says "not this".
  const permanent = status >= 400 && status < 500 && status !== 408 && status !== 429;
  const wait = retryAfterMs(response.headers['retry-after'], clock.wallMs());
  return { ok: false, permanent, status, message, retryAfterMs: wait };
}

function failed(message: string): PostResult {
  return { ok: false, permanent: false, status: null, message, retryAfterMs: null };
}

function responseTo(
  { url, headers, body }: PostRequest,
  addresses: readonly HostAddress[],
  { ca, signal }: PostOptions,
): Promise<IncomingMessage> {
  return oneAnswer(url, {
    authorities: ca,
    method: 'POST',
    signal,
    // What was checked is what is reached.
    lookup: pinned(addresses),
    headers: {
      ...headers,
      'accept-encoding': 'identity',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'keyturn-collector',
    },
    body,
  });
}

/** A lookup that knows only what was checked, so that a name cannot lead elsewhere meanwhile. */
function pinned(addresses: readonly HostAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses;
    if (all === true) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family ?? 4);
  };
}

/** The start of the body, as much as comes in time; the connection is cut then. */
async function textOf(response: IncomingMessage, clock: Clock): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const cancel = clock.after(BODY_MS, () => {
    response.destroy();
  });
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= BODY_BYTES_MAX) break;
    }
  } catch {
    // The status is what counts; of the words, what came by then.
  } finally {
    cancel();
    response.destroy();
  }
  return plainText(Buffer.concat(chunks).toString('utf8'), BODY_BYTES_MAX);
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(new Error('stopped'));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', stop);
    });
  });
}

function redacted(text: string, secrets: readonly string[]): string {
  const hidden = secrets
    .filter((secret) => secret !== '')
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
  return plainText(hidden, MESSAGE_BYTES_MAX).trim();
}

function reasonOf(thrown: unknown): string {
  const { code } = thrown as { readonly code?: unknown };
  const name = typeof code === 'string' ? code : '';
  // Several addresses refused make an AggregateError without a message of its own.
  const text = messageOf(thrown) || name || 'the connection failed';
  return name === '' || text.includes(name) ? text : `${text} (${name})`;
}
