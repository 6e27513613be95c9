import { KeyturnError } from '@keyturn/shared/errors.ts';
import type { VerdictView } from '../api/schemas/verdict.ts';

/** The command line asks for something that cannot be; exit 2. */
export class UsageError extends KeyturnError {
  constructor(message: string) {
    super('USAGE', message);
  }
}

/** Something on this machine stands in the way, such as a token file that cannot be read; exit 1. */
export class LocalError extends KeyturnError {
  constructor(message: string) {
    super('LOCAL', message);
  }
}

/** No answer that means anything came from the collector; exit 4. */
export class UnreachableError extends KeyturnError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNREACHABLE', message, options);
  }
}

/** The collector understood and said no. */
export class RefusedError extends KeyturnError {
  /** HTTP status. */
  readonly status: number;
  /** The verdict that stands in the way; null when it is something else. */
  readonly verdict: VerdictView | null;
  /** When the same act would be carried out; null when no time is known. */
  readonly clearsAt: string | null;

  constructor(
    status: number,
    problem: {
      readonly detail: string;
      readonly field?: string | undefined;
      readonly clears_at?: string | undefined;
      readonly verdict?: VerdictView | undefined;
    },
  ) {
    const field = problem.field === undefined ? '' : `${problem.field}: `;
    super('REFUSED', `${field}${problem.detail}`);
    this.status = status;
    this.verdict = problem.verdict ?? null;
    this.clearsAt = problem.clears_at ?? null;
  }
}
