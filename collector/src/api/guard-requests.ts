import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';
import { authorizeOperator, type OperatorToken } from './authorize.ts';
import type { BindInfo } from './bind-info.ts';
import { refuseForeign } from './browser-guard.ts';
import { problemAnswer } from './http-errors.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

const URL_CHARS_MAX = 4_096;

/** Puts the checks every request passes, and the answers to all that fails, in front of the routes. */
export function guardRequests(
  app: FastifyInstance,
  guard: { readonly operatorToken: OperatorToken; readonly bind: BindInfo },
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
  app.setNotFoundHandler((request, reply) =>
    answerProblem(
      new ApiError('NOT_FOUND', `There is no ${request.method} at this path; see /openapi.json.`),
      request,
      reply,
    ),
  );
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
