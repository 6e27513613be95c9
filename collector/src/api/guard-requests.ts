import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';
import { authorizeOperator, type OperatorToken } from './authorize.ts';
import type { BindInfo } from './bind-info.ts';
import { refuseForeign } from './browser-guard.ts';
import { problemAnswer } from './http-errors.ts';
import { DASHBOARD_POLICY, SECURITY_HEADERS } from './security-headers.ts';

const URL_CHARS_MAX = 4_096;

/** Puts the checks every request passes, and the answers to all that fails, in front of the routes. */
export function guardRequests(
  app: FastifyInstance,
  guard: {
    readonly operatorToken: OperatorToken;
    readonly bind: BindInfo;
    /** What a browser is shown at an address that leads nowhere; null: a problem, as all others. */
    readonly page: string | null;
  },
): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (request.url.length > URL_CHARS_MAX) {
      throw new ApiError('URL_TOO_LONG', `Expected at most ${URL_CHARS_MAX} characters of URL.`);
    }
    refuseForeign(originOf(request), {
      tls: guard.bind.tls !== null,
      port: request.socket.localPort,
      address: request.socket.localAddress,
      hosts: guard.bind.hosts,
    });
    if (request.routeOptions.config.access === 'operator') {
      authorizeOperator(request.headers.authorization, guard.operatorToken);
    }
  });
  app.setErrorHandler((error, request, reply) => answerProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    if (guard.page !== null && isLookedAt(request)) return answerPage(guard.page, reply);
    return answerProblem(
      new ApiError('NOT_FOUND', `There is no ${request.method} at this path; see /openapi.json.`),
      request,
      reply,
    );
  });
}

/** Answers a request whose URL cannot be read. */
export function answerUnroutable(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void answerProblem(error, request, reply.headers(SECURITY_HEADERS));
}

async function answerProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { problem, headers } = problemAnswer(error, request);
  if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
  else if (problem.status === 401) {
    request.log.warn({ method: request.method, remote: request.ip }, 'operator token refused');
  }
  await reply
    .code(problem.status)
    .headers(headers)
    .type('application/problem+json')
    // Text, so that the route's own answer schema does not apply.
    .serializer(JSON.stringify)
    .send(problem);
}

/** A person opened the address in a browser: what they see should have a way back. */
function isLookedAt({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers['sec-fetch-dest'] === 'document';
}

async function answerPage(page: string, reply: FastifyReply): Promise<void> {
  await reply
    .code(404)
    .header('content-security-policy', DASHBOARD_POLICY)
    .type('text/html; charset=utf-8')
    .serializer(String)
    .send(page);
}

function originOf(request: FastifyRequest) {
  const { headers } = request;
  return {
    method: request.method,
    path: request.url.split('?')[0] ?? '/',
    host: headers.host,
    origin: headers.origin,
    fetchSite: header(headers['sec-fetch-site']),
    fetchMode: header(headers['sec-fetch-mode']),
    fetchDest: header(headers['sec-fetch-dest']),
  };
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
