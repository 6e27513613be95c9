import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { formatDuration } from '../settings.ts';
import { plainText, shown } from '../shown.ts';
import { oneAnswer } from './one-answer.ts';

const REDIRECTS_MAX = 3;
const MESSAGE_BYTES_MAX = 300;

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

export interface FetchOptions {
  /** For everything: name, connection, headers, redirects, body. */
  readonly timeoutMs: number;
  /** Of the body, before and after decompression. */
  readonly bytesMax: number;
  /** PEM text of the authorities to trust instead of the machine's own; null for those. */
  readonly ca: string | null;
  /** `User-Agent`. */
  readonly userAgent: string;
  readonly clock: Clock;
  /** Aborts when the caller stops. */
  readonly signal: AbortSignal;
}

export interface FetchedDocument {
  readonly ok: true;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
}

/** Why a document could not be had; `invalid` and `not_json`: it came, and is not what it should be. */
export type DocumentError =
  | 'timeout'
  | 'network'
  | 'tls'
  | 'status'
  | 'too_large'
  | 'not_json'
  | 'invalid';

/** Why nothing was got; the message is one printable line. */
export interface FetchFailure<E extends string = DocumentError> {
  readonly ok: false;
  readonly error: E;
  readonly message: string;
}

/**
 * One GET of a key set or discovery document, bounded in time and size, redirects within the origin
 * followed. Every way it can fail is a value; it never throws.
 *
 * Each has a connection and a name lookup of its own: a kept connection may lead to a host that the
 * name no longer points to, and consecutive fetches should meet different replicas behind one
 * address. Nothing asks caches on the way to be skipped: what they serve is what verifiers get.
 */
export async function fetchDocument(
  target: URL,
  options: FetchOptions,
): Promise<FetchedDocument | FetchFailure> {
  const deadline = new AbortController();
  const cancel = options.clock.after(options.timeoutMs, () => {
    deadline.abort();
  });
  const signal = AbortSignal.any([deadline.signal, options.signal]);
  try {
    return await followed(target, { ...options, signal });
  } catch (thrown) {
    if (!deadline.signal.aborted) return failureOf(thrown);
    return fetchFailure(
      'timeout',
      `no complete answer within ${formatDuration(options.timeoutMs)}`,
    );
  } finally {
    cancel();
  }
}

/** A failure with its message made fit for a log line. */
export function fetchFailure<E extends string>(error: E, message: string): FetchFailure<E> {
  return { ok: false, error, message: plainText(message, MESSAGE_BYTES_MAX) };
}

async function followed(
  first: URL,
  options: FetchOptions,
): Promise<FetchedDocument | FetchFailure> {
  let target = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const response = await responseOf(target, options);
    const status = response.statusCode ?? 0;
    if (status === 200) return await documentOf(response, options.bytesMax);
    response.destroy();
    const next = status >= 300 && status < 400 ? locationOf(response, target) : null;
    if (next === null) return fetchFailure('status', `expected status 200, got ${status}`);
    // Another origin is another party: only the settings name who may give keys.
    if (next.origin !== first.origin) {
      return fetchFailure('status', `redirects to another origin, ${shown(next.origin)}`);
    }
    target = next;
  }
  return fetchFailure('status', `redirects more than ${REDIRECTS_MAX} times`);
}

function responseOf(
  target: URL,
  { ca, signal, userAgent }: FetchOptions,
): Promise<IncomingMessage> {
  return oneAnswer(target, {
    authorities: ca,
    signal,
    headers: {
      accept: 'application/jwk-set+json, application/json',
      'accept-encoding': 'identity',
      'user-agent': userAgent,
    },
  });
}

function locationOf(response: IncomingMessage, base: URL): URL | null {
  const { location } = response.headers;
  return location === undefined ? null : URL.parse(location, base.href);
}

async function documentOf(
  response: IncomingMessage,
  bytesMax: number,
): Promise<FetchedDocument | FetchFailure> {
  const raw = await bytesOf(response, bytesMax);
  if (raw === undefined) return tooLarge(bytesMax);
  const body = await decoded(raw, response.headers, bytesMax);
  return Buffer.isBuffer(body) ? { ok: true, body, headers: response.headers } : body;
}

/** Undefined, and the connection cut, when there is more than `bytesMax`. */
async function bytesOf(response: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (Number(response.headers['content-length'] ?? 0) > bytesMax) {
    response.destroy();
    return undefined;
  }
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    // Leaving the loop destroys the response.
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Some servers compress although identity was asked for. */
async function decoded(
  body: Buffer,
  headers: IncomingHttpHeaders,
  bytesMax: number,
): Promise<Buffer | FetchFailure> {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '') return body;
  const decoder = DECODERS.get(coding);
  if (decoder === undefined) {
    return fetchFailure('invalid', `expected no content encoding, got ${shown(coding)}`);
  }
  try {
    return await decoder(body, { maxOutputLength: bytesMax });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      return tooLarge(bytesMax);
    return fetchFailure('invalid', `expected ${coding} content: ${messageOf(thrown)}`);
  }
}

function tooLarge(bytesMax: number): FetchFailure {
  return fetchFailure('too_large', `expected at most ${bytesMax} bytes, got more`);
}

const TLS_CODE =
  /^(?:ERR_TLS|ERR_SSL|CERT_|CRL_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_|INVALID_CA|EPROTO)/;

function failureOf(thrown: unknown): FetchFailure {
  const { code } = thrown as { readonly code?: unknown };
  const name = typeof code === 'string' ? code : '';
  // Several addresses refused make an AggregateError without a message of its own.
  const text = messageOf(thrown) || name || 'the connection failed';
  const message = name === '' || text.includes(name) ? text : `${text} (${name})`;
  return fetchFailure(TLS_CODE.test(name) ? 'tls' : 'network', message);
}
