import { useEffect, useRef, useState } from 'preact/hooks';

/** What a GET said last, and whether that is still what it would say. */
export type Refetched<T> =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'here'; readonly body: T };

const ANSWER_MS = 10_000;

const WAITING = { kind: 'waiting' } as const;

/** The questions about one path. */
interface Asking {
  readonly gone: AbortController;
  isAsking: boolean;
  /** There was news while an answer was awaited. */
  isDue: boolean;
}

/**
 * Fetches again whenever `version` is another one. The answer before stands meanwhile; one that failed
 * takes its place, for nobody knows what it hides. News does not end a question: where answers take
 * longer than news none would ever arrive.
 */
export function useRefetched<T>(path: string, version: string | number): Refetched<T> {
  const [answer, setAnswer] = useState<{ readonly of: string; readonly found: Refetched<T> }>();
  const asking = useRef<Asking | null>(null);
  useEffect(() => {
    const present = { gone: new AbortController(), isAsking: false, isDue: false };
    asking.current = present;
    return () => present.gone.abort();
  }, [path]);
  useEffect(() => {
    const present = asking.current;
    if (present === null) return;
    void askWhileDue<T>(path, present, (found) => setAnswer({ of: path, found }));
  }, [path, version]);
  return answer?.of === path ? answer.found : WAITING;
}

async function askWhileDue<T>(
  path: string,
  asking: Asking,
  heard: (found: Refetched<T>) => void,
): Promise<void> {
  asking.isDue = true;
  if (asking.isAsking) return;
  asking.isAsking = true;
  while (asking.isDue) {
    asking.isDue = false;
    const found = await fetchOnce<T>(path, asking.gone.signal);
    if (asking.gone.signal.aborted) return;
    heard(found);
  }
  asking.isAsking = false;
}

async function fetchOnce<T>(path: string, gone: AbortSignal): Promise<Refetched<T>> {
  try {
    const signal = AbortSignal.any([gone, AbortSignal.timeout(ANSWER_MS)]);
    const response = await fetch(path, { cache: 'no-store', signal });
    const body: unknown = await response.json();
    if (response.ok) return { kind: 'here', body: body as T };
    return { kind: 'failed', why: (body as { readonly detail: string }).detail };
  } catch {
    return { kind: 'failed', why: 'The collector could not be asked.' };
  }
}
