import { useRef } from 'preact/hooks';
import type { LiveViewName, LiveViewTypes } from '../../api/schemas/live.ts';
import { useView } from './use-view.ts';

/** An answer, and what it is the answer to: not always what is asked for by now. */
export interface KeptView<N extends LiveViewName> {
  readonly argument: string;
  readonly value: LiveViewTypes[N] | null | undefined;
}

/** A view whose argument changes while it is looked at: the last answer stands until the next is here. */
export function useKeptView<N extends LiveViewName>(name: N, argument: string): KeptView<N> {
  const value = useView(name, argument);
  const last = useRef<KeptView<N>>({ argument, value: undefined });
  if (value !== undefined) last.current = { argument, value };
  return last.current;
}
