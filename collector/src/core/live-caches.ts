import type { CacheKind, KeyKind } from '@keyturn/shared/model/secret-keys.ts';

/** The caches of a group that report, counted so that no gate has to go through them. */
export interface LiveCaches {
  /** By instance. */
  readonly liveCaches: Map<string, number>;
  /** Of them, those that decide with keys of a kind. */
  readonly liveByKind: Readonly<Record<KeyKind, Map<string, number>>>;
}

/** False only for what is known to decide with keys of the other kind. */
export function decidesWith(what: CacheKind, kind: KeyKind): boolean {
  return what === 'any' || what === kind;
}

/** One live cache more or less of an instance. */
export function countLive(
  { liveCaches, liveByKind }: LiveCaches,
  kind: CacheKind,
  instance: string,
  more: 1 | -1,
): void {
  add(liveCaches, instance, more);
  if (decidesWith(kind, 'public')) add(liveByKind.public, instance, more);
  if (decidesWith(kind, 'secret')) add(liveByKind.secret, instance, more);
}

function add(live: Map<string, number>, instance: string, more: 1 | -1): void {
  const count = (live.get(instance) ?? 0) + more;
  if (count <= 0) live.delete(instance);
  else live.set(instance, count);
}
