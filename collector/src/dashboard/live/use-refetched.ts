import { useEffect, useRef, useState } from 'preact/hooks';

/** What a GET said last, and whether that is still what it would say. */
export type Refetched<T> =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'here'; readonly body: T };

const ANSWER_MS = 10_000;

/**
 * Fetches again whenever `version` is another one. The answer before stands meanwhile; one that failed
 * takes its place, for nobody knows what it hides.
 */
export function useRefetched<T>(path: string, version: string | number): Refetched<T> {
  const [answer, setAnswer] = useState<Refetched<T>>({ kind: 'waiting' });
  const shownPath = useRef(path);
  useEffect(() => {
    const gone = new AbortController();
    if (shownPath.current !== path) setAnswer({ kind: 'waiting' });
    shownPath.current = path;
    void fetchOnce<T>(path, gone.signal).then((found) => {
      if (!gone.signal.aborted) setAnswer(found);
    });
    return () => gone.abort();
  }, [path, version]);
  return answer;
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
