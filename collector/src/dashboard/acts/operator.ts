import { type ReadonlySignal, signal } from '@preact/signals';
import { awakeTime } from '../live/awake-time.ts';
import { isForgotten } from './forget-rule.ts';

/** Who acts from this page. The token itself is in no state that anything could show. */
export type Operator =
  | { readonly kind: 'read_only'; readonly because: string | null }
  | { readonly kind: 'unlocked'; readonly by: string };

/** How a try to unlock ended. */
export type Unlocking =
  | { readonly kind: 'unlocked' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unreachable' };

const CHECK_EVERY_MS = 1_000;
const ANSWER_MS = 10_000;

// What the collector reads as a token at all; anything else could not even be sent.
const TOKEN = /^[\u0021-\u007e]{1,4000}$/;

const awakeMs = awakeTime(
  () => performance.now(),
  () => Date.now(),
);

const operatorSignal = signal<Operator>({ kind: 'read_only', because: null });

// In this one place: no storage, cookie, address or element ever holds it.
let token: string | null = null;
let usedAtMs = 0;
let hiddenSinceMs: number | null = null;

/** Who acts now, or that this page only reads. */
export const operator: ReadonlySignal<Operator> = operatorSignal;

/**
 * Asks the collector whether this is its operator token, and keeps it in memory if so.
 *
 * @param wanted aborted: whoever gave the token has changed their mind, whatever the answer
 */
export async function unlock(
  by: string,
  presented: string,
  wanted: AbortSignal,
): Promise<Unlocking> {
  if (!TOKEN.test(presented)) {
    return { kind: 'refused', message: 'A token has no blanks and no letters beyond ASCII.' };
  }
  try {
    const answer = await fetch('/v1/operator', {
      headers: bearer(presented),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: AbortSignal.any([wanted, AbortSignal.timeout(ANSWER_MS)]),
    });
    if (!answer.ok) return { kind: 'refused', message: await refusalOf(answer) };
  } catch {
    return { kind: 'unreachable' };
  }
  if (wanted.aborted) return { kind: 'unreachable' };
  token = presented;
  usedAtMs = awakeMs();
  operatorSignal.value = { kind: 'unlocked', by };
  return { kind: 'unlocked' };
}

/** Forgets the token. `because`: a sentence for the reader where it was not they who asked for it. */
export function lock(because: string | null = null): void {
  token = null;
  operatorSignal.value = { kind: 'read_only', because };
}

/** What one act is sent with; null once the token is forgotten. Counts as use. */
export function operatorForAct(): {
  readonly by: string;
  readonly headers: Readonly<Record<string, string>>;
} | null {
  forgetInTime();
  const who = operatorSignal.value;
  if (token === null || who.kind !== 'unlocked') return null;
  usedAtMs = awakeMs();
  return { by: who.by, headers: bearer(token) };
}

/** Watches the time and whether anybody looks; once for a page. */
export function startOperator(): void {
  setInterval(forgetInTime, CHECK_EVERY_MS);
  document.addEventListener('visibilitychange', () => {
    forgetInTime();
    hiddenSinceMs = document.hidden ? awakeMs() : null;
  });
  // A page kept for the way back would keep the token with it.
  addEventListener('pagehide', () => lock());
}

function forgetInTime(): void {
  if (token === null || !isForgotten({ usedAtMs, hiddenSinceMs }, awakeMs())) return;
  lock('The token was forgotten: nobody acted or looked for a while.');
}

function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

async function refusalOf(answer: Response): Promise<string> {
  if (answer.status === 401) return 'This is not the operator token of this collector.';
  const problem = (await answer.json()) as { readonly detail?: string };
  return problem.detail ?? `The collector answered with ${answer.status}.`;
}
