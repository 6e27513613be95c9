import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { followFleet, onRows } from './fleet-feed.ts';
import type { RowChange } from './row-store.ts';

/** Follows the fleet while the component is shown. */
export function useFleet(): void {
  useEffect(() => followFleet(), []);
}

/**
 * Something made of all rows and kept in step with them, made anew when `made` on changes; the
 * component follows it.
 */
export function useFollowing<T extends { apply(changes: readonly RowChange[]): unknown }>(
  make: () => T,
  on: readonly unknown[],
): T {
  // oxlint-disable-next-line react/exhaustive-deps -- the caller says what it is made on
  const following = useMemo(make, on);
  const [, setCount] = useState(0);
  // In the same turn as it was made, so that no answer comes in between.
  useLayoutEffect(
    () =>
      onRows((changes) => {
        following.apply(changes);
        setCount((count) => count + 1);
      }),
    [following],
  );
  return following;
}
