import type { IncomingMessage, ServerResponse } from 'node:http';
import { ID_LIMITS, nameProblem, type VerifierId } from '@keyturn/shared/model/ids.ts';
import { check, type Problem } from '@keyturn/shared/settings/check.ts';
import type { z } from 'zod';
import { guardProblem, sendJson, sendProblem } from '../http-guard.ts';
import { goodbyeQuery, heartbeatBody, keysBody, outcomesBody } from './bodies.ts';
import type { PushedVerifiers, PushResult } from './pushed-verifiers.ts';

const BODY_BYTES_MAX = 65_536;
const PROBLEMS_SHOWN_MAX = 20;

const NOT_JSON = { problems: [{ path: [], message: 'expected JSON in UTF-8' }] } as const;

export interface PushHandlerOptions {
  readonly verifiers: PushedVerifiers;
  readonly leaseMs: number;
  /** Names by which the API may be reached; null over a Unix socket. */
  readonly hosts: ReadonlySet<string> | null;
}

interface Call {
  readonly id: VerifierId;
  readonly method: string;
  /** `keys`, `outcomes`, `heartbeat`, or empty for the verifier itself. */
  readonly part: string;
  readonly query: URLSearchParams;
}

/** Answers one request to the push API. */
export async function handlePushRequest(
  options: PushHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refused = guardProblem(request, options.hosts);
  if (refused !== undefined) return sendProblem(response, 403, refused);
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  if (path === '/healthz') return sendJson(response, 200, { status: 'ok' });
  const call = readCall(request.method ?? '', path, new URLSearchParams(query));
  if (typeof call === 'string') return sendProblem(response, 404, call);
  const { verifiers } = options;
  switch (`${call.method} ${call.part}`) {
    case 'PUT keys':
      return withBody(options, request, response, keysBody, {
        apply: (body) => verifiers.keys(call.id, body),
        refuse: () => {
          verifiers.keysUnreadable(call.id);
        },
      });
    case 'POST outcomes':
      return withBody(options, request, response, outcomesBody, {
        apply: (body) => verifiers.outcomes(call.id, body),
      });
    case 'POST heartbeat':
      return withBody(options, request, response, heartbeatBody, {
        apply: ({ boot }) => verifiers.heartbeat(call.id, boot),
      });
    case 'DELETE ': {
      const read = check(goodbyeQuery, Object.fromEntries(call.query));
      if ('problems' in read) return sendProblems(response, read.problems);
      return sendResult(options, response, verifiers.goodbye(call.id, read.value.boot));
    }
    default:
      return sendProblem(
        response,
        405,
        'expected PUT …/keys, POST …/outcomes, POST …/heartbeat or DELETE …',
      );
  }
}

function readCall(method: string, path: string, query: URLSearchParams): Call | string {
  const match = /^\/v1\/verifiers\/([^/]+)\/([^/]+)\/([^/]+)(?:\/(keys|outcomes|heartbeat))?$/.exec(
    path,
  );
  if (match === null) {
    return 'expected /v1/verifiers/{service}/{instance}/{cache} and /keys, /outcomes or /heartbeat';
  }
  const [service, instance, cache] = match.slice(1, 4).map(decoded);
  if (service === undefined || instance === undefined || cache === undefined) {
    return 'expected a path in percent-encoding';
  }
  const problem =
    named('service', nameProblem(service, ID_LIMITS.serviceBytes)) ??
    named('instance', nameProblem(instance, ID_LIMITS.instanceBytes)) ??
    named('cache', nameProblem(cache, ID_LIMITS.cacheBytes));
  return problem ?? { id: { service, instance, cache }, method, part: match[4] ?? '', query };
}

function named(field: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${field}: ${problem}`;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

async function withBody<T>(
  options: PushHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  schema: z.ZodType<T>,
  then: { readonly apply: (body: T) => PushResult; readonly refuse?: () => void },
): Promise<void> {
  // Also keeps out what a page can send without asking: forms and plain text.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return sendProblem(response, 415, 'expected Content-Type: application/json');
  }
  const bytes = await readBytes(request);
  if (bytes === undefined) {
    then.refuse?.();
    const message = `expected a body of at most ${BODY_BYTES_MAX} bytes`;
    return sendProblem(response, 413, message, { connection: 'close' });
  }
  const json = parsed(bytes);
  const read = json === undefined ? NOT_JSON : check(schema, json);
  if ('problems' in read) {
    then.refuse?.();
    return sendProblems(response, read.problems);
  }
  const result = then.apply(read.value);
  if (!result.ok && result.status === 400) then.refuse?.();
  sendResult(options, response, result);
}

async function readBytes(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early must not cut the connection before the answer is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function sendProblems(response: ServerResponse, problems: readonly Problem[]): void {
  const lines = problems
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.').slice(0, 100)}: ${message}`,
    );
  sendJson(response, 400, { error: lines[0], problems: lines });
}

function sendResult(
  options: PushHandlerOptions,
  response: ServerResponse,
  result: PushResult,
): void {
  if (!result.ok) return sendProblem(response, result.status, result.message);
  sendJson(response, 200, {
    applied: result.applied,
    lease_ms: options.leaseMs,
    heartbeat_ms: Math.floor(options.leaseMs / 3),
    keys_wanted: result.verifier.keysWanted,
  });
}
