import { KeyturnError } from '@keyturn/shared/errors.ts';
import type { Verdict } from '@keyturn/shared/model/verdict.ts';
import type { ActResult, Refusal, RefusalCode } from '../core/acts.ts';

/** Why a request to one of the collector's faces was not carried out. */
export type ApiErrorCode =
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'GATE_NOT_OPEN'
  | 'INVALID'
  | 'UNAVAILABLE'
  | 'TOKEN_MISSING'
  | 'TOKEN_MALFORMED'
  | 'TOKEN_WRONG'
  | 'HOST_UNKNOWN'
  | 'ORIGIN_FOREIGN'
  | 'URL_TOO_LONG'
  | 'BUSY';

/** A request was refused. `http-errors.ts` and `grpc-errors.ts` give it a status. */
export class ApiError extends KeyturnError {
  declare readonly code: ApiErrorCode;
  /** The argument at fault, in snake_case, or empty. */
  readonly field: string;
  /** For GATE_NOT_OPEN. */
  readonly verdict: Verdict | null;
  /** When the same request would be carried out, Unix ms, where that is known. */
  readonly clearsAtMs: number | null;

  constructor(
    code: ApiErrorCode,
    message: string,
    field = '',
    verdict: Verdict | null = null,
    clearsAtMs: number | null = null,
  ) {
    super(code, message);
    this.field = field;
    this.verdict = verdict;
    this.clearsAtMs = clearsAtMs;
  }
}

const BY_REFUSAL: Readonly<Record<RefusalCode, ApiErrorCode>> = {
  not_found: 'NOT_FOUND',
  conflict: 'CONFLICT',
  gate_not_open: 'GATE_NOT_OPEN',
  invalid: 'INVALID',
  unavailable: 'UNAVAILABLE',
};

export function refusalError(refusal: Refusal): ApiError {
  const { code, message, field, verdict, clearsAtMs = null } = refusal;
  return new ApiError(BY_REFUSAL[code], message, field, verdict, clearsAtMs);
}

/** What an act did; throws ApiError when it was refused. */
export function carriedOut(result: ActResult): Extract<ActResult, { ok: true }> {
  if (!result.ok) throw refusalError(result.refusal);
  return result;
}

export function noSuchRotation(): ApiError {
  return new ApiError(
    'NOT_FOUND',
    'There is no rotation with this id; `keyturn rotation list --all` shows those there are.',
    'rotation_id',
  );
}

export function noSuchIssuer(): ApiError {
  return new ApiError(
    'NOT_FOUND',
    'There is no issuer of this name; GET /v1/issuers lists those there are.',
    'issuer',
  );
}
