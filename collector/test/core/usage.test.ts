import t from 'tap';
import type { HeldCounts } from '../../src/core/records.ts';
import { usageKey } from '../../src/core/state.ts';
import { addTotals, raiseUsage, USAGE_RECORDS_MAX } from '../../src/core/usage.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { World } from '../support/world.ts';

const NOW = 1_800_000_000_000;
const NOW_S = NOW / 1_000;

function row(part: Partial<HeldCounts> = {}): HeldCounts {
  return {
    issuer: ISSUER,
    key: { kind: 'kid', kid: 'old' },
    outcomes: { ok: 1 },
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAtMs: NOW,
    ...part,
  };
}

function worldWithKeys(): World {
  const world = new World(policyOf([serviceOf('orders')]));
  world.sight([OLD, NEW]);
  world.sight([OLD, NEW]);
  return world;
}

const WHEN = { sinceMs: null, untilMs: NOW };

t.test('marks of accepted tokens only rise', (t) => {
  const { state } = worldWithKeys();
  const raise = (part: Partial<HeldCounts>, previous?: HeldCounts) =>
    raiseUsage(state, row(part), previous, WHEN)[0];
  const high = row({
    highestIatS: NOW_S - 10,
    highestExpS: NOW_S + 900,
    longestLifetimeS: 900,
    acceptedWithoutExp: 2,
  });
  t.match(raise(high), {
    highestIatS: NOW_S - 10,
    highestExpS: NOW_S + 900,
    longestLifetimeS: 900,
  });
  // Another verifier, or the same one started anew, saw less.
  t.match(raise({ outcomes: { ok: 1 }, highestIatS: NOW_S - 5_000, longestLifetimeS: 60 }), {
    highestIatS: NOW_S - 10,
    highestExpS: NOW_S + 900,
    longestLifetimeS: 900,
    acceptedWithoutExp: 2,
  });
  t.same(raiseUsage(state, high, high, WHEN), [], 'nothing new was accepted');
  t.end();
});

t.test('what each kind of row says of the old key', (t) => {
  const rows: [string, Partial<HeldCounts>, Record<string, unknown> | undefined][] = [
    [
      'refused tokens say nothing',
      { outcomes: { bad_signature: 9 }, highestIatS: NOW_S },
      undefined,
    ],
    ['an issuer nobody configured', { issuer: 'https://x.test' }, undefined],
    [
      'an iat of the future is bounded by the acceptance',
      { highestIatS: NOW_S + 9_000 },
      { highestIatS: NOW_S },
    ],
    ['an iat of the past', { highestIatS: NOW_S - 7 }, { highestIatS: NOW_S - 7 }],
    ['no iat: as if signed when accepted', { acceptedWithoutIat: 1 }, { highestIatS: NOW_S }],
    [
      'some without iat',
      { acceptedWithoutIat: 1, highestIatS: NOW_S - 70 },
      { highestIatS: NOW_S, acceptedWithoutIat: 1 },
    ],
    ['no exp', { acceptedWithoutExp: 3 }, { acceptedWithoutExp: 3, highestExpS: null }],
    [
      'no age: accepted when the report came',
      { lastAcceptedAtMs: null },
      { lastAcceptedAtMs: NOW },
    ],
    ['an acceptance of the future', { lastAcceptedAtMs: NOW + 60_000 }, { lastAcceptedAtMs: NOW }],
    [
      'kids that did not fit the table',
      { key: { kind: 'other' }, highestIatS: NOW_S - 3 },
      { highestIatS: NOW_S - 3 },
    ],
  ];
  for (const [name, part, expected] of rows) {
    const { state } = worldWithKeys();
    raiseUsage(state, row(part), undefined, WHEN);
    const found = state.usage.get(usageKey(ISSUER, 'old'));
    if (expected === undefined) t.equal(found, undefined, name);
    else t.match(found, expected, name);
  }
  t.end();
});

t.test('an age beyond belief does not date a token back', (t) => {
  const { state } = worldWithKeys();
  const part = { lastAcceptedAtMs: NOW - 315_360_000_000, highestIatS: NOW_S - 5 };
  raiseUsage(state, row(part), undefined, { sinceMs: NOW - 15_000, untilMs: NOW });
  t.match(state.usage.get(usageKey(ISSUER, 'old')), {
    lastAcceptedAtMs: NOW - 15_000,
    highestIatS: NOW_S - 15,
  });
  t.end();
});

t.test('kids that did not fit speak of every key served, save the one about to come', (t) => {
  const world = worldWithKeys();
  world.start();
  raiseUsage(world.state, row({ key: { kind: 'other' } }), undefined, WHEN);
  t.ok(world.state.usage.has(usageKey(ISSUER, 'old')));
  t.notOk(world.state.usage.has(usageKey(ISSUER, 'new')));
  t.end();
});

t.test('totals are kept of known kids and of tokens without one', (t) => {
  const { state } = worldWithKeys();
  addTotals(state, row({ outcomes: { ok: 3, expired: 1 } }), undefined);
  addTotals(
    state,
    row({ outcomes: { ok: 5, expired: 1 } }),
    row({ outcomes: { ok: 3, expired: 1 } }),
  );
  addTotals(state, row({ key: { kind: 'none' }, outcomes: { ok: 2 } }), undefined);
  addTotals(state, row({ key: { kind: 'kid', kid: 'made-up' } }), undefined);
  addTotals(state, row({ issuer: 'https://x.test' }), undefined);
  addTotals(state, row({ key: { kind: 'other' } }), undefined);
  t.same(
    [...state.totals],
    [
      [usageKey(ISSUER, 'old'), { ok: 5, expired: 1 }],
      [usageKey(ISSUER, null), { ok: 2 }],
    ],
  );
  t.end();
});

t.test('kids without end fill no memory, and no lifetime is lost', (t) => {
  const { state } = worldWithKeys();
  for (let i = 0; i < USAGE_RECORDS_MAX + 10; i++) {
    raiseUsage(state, row({ key: { kind: 'kid', kid: `k${i}` } }), undefined, WHEN);
  }
  t.equal(state.usage.size, USAGE_RECORDS_MAX);
  t.equal(state.health.untrackedUsage, 10);
  const [raised] = raiseUsage(
    state,
    row({ key: { kind: 'kid', kid: 'one more' }, longestLifetimeS: 99_999 }),
    undefined,
    WHEN,
  );
  t.equal(raised?.longestLifetimeS, 99_999);
  t.equal(state.usage.size, USAGE_RECORDS_MAX);
  raiseUsage(state, row(), undefined, WHEN);
  t.ok(state.usage.has(usageKey(ISSUER, 'old')), 'a key the collector knows always finds room');
  t.end();
});
