import { Metadata, type ServerErrorResponse, status } from '@grpc/grpc-js';
import { KeyturnError } from '@keyturn/shared/errors.ts';
import { plainText } from '@keyturn/shared/shown.ts';
import { ApiError, type ApiErrorCode } from './api-error.ts';

const STATUS: Readonly<Record<ApiErrorCode, status>> = {
  NOT_FOUND: status.NOT_FOUND,
  CONFLICT: status.FAILED_PRECONDITION,
  GATE_NOT_OPEN: status.FAILED_PRECONDITION,
  INVALID: status.INVALID_ARGUMENT,
  UNAVAILABLE: status.UNAVAILABLE,
  TOKEN_MISSING: status.UNAUTHENTICATED,
  TOKEN_MALFORMED: status.UNAUTHENTICATED,
  TOKEN_WRONG: status.UNAUTHENTICATED,
  HOST_UNKNOWN: status.INVALID_ARGUMENT,
  ORIGIN_FOREIGN: status.PERMISSION_DENIED,
  URL_TOO_LONG: status.INVALID_ARGUMENT,
  BUSY: status.RESOURCE_EXHAUSTED,
};

/** The gRPC answer for anything thrown while a call was handled. The only place that picks a status. */
export function grpcError(error: unknown): ServerErrorResponse {
  if (error instanceof ApiError) {
    const field = error.field === '' ? '' : `${error.field}: `;
    return answer(STATUS[error.code], `${field}${error.message}`);
  }
  if (error instanceof KeyturnError && error.code.startsWith('STORE_')) {
    return answer(
      status.UNAVAILABLE,
      `${error.message} Look whether the change was made before trying again.`,
    );
  }
  return answer(status.INTERNAL, 'The collector failed to answer; its log says why.');
}

function answer(code: status, details: string): ServerErrorResponse {
  const line = plainText(details, 2_000);
  return { name: 'ServiceError', message: line, code, details: line, metadata: new Metadata() };
}
