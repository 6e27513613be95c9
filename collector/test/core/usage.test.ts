import t from 'tap';
import type { HeldCounts } from '../../src/core/records.ts';
import { usageKey } from '../../src/core/state.ts';
import {
  addTotals,
  attributableFailures,
  dropTotals,
  isKnownKid,
  raiseUsage,
  recountTotals,
  USAGE_RECORDS_MAX,
} from '../../src/core/usage.ts';
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

t.test('the whole record of a first and a second acceptance', (t) => {
  const { state } = worldWithKeys();
  const first = row({
    outcomes: { ok: 1 },
    highestIatS: NOW_S - 10,
    highestExpS: NOW_S + 50,
    longestLifetimeS: 60,
    lastAcceptedAtMs: NOW - 5_000,
  });
  const record = {
    issuer: ISSUER,
    kid: 'old',
    firstAcceptedAtMs: NOW - 5_000,
    lastAcceptedAtMs: NOW - 5_000,
    highestIatS: NOW_S - 10,
    highestExpS: NOW_S + 50,
    longestLifetimeS: 60,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
  };
  t.same(raiseUsage(state, first, undefined, WHEN), [record]);
  t.same(state.usage.get(usageKey(ISSUER, 'old')), record);
  const second = row({
    outcomes: { ok: 4 },
    highestIatS: NOW_S - 9,
    acceptedWithoutExp: 2,
    acceptedWithoutIat: 1,
    lastAcceptedAtMs: NOW - 4_000,
  });
  t.same(raiseUsage(state, second, first, WHEN), [
    {
      ...record,
      lastAcceptedAtMs: NOW - 4_000,
      highestIatS: NOW_S - 4,
      acceptedWithoutExp: 2,
      acceptedWithoutIat: 1,
    },
  ]);
  const third = row({ ...second, outcomes: { ok: 5 }, lastAcceptedAtMs: NOW - 7_000 });
  t.match(raiseUsage(state, third, second, WHEN), [
    // Nothing more of them without iat or exp, and an earlier acceptance takes nothing back.
    { lastAcceptedAtMs: NOW - 4_000, acceptedWithoutExp: 2, acceptedWithoutIat: 1 },
  ]);
  t.end();
});

t.test('tokens without kid have a record of their own', (t) => {
  const { state } = worldWithKeys();
  t.match(raiseUsage(state, row({ key: { kind: 'none' } }), undefined, WHEN), [{ kid: null }]);
  t.end();
});

t.test('an acceptance within a second counts as of its end', (t) => {
  const { state } = worldWithKeys();
  const part = { lastAcceptedAtMs: NOW - 1, highestIatS: NOW_S + 5 };
  const early = { sinceMs: null, untilMs: NOW - 1 };
  t.match(raiseUsage(state, row(part), undefined, early), [{ highestIatS: NOW_S }]);
  const none = { lastAcceptedAtMs: NOW - 1, acceptedWithoutIat: 1 };
  t.match(raiseUsage(state, row(none), undefined, early), [{ highestIatS: NOW_S }]);
  t.end();
});

t.test('which keys a row of unnamed kids speaks of', (t) => {
  const other = { key: { kind: 'other' } } as const;
  const world = worldWithKeys();
  const kids = () =>
    new Set(raiseUsage(world.state, row(other), undefined, WHEN).map(({ kid }) => kid));
  t.same(kids(), new Set(['old', 'new']), 'all that is served');
  world.served = [NEW];
  world.sight();
  world.sight();
  t.same(kids(), new Set(['new']), 'what is withdrawn signs nothing');
  world.served = [OLD, NEW];
  world.sight();
  const id = world.start();
  t.same(kids(), new Set(['old']));
  t.match(world.declare(id, 'abort', 'table'), { ok: true });
  t.same(kids(), new Set(['old', 'new']), 'one that is not about to come any more');
  t.end();
});

