import t from 'tap';
import type { CollectorGlanceView, OverviewView } from '../../../../src/api/schemas/overview.ts';
import type { VerdictView } from '../../../../src/api/schemas/verdict.ts';
import { collectorProblems, isCalm } from '../../../../src/dashboard/pages/overview/attention.ts';
import { standingOf } from '../../../../src/dashboard/pages/issuers/issuer-standing-words.ts';
import { glance, issuer, LATER, NOW_MS, overview, WELL } from './samples.ts';

const PROBLEMS: readonly (readonly [
  what: string,
  more: Partial<CollectorGlanceView>,
  said: RegExp,
  isGrave: boolean,
])[] = [
  ['refused writes', { store_failing_since_at: LATER }, /refuses writes.*unknown/, true],
  [
    'writes that are not read back',
    { proof_failing: { since_at: LATER, problem: 'disk' } },
    /cannot be read back \(disk\)/,
    true,
  ],
  ['hold-down', { hold_down_until_at: LATER }, /gates say unknown until/, false],
  ['no watchdog', { watchdog: 'is_missing' }, /watchdog does not fire/, false],
  ['a receiver', { receivers_failing: ['pager'] }, /1 receiver .* did not take .*: pager/, false],
  ['refused verifiers', { refused_verifiers: 2 }, /turned away 2 times.*bound of 100/, false],
  ['dropped alerts', { dropped_alerts: 1 }, /1 condition raised no alert/, false],
  ['dropped notices', { dropped_notices: 3 }, /3 notices made room/, false],
  ['dropped keys', { dropped_keys: 3 }, /3 keys of overlong/, false],
  ['dropped rotations', { dropped_rotations: 1 }, /1 ended observed rotation made room/, false],
];

for (const [what, more, said, isGrave] of PROBLEMS) {
  t.test(`the collector: ${what}`, (t) => {
    const problems = collectorProblems({ ...WELL, ...more });
    t.match(problems, [{ text: said, isGrave }]);
    t.equal(problems.length, 1);
    t.notOk(isCalm(overview({ collector: { ...WELL, ...more } }), NOW_MS), 'not calm');
    t.end();
  });
}

t.test('while it holds down, a watchdog that is yet to fire is no second problem', (t) => {
  const starting = { ...WELL, watchdog: 'is_missing', hold_down_until_at: LATER } as const;
  t.equal(collectorProblems(starting).length, 1);
  t.end();
});

const next = (status: VerdictView['status']) => ({
  gate: 'activate' as const,
  status,
  reason: '',
  more_reasons: 0,
  help: '',
  satisfied: null,
  expected: null,
  clears_at: null,
  open_since_at: null,
});

const ADVISED = { gate: 'rollback', status: 'open', advised: true } as const;

const RESTLESS: readonly (readonly [what: string, more: Partial<OverviewView>])[] = [
  ['an alert fires', { alerts: { firing: 1, critical: 0, groups: [], more: 1 } }],
  ['an issuer that cannot be read', { issuers: [issuer({ standing: 'failing' })] }],
  ['one that was not read yet', { issuers: [issuer({ standing: 'unread' })] }],
  [
    'one that was not read lately',
    { issuers: [issuer({ read_counts_until_at: '2026-11-27T03:00:00.000Z' })] },
  ],
  ['one without an address', { issuers: [issuer({ standing: 'none' })] }],
  ['one whose addresses differ', { issuers: [issuer({ differs: true })] }],
  ['one that reused a kid', { issuers: [issuer({ reused_kids: 1 })] }],
  [
    'a silent verifier',
    {
      issuers: [
        issuer({ fleet: { services: 1, verifiers: 2, reporting: 1, silent: 1, joined: 0 } }),
      ],
    },
  ],
  [
    'one that did not report yet',
    {
      issuers: [
        issuer({ fleet: { services: 1, verifiers: 1, reporting: 0, silent: 0, joined: 1 } }),
      ],
    },
  ],
  ['issuers that are not listed', { more_issuers: 1 }],
  ['no issuer', { issuers: [] }],
  [
    'nobody who could be in trouble',
    {
      issuers: [
        issuer({ fleet: { services: 0, verifiers: 0, reporting: 0, silent: 0, joined: 0 } }),
      ],
    },
  ],
  ['rotations that are not listed', { more_rotations: 1 }],
  ['going back is advised', { rotations: [glance({ gates: [ADVISED] })] }],
  [
    'a gate that was stopped',
    { rotations: [glance({ gates: [{ gate: 'activate', status: 'aborted', advised: false }] })] },
  ],
  ['a next gate that nobody can judge', { rotations: [glance({ next: next('unknown') })] }],
  ['a tainted key', { rotations: [glance({ tainted: true })] }],
  ['an issuer that used a key early', { rotations: [glance({ findings: ['used early'] })] }],
];

for (const [what, more] of RESTLESS) {
  t.test(`not calm: ${what}`, (t) => {
    t.notOk(isCalm(overview(more), NOW_MS));
    t.end();
  });
}

t.test('calm when all is well, whatever rotations wait for', (t) => {
  t.ok(isCalm(overview(), NOW_MS));
  const secrets = issuer({ standing: 'none', shared_secrets: true, read_counts_until_at: null });
  t.ok(isCalm(overview({ issuers: [issuer(), secrets] }), NOW_MS));
  const rotations = [glance(), glance({ next: next('open') }), glance({ next: null })];
  t.ok(isCalm(overview({ rotations }), NOW_MS));
  t.end();
});

const STANDINGS: readonly (readonly [Parameters<typeof issuer>[0], string, string])[] = [
  [{}, 'open', 'READABLE'],
  [{ read_counts_until_at: null }, 'unknown', 'NOT READ LATELY'],
  [{ read_counts_until_at: '2026-11-27T03:00:00.000Z' }, 'unknown', 'NOT READ LATELY'],
  [{ standing: 'unread' }, 'unknown', 'NOT READ YET'],
  [{ standing: 'failing' }, 'closed', 'NOT READABLE'],
  [{ differs: true }, 'closed', 'DIFFERS'],
  [{ standing: 'failing', reused_kids: 1 }, 'closed', 'KID REUSED'],
  [{ standing: 'none' }, 'unknown', 'NO JWKS'],
  [{ standing: 'none', shared_secrets: true }, 'unknown', 'NO JWKS: SECRETS'],
];

for (const [more, standing, word] of STANDINGS) {
  t.test(`an issuer is ${word}`, (t) => {
    t.strictSame(standingOf(issuer(more), NOW_MS), [standing, word]);
    t.end();
  });
}
