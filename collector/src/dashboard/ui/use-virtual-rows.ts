import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

// Adapters of this library call these two, which its types mark as theirs by the underscore.
/* oxlint-disable no-underscore-dangle */

const OVERSCAN = 6;

export interface VirtualRows {
  /** Rows to draw, by index, in the order of the list. */
  readonly indexes: readonly number[];
  readonly totalPx: number;
  /**
   * The key of a row's element: those that scroll out of view become those that come into it, which costs
   * the browser much less than making them. The kept row is its own, so that it keeps the focus.
   */
  keyOf(index: number): string;
  scrollTo(index: number): void;
  /** Rows that fit at once. */
  readonly perPage: number;
}

/**
 * Which rows of a long list to draw: those in view of its scrolling element, and `kept`, the one that
 * has the focus, wherever it is. Rows are all `rowPx` high.
 */
export function useVirtualRows(
  scroller: RefObject<HTMLElement | null>,
  { count, rowPx, kept }: { readonly count: number; readonly rowPx: number; readonly kept: number },
): VirtualRows {
  const [, setTurn] = useState(0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    overscan: OVERSCAN,
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) =>
      withKept(defaultRangeExtractor(range), kept, count),
    onChange: () => setTurn((turn) => turn + 1),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowPx]);
  const indexes = virtualizer.getVirtualItems().map(({ index }) => index);
  const places = useRef(0);
  places.current = Math.max(places.current, indexes.length);
  return {
    indexes,
    keyOf: (index) => (index === kept ? `kept ${index}` : `${index % places.current}`),
    totalPx: virtualizer.getTotalSize(),
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
    perPage: Math.max(1, Math.floor((virtualizer.scrollRect?.height ?? rowPx) / rowPx)),
  };
}

function withKept(indexes: number[], kept: number, count: number): number[] {
  if (kept < 0 || kept >= count || indexes.includes(kept)) return indexes;
  return [...indexes, kept].sort((a, b) => a - b);
}
