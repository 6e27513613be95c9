import t from 'tap';
import type { VerifierHistoryView } from '../../../src/api/schemas/history.ts';
import { keyLanes } from '../../../src/dashboard/fleet/key-lanes.ts';

type Event = VerifierHistoryView['events'][number];

const ISSUER = 'https://a.example';
const at = (second: number): string => new Date(second * 1_000).toISOString();

function keys(second: number, added: string[], removed: string[] = []): Event {
  return {
    at: at(second),
    what: 'keys',
    issuer: ISSUER,
    added,
    removed,
    changed: [],
    more: 0,
    count: 0,
    data_at: null,
  };
}

function life(
  second: number,
  what: 'reporting' | 'silent' | 'joined' | 'departed' | 'duplicate',
): Event {
  return { at: at(second), what };
}

const FIRST: Event = { at: at(10), what: 'first_seen', profile: 'jose' };

/** `kid: held 10-50, unknown 50-60`. */
function lanes(
  events: readonly Event[],
  kidsNow: readonly string[],
  { heard = true, isWhole = true } = {},
): readonly string[] {
  const set = {
    issuer: ISSUER,
    kids: [...kidsNow],
    data_at: null,
    attempt_at: null,
    consecutive_failures: 0,
    last_error: null,
    next_refresh_at: null,
    served_at: null,
  };
  return keyLanes(events, { keySets: [set], heard }, { fromMs: 0, toMs: 100_000, isWhole }).map(
    ({ kid, spans }) =>
      `${kid}: ${spans.map(({ kind, fromMs, toMs }) => `${kind} ${fromMs / 1_000}-${toMs / 1_000}`).join(', ')}`,
  );
}

t.test('which keys were held when, with what nobody knows', (t) => {
  t.same(lanes([], ['old']), ['old: held 0-100'], 'nothing happened');
  t.same(lanes([], ['old'], { isWhole: false }), ['old: unknown 0-100'], 'earlier events are cut');
  t.same(lanes([], ['old'], { heard: false }), ['old: unknown 0-100'], 'silent all along');
  t.same(
    lanes([FIRST, keys(12, ['old']), keys(40, ['new']), keys(80, [], ['old'])], ['new']),
    ['old: unknown 10-12, held 12-80', 'new: unknown 10-12, held 40-100'],
    'before its first report it was there, and nobody knew what it held',
  );
  t.same(
    lanes([life(30, 'silent'), life(50, 'reporting')], ['old']),
    ['old: unknown 0-50, held 50-100'],
    'before the first word of whether it was heard, nobody knows',
  );
  t.same(
    lanes([life(5, 'reporting'), life(30, 'silent'), life(50, 'reporting')], ['old']),
    ['old: unknown 0-5, held 5-30, unknown 30-50, held 50-100'],
    'a gap',
  );
  t.same(
    lanes(
      [life(5, 'reporting'), life(30, 'departed'), life(60, 'joined'), life(70, 'reporting')],
      ['old'],
    ),
    ['old: unknown 0-5, held 5-30, unknown 60-70, held 70-100'],
    'stopped on purpose: not there, which is known',
  );
  t.same(lanes([life(5, 'reporting'), life(40, 'duplicate')], ['old']), [
    'old: unknown 0-5, held 5-100',
  ]);
  t.same(
    lanes([life(5, 'reporting'), life(90, 'silent')], ['old'], { heard: false }),
    ['old: unknown 0-5, held 5-90, unknown 90-100'],
    'what it held when last heard is not what it holds',
  );
  t.end();
});
