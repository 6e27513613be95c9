import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { followFleet, onRows } from './fleet-feed.ts';
import type { RowChange } from './row-store.ts';

/** Follows the fleet while the component is shown. */
export function useFleet(): void {
  useEffect(() => followFleet(), []);
}

/**
 * Something made of all rows and kept in step with them, made anew when what it is made `on` changes.
 * Components are not drawn anew for the same properties, so whoever is given it needs the turn too.
 */
export function useFollowing<T extends { apply(changes: readonly RowChange[]): unknown }>(
  make: () => T,
  on: readonly unknown[],
): { readonly following: T; readonly turn: number } {
  // oxlint-disable-next-line react/exhaustive-deps -- the caller says what it is made on
  const following = useMemo(make, on);
  const [turn, setTurn] = useState(0);
  // In the same turn as it was made, so that no answer comes in between.
  useLayoutEffect(
    () =>
      onRows((changes) => {
        following.apply(changes);
        setTurn((last) => last + 1);
      }),
    [following],
  );
  return { following, turn };
}
