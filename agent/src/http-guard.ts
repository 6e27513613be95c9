import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback, parseAddress } from '@keyturn/shared/address.ts';
import { shown } from '@keyturn/shared/shown.ts';

/**
 * A sentence when a request must not be answered. Browsers get nothing: a page anywhere could make
 * one fetch from this machine, and a fetch counts as evidence. `hosts` null: any Host will
 * do, because the caller came over a Unix socket or has checked the name in a certificate.
 */
export function guardProblem(
  request: IncomingMessage,
  hosts: ReadonlySet<string> | null,
): string | undefined {
  const { headers } = request;
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
    return 'browsers are not served here';
  }
  if (hosts === null) return undefined;
  const name = hostNameOf(headers.host);
  if (name !== undefined && (isLoopback(name) || hosts.has(name))) return undefined;
  return `expected Host to name this machine (localhost, 127.0.0.1, [::1]), got ${shown(headers.host)}`;
}

function hostNameOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const address = parseAddress(header) ?? parseAddress(`${header}:0`);
  return address?.host.toLowerCase();
}

/** Answers with JSON and nothing a cache or a browser could make more of. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.byteLength,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

/** Answers with the reason for a refusal. */
export function sendProblem(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendJson(response, status, { error: message }, headers);
}
