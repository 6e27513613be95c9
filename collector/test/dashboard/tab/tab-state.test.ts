import t from 'tap';
import { type TabFacts, tabState, tabTitle } from '../../../src/dashboard/tab/tab-state.ts';

type Overview = NonNullable<TabFacts['overview']>;
type Judged = Overview['rotations'][number];

function judged(
  status: 'open' | 'closed' | 'unknown' | 'aborted',
  more: Partial<Judged['rotation']> & {
    readonly progress?: string;
    readonly advised?: boolean;
    readonly next?: Judged['next_gate'];
  } = {},
): Judged {
  const { progress = '', advised = false, next = 'activate', ...rotation } = more;
  return {
    rotation: {
      id: 'r-1',
      issuer: 'iss',
      phase: 'published',
      open: true,
      ...rotation,
    },
    next_gate: next,
    gates: [
      { gate: 'publish', status: 'open', progress: '', advised: false },
      { gate: 'activate', status, progress, advised: false },
      { gate: 'retire', status, progress, advised: false },
      { gate: 'rollback', status: 'closed', progress: '', advised },
    ],
  };
}

function alert(
  labels: Overview['alerts'][number]['labels'] = {},
  more: Partial<Overview['alerts'][number]> = {},
): Overview['alerts'][number] {
  return { severity: 'critical', firing: true, name: 'NewKeyFailing', labels, ...more };
}

function overview(rotations: readonly Judged[], alerts: Overview['alerts'] = []): TabFacts {
  return { freshness: 'live', overview: { alerts, rotations, more_rotations: 0 } };
}

function page(rotation: TabFacts['rotation'], alerts: Overview['alerts'] = []): TabFacts {
  return { ...overview([judged('open', { id: 'r-9' })], alerts), rotation };
}

const CASES: readonly (readonly [what: string, facts: TabFacts, kind: string, words: string])[] = [
  ['nothing is under way', overview([]), 'calm', ''],
  ['a gate is closed', overview([judged('closed', { progress: '3/5' })]), 'closed', '✕ CLOSED 3/5'],
  ['a gate is open', overview([judged('open')]), 'open', '✓ OPEN'],
  ['a gate is unknown', overview([judged('unknown')]), 'unknown', '◆ UNKNOWN'],
  ['an alert stopped it', overview([judged('aborted')]), 'aborted', '⊘ ABORTED'],
  [
    'one closed among open ones',
    overview([judged('open'), judged('closed')]),
    'closed',
    '✕ CLOSED',
  ],
  [
    'one unknown among open ones',
    overview([judged('unknown'), judged('open')]),
    'unknown',
    '◆ UNKNOWN',
  ],
  ['rollback is advised', overview([judged('closed', { advised: true })]), 'back', '↩ GO BACK'],
  ['an alert fires', overview([judged('open')], [alert()]), 'alert', '▲ 1 alert'],
  ['two alerts fire', overview([], [alert(), alert()]), 'alert', '▲ 2 alerts'],
  [
    'an alert and rollback',
    overview([judged('open', { advised: true })], [alert()]),
    'alert',
    '▲ 1 alert',
  ],
  [
    'a warning wakes nobody',
    overview([judged('open')], [alert({}, { severity: 'warning' })]),
    'open',
    '✓ OPEN',
  ],
  ['one that waits does not fire', overview([], [alert({}, { firing: false })]), 'calm', ''],
  [
    'a gate that nobody tells of',
    overview([judged('open', { phase: 'withdrawn', next: 'purge' })]),
    'unknown',
    '◆ UNKNOWN',
  ],
  ['old news', { ...overview([judged('open')]), freshness: 'stale' }, 'stale', '? stale'],
  [
    'no news yet',
    { ...overview([judged('open')]), freshness: 'connecting' },
    'stale',
    '… connecting',
  ],
  ['not here yet', { freshness: 'live', overview: undefined }, 'stale', '… connecting'],
  ['it could not be made', { freshness: 'live', overview: null }, 'unknown', '◆ UNKNOWN'],
  ['page: its own gate', page(judged('closed', { progress: '1/2' })), 'closed', '✕ CLOSED 1/2'],
  ['page: its own alert', page(judged('open'), [alert({ rotation: 'r-1' })]), 'alert', '▲ 1 alert'],
  [
    'page: another one’s alert',
    page(judged('open'), [alert({ rotation: 'r-2' })]),
    'open',
    '✓ OPEN',
  ],
  [
    'page: an alert of its issuer',
    page(judged('open'), [alert({ issuer: 'iss' })]),
    'alert',
    '▲ 1 alert',
  ],
  [
    'page: one of another issuer',
    page(judged('open'), [alert({ issuer: 'other' })]),
    'open',
    '✓ OPEN',
  ],
  [
    'page: one of everything',
    page(judged('open'), [alert({ receiver: 'pager' })]),
    'alert',
    '▲ 1 alert',
  ],
  ['page: not here yet', page(undefined), 'stale', '… connecting'],
  ['page: no such rotation, or one that cannot be judged', page(null), 'unknown', '◆ UNKNOWN'],
  ['page: neither is known, and an alert fires', page(null, [alert()]), 'alert', '▲ 1 alert'],
  [
    'rotations nothing is said of',
    {
      freshness: 'live',
      overview: { alerts: [], rotations: [judged('open')], more_rotations: 1 },
    },
    'unknown',
    '◆ UNKNOWN',
  ],
  [
    'page: it is over, and an alert of it fires',
    page(judged('closed', { open: false, phase: 'gone', next: null }), [
      alert({ rotation: 'r-1' }),
    ]),
    'alert',
    '▲ 1 alert',
  ],
  [
    'page: it is over, and another alert of its issuer fires',
    page(judged('closed', { open: false, phase: 'gone', next: null }), [alert({ issuer: 'iss' })]),
    'calm',
    '',
  ],
  [
    'page: it was aborted',
    page(judged('aborted', { open: false, phase: 'aborted' })),
    'aborted',
    '⊘ ABORTED',
  ],
  ['page: it is over', page(judged('closed', { open: false, phase: 'gone' })), 'calm', ''],
];

for (const [what, facts, kind, words] of CASES) {
  t.test(what, (t) => {
    t.same(tabState(facts), { kind, words });
    t.end();
  });
}

t.test('titles begin with the state', (t) => {
  t.equal(
    tabTitle({ kind: 'closed', words: '✕ CLOSED 3/5' }, 'a → b'),
    '✕ CLOSED 3/5 · a → b · Keyturn',
  );
  t.equal(tabTitle({ kind: 'calm', words: '' }, 'Overview'), 'Overview · Keyturn');
  t.equal(tabTitle({ kind: 'stale', words: '? stale' }, ''), '? stale · Keyturn');
  t.end();
});
