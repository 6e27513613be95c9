import type { Problem } from '../../api/schemas/problem.ts';
import type { ActRequest } from './act-form.ts';
import { lock, operatorForAct } from './operator.ts';

/** How an act ended, as far as anybody can know. */
export type ActAnswer =
  | { readonly kind: 'done'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** No answer, or one that does not say: it may have been taken. */
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'locked' };

const ANSWER_MS = 15_000;

/** Sends an act once. Never tries again by itself: a second one would be another act. */
export async function sendAct(act: ActRequest): Promise<ActAnswer> {
  const who = operatorForAct();
  if (who === null) return { kind: 'locked' };
  try {
    const answer = await fetch(urlOf(act, who.by), {
      method: act.method,
      headers:
        act.method === 'POST'
          ? { ...who.headers, 'content-type': 'application/json' }
          : who.headers,
      ...(act.method === 'POST' ? { body: JSON.stringify({ ...act.fields, by: who.by }) } : {}),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return await answerOf(answer);
  } catch {
    return { kind: 'unknown', why: 'The connection was lost before the collector answered.' };
  }
}

function urlOf({ method, path, fields }: ActRequest, by: string): string {
  if (method === 'POST') return path;
  const query = new URLSearchParams({ by });
  for (const [name, value] of Object.entries(fields)) query.set(name, String(value));
  return `${path}?${query.toString()}`;
}

async function answerOf(answer: Response): Promise<ActAnswer> {
  const body: unknown = await answer.json();
  if (answer.ok) return { kind: 'done', body };
  const problem = body as Problem;
  if (answer.status >= 500) return { kind: 'unknown', why: problem.detail };
  if (answer.status === 401) lock('The collector no longer takes the token.');
  return { kind: 'refused', problem };
}
