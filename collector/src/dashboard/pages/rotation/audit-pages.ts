import type { AuditEntryView } from '../../../api/schemas/status.ts';

/** Entries kept in a page that stays open for days; older ones can be fetched again. */
export const ENTRIES_KEPT_MAX = 1_000;

export interface AuditPage {
  readonly entries: readonly AuditEntryView[];
  readonly next: number | null;
}

/** What a page shows of the trail, newest first. */
export interface Trail {
  readonly entries: readonly AuditEntryView[];
  /** There are older ones. */
  readonly hasOlder: boolean;
}

export const EMPTY_TRAIL: Trail = { entries: [], hasOlder: false };

/** Puts a page before or behind what is there; each entry once. */
export function withPage(trail: Trail, page: AuditPage, where: 'newer' | 'older'): Trail {
  const known = new Set(trail.entries.map(({ number }) => number));
  const fresh = page.entries.filter(({ number }) => !known.has(number));
  if (where === 'older') {
    const entries = [...trail.entries, ...fresh];
    return { entries, hasOlder: page.next !== null };
  }
  const isFirst = trail.entries.length === 0;
  // More came than a page holds: nothing may be missing in the middle, so the rest is older again.
  if (!isFirst && page.next !== null) return { entries: page.entries, hasOlder: true };
  const all = [...fresh, ...trail.entries].sort((a, b) => b.number - a.number);
  return {
    entries: all.slice(0, ENTRIES_KEPT_MAX),
    hasOlder: all.length > ENTRIES_KEPT_MAX || (isFirst ? page.next !== null : trail.hasOlder),
  };
}
