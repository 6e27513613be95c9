import { useEffect, useState } from 'preact/hooks';
import type { LiveViewName, LiveViewTypes } from '../../api/schemas/live.ts';
import { viewOf, watch, type WatchedView } from './live.ts';

/**
 * A view of the live stream, watched while the component is shown. `undefined`: not here yet; null: the
 * collector knows no such thing.
 */
export function useView<N extends LiveViewName>(
  name: N,
  argument?: string,
): LiveViewTypes[N] | null | undefined {
  const [watched, setWatched] = useState<WatchedView<N> | null>(null);
  useEffect(() => {
    const next = watch(name, argument);
    setWatched(next);
    return () => next.stop();
  }, [name, argument]);
  // Until the effect has run, what is watched is what was asked for before: another thing altogether.
  return watched?.view === viewOf(name, argument) ? watched.value.value : undefined;
}
