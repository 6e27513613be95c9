import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { messageOf } from '@keyturn/shared/errors.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import { plainText, shown } from '@keyturn/shared/shown.ts';
import type { SightingError } from '../core/sighting.ts';

const REDIRECTS_MAX = 3;
const MESSAGE_BYTES_MAX = 300;

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

export interface FetchLimits {
  /** For everything: name, connection, headers, redirects, body. */
  readonly timeoutMs: number;
  /** Of the body, after decompression. */
  readonly bytesMax: number;
  /** PEM; null for the machine's own authorities. */
  readonly ca: string | null;
  /** Aborts when the watcher stops. */
  readonly signal: AbortSignal;
}

export interface FetchedDocument {
  readonly ok: true;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
}

/** Why nothing was got; the message is one printable line. */
export interface FetchFailure {
  readonly ok: false;
  readonly error: SightingError;
  readonly message: string;
}

/**
 * One GET, bounded in time and size, redirects within the origin followed. Never throws.
 *
 * Each has a connection and a name lookup of its own, so that consecutive sightings meet different
 * replicas behind one address. Nothing asks caches on the way to be skipped: what they serve is what
 * verifiers get.
 */
export async function fetchDocument(
  address: string,
  limits: FetchLimits,
): Promise<FetchedDocument | FetchFailure> {
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const signal = AbortSignal.any([deadline, limits.signal]);
  try {
    return await followed(new URL(address), { ...limits, signal });
  } catch (thrown) {
    if (!deadline.aborted) return failureOf(thrown);
    return fetchFailure('timeout', `no complete answer within ${formatDuration(limits.timeoutMs)}`);
  }
}

export function fetchFailure(error: SightingError, message: string): FetchFailure {
  return { ok: false, error, message: plainText(message, MESSAGE_BYTES_MAX) };
}

async function followed(first: URL, limits: FetchLimits): Promise<FetchedDocument | FetchFailure> {
  let target = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const response = await responseOf(target, limits);
    const status = response.statusCode ?? 0;
    if (status === 200) return await documentOf(response, limits);
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

function responseOf(target: URL, { ca, signal }: FetchLimits): Promise<IncomingMessage> {
  const options = {
    agent: false,
    signal,
    headers: {
      accept: 'application/jwk-set+json, application/json',
      'accept-encoding': 'identity',
      'user-agent': 'keyturn-collector',
    },
  };
  return new Promise((resolve, reject) => {
    const request: ClientRequest =
      target.protocol === 'https:'
        ? httpsRequest(target, ca === null ? options : { ...options, ca })
        : httpRequest(target, options);
    request.once('response', resolve).on('error', reject).end();
  });
}

function locationOf(response: IncomingMessage, base: URL): URL | null {
  const { location } = response.headers;
  return location === undefined ? null : URL.parse(location, base.href);
}

async function documentOf(
  response: IncomingMessage,
  { bytesMax }: FetchLimits,
): Promise<FetchedDocument | FetchFailure> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      response.destroy();
      return tooLarge(bytesMax);
    }
    chunks.push(chunk);
  }
  const body = await decoded(Buffer.concat(chunks, bytes), response.headers, bytesMax);
  return Buffer.isBuffer(body) ? { ok: true, body, headers: response.headers } : body;
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
