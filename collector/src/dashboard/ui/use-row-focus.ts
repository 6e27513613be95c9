import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Gives a function that moves the focus to a row's element with that `data-index`, as soon as the row is
 * drawn.
 */
export function useRowFocus(container: RefObject<HTMLElement | null>): (index: number) => void {
  const wanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const found = container.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    if (found == null) return;
    wanted.current = null;
    found.focus({ preventScroll: true });
  });
  return (index) => {
    wanted.current = index;
  };
}
