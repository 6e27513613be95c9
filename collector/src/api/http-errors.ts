import { STATUS_CODES } from 'node:http';
import { KeyturnError } from '@keyturn/shared/errors.ts';
import { plainText, shown } from '@keyturn/shared/shown.ts';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { ApiError, type ApiErrorCode } from './api-error.ts';
import type { Problem } from './schemas/problem.ts';
import { isoMoment } from '../iso-moment.ts';
import { verdictView } from './views/verdict.ts';

/** A failure as an HTTP answer, RFC 9457. */
export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

/** The parts of a request a validation failure can point into. */
export interface ValidatedParts {
  readonly body: unknown;
  readonly query: unknown;
  readonly params: unknown;
}

const STATUS: Readonly<Record<ApiErrorCode, number>> = {
  NOT_FOUND: 404,
  CONFLICT: 409,
  GATE_NOT_OPEN: 409,
  INVALID: 400,
  UNAVAILABLE: 503,
  TOKEN_MISSING: 401,
  TOKEN_MALFORMED: 400,
  TOKEN_WRONG: 401,
  HOST_UNKNOWN: 421,
  ORIGIN_FOREIGN: 403,
  URL_TOO_LONG: 414,
  BUSY: 503,
};

const TITLE: Readonly<Record<ApiErrorCode, string>> = {
  NOT_FOUND: 'Not found',
  CONFLICT: 'Conflicts with the present state',
  GATE_NOT_OPEN: 'The gate is not open',
  INVALID: 'Invalid request',
  UNAVAILABLE: 'Unavailable',
  TOKEN_MISSING: 'Operator token missing',
  TOKEN_MALFORMED: 'Authorization header malformed',
  TOKEN_WRONG: 'Operator token wrong',
  HOST_UNKNOWN: 'Host not served here',
  ORIGIN_FOREIGN: 'Origin refused',
  URL_TOO_LONG: 'URL too long',
  BUSY: 'Too many are waiting',
};

// RFC 6750 §3: no error code when no credentials came.
const CHALLENGE = 'Bearer realm="keyturn"';

const RETRY_AFTER_S = '5';

/** The answer for anything thrown while a request was handled. The only place that picks a status. */
export function problemAnswer(error: unknown, parts: ValidatedParts): ProblemAnswer {
  if (error instanceof ApiError) return apiProblem(error);
  if (error instanceof KeyturnError && error.code.startsWith('STORE_')) {
    return {
      problem: problem(
        'store-unavailable',
        'The store refuses writes',
        503,
        `${error.message} The change may still be made once it takes them; look before trying again.`,
      ),
      headers: { 'retry-after': RETRY_AFTER_S },
    };
  }
  if (hasZodFastifySchemaValidationErrors(error))
    return { problem: invalid(error, parts), headers: {} };
  const status = statusOf(error);
  if (status >= 400 && status < 500) {
    const title = STATUS_CODES[status] ?? 'Bad request';
    const detail = error instanceof Error ? error.message : title;
    return { problem: problem(slug(title), title, status, detail), headers: {} };
  }
  return {
    problem: problem(
      'internal',
      'Internal error',
      500,
      'The collector failed to answer; its log says why.',
    ),
    headers: {},
  };
}

function apiProblem(error: ApiError): ProblemAnswer {
  const status = STATUS[error.code];
  const made = problem(slug(error.code), TITLE[error.code], status, error.message);
  return {
    problem: {
      ...made,
      ...(error.field === '' ? {} : { field: error.field }),
      ...(error.clearsAtMs === null ? {} : { clears_at: isoMoment(error.clearsAtMs) }),
      ...(error.verdict === null ? {} : { verdict: verdictView(error.verdict) }),
    },
    headers: headersOf(error.code),
  };
}

function headersOf(code: ApiErrorCode): Record<string, string> {
  switch (code) {
    case 'TOKEN_MISSING':
      return { 'www-authenticate': CHALLENGE };
    case 'TOKEN_MALFORMED':
      return { 'www-authenticate': `${CHALLENGE}, error="invalid_request"` };
    case 'TOKEN_WRONG':
      return { 'www-authenticate': `${CHALLENGE}, error="invalid_token"` };
    case 'BUSY':
    case 'UNAVAILABLE':
      return { 'retry-after': RETRY_AFTER_S };
    default:
      return {};
  }
}

function problem(type: string, title: string, status: number, detail: string): Problem {
  return {
    type: `urn:keyturn:problem:${type}`,
    title,
    status,
    detail: plainText(detail, 2_000),
  };
}

function slug(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}

/** The first thing wrong, with its field, what was expected and what came. */
function invalid(
  error: Parameters<typeof fieldsOf>[0] & {
    validation: readonly { instancePath: string; message?: string }[];
  },
  parts: ValidatedParts,
): Problem {
  const [first] = error.validation;
  const path = (first?.instancePath ?? '').split('/').filter((part) => part !== '');
  let value: unknown = fieldsOf(error, parts);
  for (const part of path) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
  }
  const message = first?.message ?? 'the request does not fit its schema';
  const detail = /\breceived\b|, got /.test(message) ? message : `${message}, got ${shown(value)}`;
  return {
    ...problem('invalid', TITLE.INVALID, 400, detail),
    field: path.join('.') === '' ? (error.validationContext ?? '') : path.join('.'),
  };
}

function fieldsOf(error: { validationContext?: string }, parts: ValidatedParts): unknown {
  switch (error.validationContext) {
    case 'querystring':
      return parts.query;
    case 'params':
      return parts.params;
    default:
      return parts.body;
  }
}
