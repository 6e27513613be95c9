import { useEffect, useState } from 'preact/hooks';

/** What a GET said. */
export type Fetched<T> =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'here'; readonly body: T };

const ANSWER_MS = 10_000;

/** Fetches once, and anew when asked to look again. Old answers do not stay while a new one is awaited. */
export function useFetched<T>(path: string): {
  readonly answer: Fetched<T>;
  readonly lookAgain: () => void;
} {
  const [answer, setAnswer] = useState<Fetched<T>>({ kind: 'waiting' });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isWanted = true;
    setAnswer({ kind: 'waiting' });
    void fetchOnce<T>(path).then((found) => {
      if (isWanted) setAnswer(found);
    });
    return () => {
      isWanted = false;
    };
  }, [path, round]);
  return { answer, lookAgain: () => setRound(round + 1) };
}

async function fetchOnce<T>(path: string): Promise<Fetched<T>> {
  try {
    const response = await fetch(path, {
      cache: 'no-store',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body: unknown = await response.json();
    if (response.ok) return { kind: 'here', body: body as T };
    return { kind: 'failed', why: (body as { readonly detail: string }).detail };
  } catch {
    return { kind: 'failed', why: 'The collector could not be asked.' };
  }
}

/** Why what was fetched is not at hand. */
export function lackOf(answer: Fetched<unknown>, what: string): string {
  return answer.kind === 'failed'
    ? `${what} could not be loaded: ${answer.why}`
    : `Loading ${what}…`;
}
