import { messageOf } from '@keyturn/shared/errors.ts';
import type { Meta, Store } from './store/store.ts';

/** How often it is proven that the store takes what is written and gives it back, milliseconds. */
export const PROVE_EVERY_MS = 10_000;

/** Why what was just committed cannot be read again; empty when it can, word for word. */
export function readBackProblem(store: Store, written: Meta): string {
  try {
    const read = store.lastMeta();
    if (read?.lastNowMs === written.lastNowMs && read.epochFloor === written.epochFloor) return '';
    return `wrote ${written.lastNowMs} and read ${read?.lastNowMs ?? 'nothing'}`;
  } catch (error) {
    return messageOf(error);
  }
}
