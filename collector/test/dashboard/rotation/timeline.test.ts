import t from 'tap';
import { tickText } from '../../../src/dashboard/charts/tick-text.ts';
import type { TimelineView } from '../../../src/api/schemas/timeline.ts';
import {
  marginLabel,
  marksOf,
  spansOf,
  tokensEndMs,
} from '../../../src/dashboard/pages/rotation/timeline-moments.ts';
import {
  roundMoments,
  stagger,
  timeScale,
} from '../../../src/dashboard/pages/rotation/timeline-scale.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-27T10:00:00.000Z');
const at = (minutes: number): string => new Date(START + minutes * MINUTE).toISOString();

const STAGED: TimelineView = {
  rotation_id: 'r-1',
  started_at: at(0),
  published_at: null,
  first_new_use_at: null,
  last_new_use_at: null,
  switched_at: null,
  switch_seen_at: null,
  rolled_back_at: null,
  last_old_signature_at: null,
  last_old_use_at: null,
  latest_old_expiry_at: null,
  old_tokens_gone_at: null,
  honoured_until_at: null,
  withdrawn_at: null,
  purged_by_at: null,
  unbounded_services: [],
  ended_at: null,
  terms: {
    propagation_s: 600,
    propagation_of: 'orders',
    publish_safety_s: 3_600,
    lifetime_s: 900,
    skew_s: 60,
    retire_safety_s: 3_600,
  },
};

const SWITCHED: TimelineView = {
  ...STAGED,
  published_at: at(1),
  first_new_use_at: at(20),
  switched_at: at(20),
  switch_seen_at: at(20),
  last_old_signature_at: at(21),
  last_old_use_at: at(30),
  old_tokens_gone_at: at(21 + 15 + 61),
};

t.test('before anything happened there is a start, and a key that is not served', async (t) => {
  const now = START + 5 * MINUTE;
  t.same(
    marksOf(STAGED, { knownByMs: null }, now).map(({ id }) => id),
    ['started'],
  );
  t.same(
    spansOf(STAGED, { knownByMs: null }, now).map(({ id, key, toMs }) => [id, key, toMs]),
    [
      ['staged', 'new', now],
      ['signs', 'old', now],
    ],
  );
});

t.test('after the switch: the last tokens, then margins up to the earliest retire', async (t) => {
  const now = START + 31 * MINUTE;
  const marks = marksOf(SWITCHED, { knownByMs: null }, now);
  t.same(
    marks.map(({ id, isAhead }) => [id, isAhead]),
    [
      ['started', false],
      ['published', false],
      ['first-use', false],
      ['last-signature', false],
      ['last-use', false],
      ['tokens-end', true],
      ['retire', true],
    ],
    'one moment is told once, and what is to come is foreseen',
  );
  t.equal(tokensEndMs(SWITCHED), START + 36 * MINUTE);
  const old = spansOf(SWITCHED, { knownByMs: null }, now).filter(({ key }) => key === 'old');
  t.same(
    old.map(({ id, fromMs, toMs }) => [
      id,
      (fromMs - START) / MINUTE,
      toMs && (toMs - START) / MINUTE,
    ]),
    [
      ['signs', 0, 21],
      ['tokens', 21, 36],
      ['margin', 36, 97],
    ],
  );
  t.equal(marginLabel(SWITCHED), 'skew 1m + margin 1h');
});

t.test(
  'a lifetime nobody knows has no end, and a forecast is ahead until it is past',
  async (t) => {
    const endless = { ...SWITCHED, old_tokens_gone_at: null };
    const tokens = spansOf(endless, { knownByMs: null }, START + 31 * MINUTE).find(
      ({ id }) => id === 'tokens',
    );
    t.match(tokens, { toMs: null, label: /nobody knows how long/ });
    const published = { ...STAGED, published_at: at(1) };
    const knownByMs = START + 11 * MINUTE;
    const known = (nowMs: number) =>
      marksOf(published, { knownByMs }, nowMs).some(({ id }) => id === 'known');
    t.equal(known(START + 5 * MINUTE), true);
    t.equal(known(START + 12 * MINUTE), false);
  },
);

t.test(
  'a tainted key is honoured for the time policy gives, and no margins are drawn',
  async (t) => {
    const tainted = { ...SWITCHED, old_tokens_gone_at: null, honoured_until_at: at(40) };
    const old = spansOf(tainted, { knownByMs: null }, START + 31 * MINUTE).filter(
      ({ key }) => key === 'old',
    );
    t.same(
      old.map(({ id, label }) => [id, label]),
      [
        ['signs', 'signs'],
        ['tokens', 'tainted: honoured by policy'],
      ],
    );
  },
);

t.test('past and future each get their part, and order is kept', async (t) => {
  const scale = timeScale([0, 60_000, 86_400_000], 60_000, 1_000);
  t.ok(scale.isSplit);
  t.ok((scale.nowX ?? 0) >= 400 && (scale.nowX ?? 0) <= 660);
  const xs = [0, 30_000, 60_000, 3_600_000, 86_400_000].map((ms) => scale.x(ms));
  t.same(
    xs,
    [...xs].sort((a, b) => a - b),
  );
  t.ok((xs[0] ?? -1) >= 0 && (xs.at(-1) ?? 2_000) <= 1_000);
  t.equal(timeScale([0, 1_000], 1_000, 1_000).isSplit, false, 'nothing is to come');
  t.equal(timeScale([0, 1_000], null, 1_000).nowX, null, 'it has ended');
  const single = timeScale([5], null, 100).x(5);
  t.ok(Number.isFinite(single), 'one moment alone has a place');
});

t.test('round moments, no more than fit, in the words of their span', async (t) => {
  t.same(roundMoments(1_500, 9_000, 4), [2_000, 4_000, 6_000, 8_000]);
  t.ok(roundMoments(0, 400 * 86_400_000, 5).length <= 5, 'a year and more');
  t.equal(tickText(START, 60_000), '10:00:00');
  t.equal(tickText(START, 3_600_000), '10:00');
  t.equal(tickText(START, 4 * 86_400_000), '11-27 10:00');
});

t.test('marks that would cover one another stand in rows', async (t) => {
  t.same(stagger([0, 5, 10, 40], 20, 3), [0, 1, 2, 0]);
  t.same(stagger([0, 1, 2, 3], 20, 2), [0, 1, 1, 1], 'as many rows as there are');
});

t.test('of what has ended nothing is foreseen', async (t) => {
  const ended = { ...SWITCHED, ended_at: at(25) };
  const now = START + 31 * MINUTE;
  t.same(
    marksOf(ended, { knownByMs: null }, now).map(({ id }) => id),
    ['started', 'published', 'first-use', 'last-signature', 'ended'],
  );
  const lastMs = Math.max(
    ...spansOf(ended, { knownByMs: null }, now).map(({ toMs }) => toMs ?? Infinity),
  );
  t.equal(lastMs, START + 25 * MINUTE);
});

t.test('what a clock ahead of ours told of has happened by now', async (t) => {
  const now = START + 21 * MINUTE - 1_000;
  const signs = spansOf(SWITCHED, { knownByMs: null }, now).filter(({ key }) => key === 'old');
  t.match(signs, [{ id: 'signs', toMs: now }, { id: 'tokens', fromMs: now }, { id: 'margin' }]);
});
