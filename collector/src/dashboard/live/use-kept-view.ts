import { useRef } from 'preact/hooks';
import type { LiveViewName, LiveViewTypes } from '../../api/schemas/live.ts';
import { useView } from './use-view.ts';

/** A view whose argument changes while it is looked at: the last answer stands until the next is here. */
export function useKeptView<N extends LiveViewName>(
  name: N,
  argument: string,
): LiveViewTypes[N] | null | undefined {
  const value = useView(name, argument);
  const last = useRef<LiveViewTypes[N] | null | undefined>(undefined);
  if (value !== undefined) last.current = value;
  return value === undefined ? last.current : value;
}
