import { useEffect, useState } from 'preact/hooks';
import type { LiveViewName, LiveViewTypes } from '../../api/schemas/live.ts';
import { type ViewSignal, watch } from './live.ts';

/**
 * A view of the live stream, watched while the component is shown. `undefined`: not here yet; null: the
 * collector knows no such thing.
 */
export function useView<N extends LiveViewName>(
  name: N,
  argument?: string,
): LiveViewTypes[N] | null | undefined {
  const view = argument === undefined ? name : `${name}:${argument}`;
  const [value, setValue] = useState<ViewSignal | null>(null);
  useEffect(() => {
    const watched = watch(view);
    setValue(watched.value);
    return () => {
      watched.stop();
      setValue(null);
    };
  }, [view]);
  // The stream's text is made from the same types; see LIVE_VIEWS.
  return value?.value as LiveViewTypes[N] | null | undefined;
}
