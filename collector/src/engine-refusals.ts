import type { ActResult } from './core/acts.ts';
import { StoreError } from './store/store-error.ts';

/** Why a closed engine takes nothing. */
export function stopping(): StoreError {
  return new StoreError('STORE_FAILED', 'the collector is stopping and keeps nothing any more');
}

/** The answer to acts that cannot be recorded. */
export const STORE_UNAVAILABLE: ActResult = {
  ok: false,
  refusal: {
    code: 'unavailable',
    field: '',
    message: 'the store refuses writes, so nothing can be recorded; see `keyturn doctor`',
    verdict: null,
  },
};
