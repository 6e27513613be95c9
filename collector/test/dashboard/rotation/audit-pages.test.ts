import t from 'tap';
import type { AuditEntryView } from '../../../src/api/schemas/status.ts';
import {
  EMPTY_TRAIL,
  ENTRIES_KEPT_MAX,
  withPage,
} from '../../../src/dashboard/pages/rotation/audit-pages.ts';

const entry = (number: number): AuditEntryView => ({
  number,
  at: '2026-11-27T10:00:00.000Z',
  kind: 'act',
  rotation_id: 'r-1',
  actor: 'ana',
  action: 'start',
  message: '',
  detail: {},
  hash: '',
});

const numbers = (trail: { readonly entries: readonly AuditEntryView[] }) =>
  trail.entries.map(({ number }) => number);

t.test('newer ones go before, older ones behind, each once', async (t) => {
  const first = withPage(EMPTY_TRAIL, { entries: [9, 8].map(entry), next: 8 }, 'newer');
  t.same([numbers(first), first.hasOlder], [[9, 8], true]);
  const newer = withPage(first, { entries: [11, 10, 9].map(entry), next: null }, 'newer');
  t.same([numbers(newer), newer.hasOlder], [[11, 10, 9, 8], true]);
  const older = withPage(newer, { entries: [8, 7].map(entry), next: null }, 'older');
  t.same([numbers(older), older.hasOlder], [[11, 10, 9, 8, 7], false]);
});

t.test(
  'after a long sleep nothing is left out between what is new and what was there',
  async (t) => {
    const first = withPage(EMPTY_TRAIL, { entries: [3, 2, 1].map(entry), next: null }, 'newer');
    const page = { entries: [30, 29, 28].map(entry), next: 28 };
    const trail = withPage(first, page, 'newer');
    t.same([numbers(trail), trail.hasOlder], [[30, 29, 28], true]);
  },
);

t.test('a page open for days keeps so many, and says that there are older ones', async (t) => {
  const many = Array.from({ length: ENTRIES_KEPT_MAX + 5 }, (_, at) => entry(5_000 - at));
  const trail = withPage(EMPTY_TRAIL, { entries: many, next: null }, 'newer');
  t.equal(trail.entries.length, ENTRIES_KEPT_MAX);
  t.equal(trail.entries[0]?.number, 5_000);
  t.equal(trail.hasOlder, true);
});
