import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Clock } from '@keyturn/shared/clock.ts';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { FetchError } from '@keyturn/shared/model/report.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import { plainText } from '@keyturn/shared/shown.ts';

const REDIRECTS_MAX = 3;

export interface FetchOptions {
  /** For the whole exchange, redirects and body included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** PEM text of the authority to trust instead of the system's. */
  readonly ca: string | null;
  readonly clock: Clock;
  /** Aborts when the caller stops. */
  readonly signal: AbortSignal;
}

export interface FetchedDocument {
  readonly body: Buffer;
  readonly contentType: string | null;
  readonly cacheControl: string | null;
  /** What caches on the way say they added, RFC 9111 section 5.1. */
  readonly ageMs: number;
}

export type FetchResult = { readonly ok: true; readonly document: FetchedDocument } | FetchFailure;

export interface FetchFailure {
  readonly ok: false;
  readonly error: FetchError;
  /** One printable line. */
  readonly message: string;
}

/** One GET, bounded in time and size. Every way it can fail is a value; it never throws. */
export async function fetchDocument(target: URL, options: FetchOptions): Promise<FetchResult> {
  const deadline = new AbortController();
  const cancel = options.clock.after(options.timeoutMs, () => {
    deadline.abort();
  });
  const signal = AbortSignal.any([deadline.signal, options.signal]);
  try {
    return await followToDocument(target, options, signal);
  } catch (error) {
    if (!deadline.signal.aborted) return failureOf(error);
    return failed('timeout', `no complete answer within ${formatDuration(options.timeoutMs)}`);
  } finally {
    cancel();
  }
}

export function failed(error: FetchError, message: string): FetchFailure {
  return { ok: false, error, message: plainText(message, 300) };
}

async function followToDocument(
  first: URL,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<FetchResult> {
  let target = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const response = await exchange(target, options, signal);
    const status = response.statusCode ?? 0;
    if (status === 200) return await readBody(response, options.maxBytes);
    response.destroy();
    const next = status >= 300 && status < 400 ? redirectOf(response, target) : undefined;
    if (next === undefined) return failed('status', `expected status 200, got ${status}`);
    // Another origin is another party: only the settings name who may give keys.
    if (next.origin !== first.origin) {
      return failed('status', `redirects to another origin, ${next.origin}`);
    }
    target = next;
  }
  return failed('status', `redirects more than ${REDIRECTS_MAX} times`);
}

function exchange(
  target: URL,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // No agent: a connection of its own each time, since a kept one may lead to a host that the name
    // no longer points to.
    const settings = {
      signal,
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'accept-encoding': 'identity',
        'user-agent': 'keyturn-agent',
      },
    };
    const trust = options.ca === null ? {} : { ca: options.ca };
    (target.protocol === 'https:'
      ? httpsRequest(target, { ...settings, agent: false, ...trust })
      : httpRequest(target, { ...settings, agent: false })
    )
      .once('response', resolve)
      .on('error', reject)
      .end();
  });
}

function redirectOf(response: IncomingMessage, base: URL): URL | undefined {
  const { location } = response.headers;
  return location !== undefined && URL.canParse(location, base.href)
    ? new URL(location, base)
    : undefined;
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<FetchResult> {
  const tooLarge = failed('too_large', `expected at most ${maxBytes} bytes, got more`);
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) {
    response.destroy();
    return tooLarge;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded(response) as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      response.destroy();
      return tooLarge;
    }
    chunks.push(chunk);
  }
  return {
    ok: true,
    document: {
      body: Buffer.concat(chunks, size),
      contentType: printableHeader(response.headers['content-type']),
      cacheControl: printableHeader(response.headers['cache-control']),
      ageMs: ageOf(response.headers.age),
    },
  };
}

// Identity was asked for; some servers compress all the same.
function decoded(response: IncomingMessage): Readable {
  const coding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const decoder =
    coding === 'gzip' || coding === 'x-gzip'
      ? createGunzip()
      : coding === 'deflate'
        ? createInflate()
        : coding === 'br'
          ? createBrotliDecompress()
          : undefined;
  if (decoder === undefined) return response;
  response.on('error', (error) => decoder.destroy(error));
  return response.pipe(decoder);
}

function printableHeader(value: string | undefined): string | null {
  return value !== undefined && /^[\x20-\x7e]{1,200}$/.test(value) ? value : null;
}

function ageOf(header: string | undefined): number {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : 0;
}

function failureOf(error: unknown): FetchFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = messageOf(error);
  return failed(errorClassOf(code), text === '' || code === 'ECONNREFUSED' ? code : text);
}

function errorClassOf(code: string): FetchError {
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_|EPROTO)/.test(code)) {
    return 'tls';
  }
  if (/^(?:E[A-Z]+|ENOTFOUND|HPE_.*|ERR_STREAM_PREMATURE_CLOSE)$/.test(code)) return 'network';
  return 'other';
}