t.test('full: a lifetime goes to a record of the same issuer, and nothing else does', (t) => {
  const { state } = worldWithKeys();
  const stranger = { ...row(), key: { kind: 'kid', kid: 'stranger' } } as const;
  const [mine] = raiseUsage(state, row({ longestLifetimeS: 60 }), undefined, WHEN);
  if (mine === undefined) throw new Error('no record');
  state.usage.clear();
  for (let i = 0; i < USAGE_RECORDS_MAX - 1; i++) {
    state.usage.set(`x ${i}`, { ...mine, issuer: 'https://x.test' });
  }
  state.usage.set(usageKey(ISSUER, 'old'), mine);
  const longer = row({ key: stranger.key, longestLifetimeS: 61, highestExpS: NOW_S });
  t.same(raiseUsage(state, longer, undefined, WHEN), [{ ...mine, longestLifetimeS: 61 }]);
  t.same(state.usage.get(usageKey(ISSUER, 'old')), { ...mine, longestLifetimeS: 61 });
  t.same(raiseUsage(state, longer, undefined, WHEN), [], 'known already');
  t.equal(state.health.untrackedUsage, 2);
  t.equal(raiseUsage(state, row({ key: { kind: 'none' } }), undefined, WHEN).length, 1);
  for (const [key, { issuer }] of state.usage) {
    if (issuer === ISSUER) state.usage.set(key, { ...mine, issuer: 'https://x.test' });
  }
  t.same(raiseUsage(state, longer, undefined, WHEN), [], 'nobody to keep it');
  t.end();
});

t.test('what counts as known to the collector', (t) => {
  const world = worldWithKeys();
  const { state } = world;
  world.start({ oldKid: 'old', newKid: 'next' });
  const rows: [string, string, boolean][] = [
    [ISSUER, 'old', true],
    [ISSUER, 'new', true],
    [ISSUER, 'next', true],
    [ISSUER, 'made-up', false],
    ['https://x.test', 'old', false],
    ['https://x.test', 'next', false],
  ];
  for (const [issuer, kid, expected] of rows) {
    t.equal(isKnownKid(state, issuer, kid), expected, `${issuer} ${kid}`);
  }
  state.issuers.get(ISSUER)?.kids.clear();
  t.ok(isKnownKid(state, ISSUER, 'old'), 'a rotation names it');
  t.notOk(isKnownKid(state, ISSUER, 'new'));
  t.end();
});

t.test('totals never go below nothing, and are taken out with their verifier', (t) => {
  const world = worldWithKeys();
  const { state } = world;
  const key = usageKey(ISSUER, 'old');
  addTotals(state, row({ outcomes: { ok: 3 } }), row({ outcomes: { ok: 5 } }));
  t.same(state.totals.get(key), { ok: 0 });
  const counts = [{ kid: 'old', outcomes: { ok: 3, bad_signature: 2 } }];
  world.join('orders', 'a').report({ counts });
  world.join('orders', 'b').report({ counts: [...counts, { kid: 'stray', outcomes: { ok: 9 } }] });
  t.same(state.totals.get(key), { ok: 6, bad_signature: 4 });
  const record = state.fleet.verifiers.get('orders/b/jwks')?.record;
  if (record === undefined) throw new Error('no verifier');
  dropTotals(state, record);
  t.same(state.totals.get(key), { ok: 3, bad_signature: 2 });
  t.equal(state.totals.size, 1);
  dropTotals(state, record);
  dropTotals(state, record);
  t.same(state.totals.get(key), { ok: 0, bad_signature: 0 });
  t.end();
});

t.test('kids that become known are counted anew, others are left alone', (t) => {
  const world = worldWithKeys();
  const { state } = world;
  const counts = ['old', 'stray'].map((kid) => ({ kid, outcomes: { ok: 2 } }));
  const elsewhere = { kid: 'stray', outcomes: { ok: 50 }, issuer: 'https://x.test' };
  const verifier = world.join('orders', 'a');
  verifier.report({ counts: [...counts, elsewhere, { kid: null, outcomes: { ok: 1 } }] });
  t.notOk(state.totals.has(usageKey(ISSUER, 'stray')));
  state.totals.set(usageKey(ISSUER, 'old'), { ok: 70 });
  state.issuers.get(ISSUER)?.kids.add('stray');
  for (let twice = 0; twice < 2; twice++) {
    recountTotals(state, ISSUER, new Set(['stray']));
    t.same(state.totals.get(usageKey(ISSUER, 'stray')), { ok: 2 });
  }
  t.same(state.totals.get(usageKey(ISSUER, 'old')), { ok: 70 }, 'not asked for');
  recountTotals(state, ISSUER, new Set());
  t.end();
});

t.test('failures a key could have caused', (t) => {
  const { state } = worldWithKeys();
  t.equal(attributableFailures(state, ISSUER, 'old'), 0);
  const outcomes = { ok: 1, bad_signature: 2, unknown_kid: 4, expired: 8, claims: 16 };
  addTotals(state, row({ outcomes }), undefined);
  t.equal(attributableFailures(state, ISSUER, 'old'), 6);
  t.equal(attributableFailures(state, ISSUER, 'new'), 0);
  t.end();
});
