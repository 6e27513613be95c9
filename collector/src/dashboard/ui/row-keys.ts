/** A key as pressed, with what was held down beside it. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Where a key leads in a list of `count` rows, `perPage` of them in view; null: nowhere. */
export function rowAfterKey(
  { key, ctrlKey, metaKey, altKey }: KeyPress,
  at: number,
  count: number,
  perPage: number,
): number | null {
  if (altKey || metaKey || ctrlKey || count === 0) return null;
  const last = count - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, at + 1);
    case 'ArrowUp':
      return Math.max(0, at - 1);
    case 'PageDown':
      return Math.min(last, at + perPage);
    case 'PageUp':
      return Math.max(0, at - perPage);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
