import t from 'tap';
import type { CountKey, KidCounts } from '@keyturn/shared/model/report.ts';
import {
  addCounts,
  carry,
  COUNT_ROWS_MAX,
  countedRows,
  countsFor,
  findRow,
  mergeCounts,
} from '../../src/core/counts.ts';
import type { CarriedCounts, HeldCounts, VerifierRecord } from '../../src/core/records.ts';
import { ISSUER } from '../support/policies.ts';

const NOW = 1_000_000;
const NONE: CountKey = { kind: 'none' };
const OTHER: CountKey = { kind: 'other' };

function kid(name: string): CountKey {
  return { kind: 'kid', kid: name };
}

function reported(key: CountKey, part: Partial<KidCounts> = {}): KidCounts {
  return {
    issuer: ISSUER,
    key,
    outcomes: { ok: 1 },
    highestIat: null,
    highestExp: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAgeMs: null,
    ...part,
  };
}

function held(key: CountKey, part: Partial<HeldCounts> = {}): HeldCounts {
  return {
    issuer: ISSUER,
    key,
    outcomes: { ok: 1 },
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAtMs: null,
    ...part,
  };
}

function many(n: number, name = 'k'): HeldCounts[] {
  return Array.from({ length: n }, (_, i) => held(kid(`${name}${i}`)));
}

function carried(key: CountKey, ok: number, issuer = ISSUER): CarriedCounts {
  return { issuer, key, outcomes: { ok } };
}

function merged(before: readonly HeldCounts[], rows: readonly KidCounts[]) {
  const result = mergeCounts(before, rows, NOW);
  if (typeof result === 'string') throw new Error(result);
  return result;
}

t.test('a row is found by its issuer and its key', (t) => {
  const rows = [
    held(OTHER),
    held(NONE),
    held(kid('a')),
    held(kid('b')),
    held(kid('b'), { issuer: 'x' }),
  ];
  t.equal(findRow(rows, ISSUER, OTHER), rows[0]);
  t.equal(findRow(rows, ISSUER, NONE), rows[1]);
  t.equal(findRow(rows, ISSUER, kid('a')), rows[2]);
  t.equal(findRow(rows, ISSUER, kid('b')), rows[3]);
  t.equal(findRow(rows, 'x', kid('b')), rows[4]);
  t.equal(findRow(rows, 'x', kid('a')), undefined);
  t.equal(findRow(rows, 'x', NONE), undefined);
  t.equal(findRow([], ISSUER, NONE), undefined);
  t.end();
});

t.test('every word of a row is taken over', (t) => {
  const row = reported(kid('a'), {
    outcomes: { ok: 3, expired: 1 },
    highestIat: 1,
    highestExp: 2,
    longestLifetimeS: 4,
    acceptedWithoutExp: 5,
    acceptedWithoutIat: 6,
    lastAcceptedAgeMs: 250,
  });
  t.same(merged([], [row]), [
    {
      issuer: ISSUER,
      key: kid('a'),
      outcomes: { ok: 3, expired: 1 },
      highestIatS: 1,
      highestExpS: 2,
      longestLifetimeS: 4,
      acceptedWithoutExp: 5,
      acceptedWithoutIat: 6,
      lastAcceptedAtMs: NOW - 250,
    },
  ]);
  t.end();
});

t.test('when a token was last accepted', (t) => {
  const rows: [string, Partial<HeldCounts> | undefined, Partial<KidCounts>, number | null][] = [
    ['never', undefined, {}, null],
    ['just now', undefined, { lastAcceptedAgeMs: 0 }, NOW],
    ['first dated now', { outcomes: {} }, { lastAcceptedAgeMs: 10 }, NOW - 10],
    ['nothing new: as first dated', { lastAcceptedAtMs: 5 }, { lastAcceptedAgeMs: 10 }, 5],
    ['nothing new, never dated', {}, { lastAcceptedAgeMs: 10 }, null],
    [
      'more, later',
      { lastAcceptedAtMs: 5 },
      { outcomes: { ok: 2 }, lastAcceptedAgeMs: 10 },
      NOW - 10,
    ],
    [
      'more, said to be earlier',
      { lastAcceptedAtMs: NOW - 5 },
      { outcomes: { ok: 2 }, lastAcceptedAgeMs: 10 },
      NOW - 5,
    ],
    ['more, not dated', { lastAcceptedAtMs: 5 }, { outcomes: { ok: 2 } }, 5],
    ['more, never dated', {}, { outcomes: { ok: 2 } }, null],
  ];
  for (const [name, before, row, expected] of rows) {
    const previous = before === undefined ? [] : [held(kid('a'), before)];
    t.equal(merged(previous, [reported(kid('a'), row)])[0]?.lastAcceptedAtMs, expected, name);
  }
  t.end();
});

t.test('a count that went back is named, a missing one is one that did', (t) => {
  const before = [held(kid('a'), { outcomes: { ok: 5, expired: 1 } })];
  const rows: [KidCounts['outcomes'], string | undefined][] = [
    [{ ok: 5, expired: 1 }, undefined],
    [{ ok: 5, expired: 1, claims: 1 }, undefined],
    [{ ok: 4, expired: 1 }, 'counts.ok: expected at least 5 as reported before, got 4'],
    [{ ok: 6 }, 'counts.expired: expected at least 1 as reported before, got 0'],
  ];
  for (const [outcomes, problem] of rows) {
    const result = mergeCounts(before, [reported(kid('a'), { outcomes })], NOW);
    t.equal(typeof result === 'string' ? result : undefined, problem);
  }
  t.equal(typeof mergeCounts(before, [reported(kid('b'))], NOW), 'object', 'another kid');
  t.end();
});

t.test('rows of one process, up to the bound and one more', (t) => {
  const before = many(COUNT_ROWS_MAX - 1);
  t.equal(merged(before, [reported(NONE)]).length, COUNT_ROWS_MAX);
  t.match(
    mergeCounts([...before, held(NONE)], [reported(OTHER)], NOW),
    /^counts: expected at most 512 rows of one process, got 513$/,
  );
  t.end();
});

t.test('what is carried adds up, by issuer and key and outcome', (t) => {
  const rows = carry(
    [carried(kid('a'), 1), carried(NONE, 2)],
    [
      { issuer: ISSUER, key: kid('a'), outcomes: { ok: 10, expired: 3 } },
      carried(kid('a'), 100, 'x'),
      carried(kid('b'), 7),
    ],
    () => false,
  );
  t.same(rows, [
    { issuer: ISSUER, key: kid('a'), outcomes: { ok: 11, expired: 3 } },
    { issuer: ISSUER, key: NONE, outcomes: { ok: 2 } },
    { issuer: 'x', key: kid('a'), outcomes: { ok: 100 } },
    { issuer: ISSUER, key: kid('b'), outcomes: { ok: 7 } },
  ]);
  t.equal(addCounts(Number.MAX_SAFE_INTEGER, 1), Number.MAX_SAFE_INTEGER);
  t.equal(addCounts(1, 2), 3);
  t.end();
});

t.test(
  'what does not fit is carried together; tokens without kid and known kids keep their name',
  (t) => {
    const known = (_: string, name: string) => name.startsWith('known');
    const full = carry(many(COUNT_ROWS_MAX, 'junk'), [], known);
    t.equal(full.length, COUNT_ROWS_MAX);
    t.notOk(findRow(full, ISSUER, OTHER), 'just fits');
    const rows = [...many(COUNT_ROWS_MAX, 'junk'), held(kid('known')), held(NONE)];
    const kept = carry(rows, [], known);
    t.equal(kept.length, COUNT_ROWS_MAX);
    t.same(kept[0]?.key, NONE);
    t.same(kept[1]?.key, kid('known'));
    t.same(kept[2]?.key, kid('junk0'), 'the others in the order they came in');
    t.same(kept.at(-1), { issuer: ISSUER, key: OTHER, outcomes: { ok: 3 } });
    t.end();
  },
);

t.test('kids known at one issuer are junk at another', (t) => {
  const rows = [...many(COUNT_ROWS_MAX), held(kid('a')), held(kid('a'), { issuer: 'x' })];
  const kept = carry(rows, [], (issuer, name) => issuer === 'x' && name === 'a');
  t.same(kept[0], { issuer: 'x', key: kid('a'), outcomes: { ok: 1 } });
  t.notOk(findRow(kept, ISSUER, kid('a')));
  t.end();
});

t.test(
  'the next process: its own counts are gone on from, two others kept apart, the rest carried',
  (t) => {
    const boot = (bootId: string, n: number) => ({
      bootId,
      counts: [held(kid('a'), { outcomes: { ok: n } })],
    });
    const record = {
      bootId: 'b1',
      counts: boot('b1', 1).counts,
      otherBoots: [boot('b2', 2), boot('b3', 4)],
      carried: [carried(kid('a'), 100)],
    } as unknown as VerifierRecord;
    const next = countsFor(record, 'b4', () => false);
    t.same(next.counts, []);
    t.same(next.otherBoots, [boot('b1', 1), boot('b2', 2)]);
    t.same(next.carried, [carried(kid('a'), 104)]);
    const back = countsFor(record, 'b3', () => false);
    t.same(back.counts, boot('b3', 4).counts);
    t.same(back.otherBoots, [boot('b1', 1), boot('b2', 2)]);
    t.same(back.carried, record.carried);
    const idle = countsFor({ ...record, counts: [] }, 'b4', () => false);
    t.same(
      idle.otherBoots,
      [boot('b2', 2), boot('b3', 4)],
      'one that counted nothing takes no room',
    );
    const sum = [...countedRows(record)].reduce((total, row) => total + (row.outcomes.ok ?? 0), 0);
    t.equal(sum, 107, 'all of it counts');
    t.end();
  },
);
