import t from 'tap';
import { liveBlock } from '../../src/cli/live-block.ts';
import { NO_PAINT, statusWord, TERMINAL_PAINT } from '../../src/cli/paint.ts';
import { printable } from '../../src/cli/printable.ts';
import { profilesText, profileText, verifiersText } from '../../src/cli/render/fleet.ts';
import { rotationsText, rotationText } from '../../src/cli/render/rotation.ts';
import { auditText } from '../../src/cli/render/status.ts';
import { table } from '../../src/cli/render/table.ts';
import { ago, until } from '../../src/cli/render/time.ts';
import { verdictLine, verdictText } from '../../src/cli/render/verdict.ts';
import { sightLines } from '../../src/cli/wait-progress.ts';
import { AT, AT_MS, check, verdict } from './verdicts.ts';

t.test('a closed gate in full', async (t) => {
  const text = verdictText(
    verdict({
      clears_at: '2026-11-23T10:03:20.000Z',
      checks: [
        check({ id: 'jwks_healthy', status: 'pass', class: 'health', message: 'fine' }),
        check({
          id: 'fleet_heard',
          status: 'unknown',
          class: 'coverage',
          message: 'nothing is known of 2 verifiers that should report',
          offenders: [
            {
              service: 'web',
              instance: 'web-1',
              cache: 'main',
              state: 'silent',
              since_at: '2026-11-23T09:55:00.000Z',
              detail: 'stopped reporting',
            },
            {
              service: 'billing',
              instance: '',
              cache: '',
              state: 'never_seen',
              since_at: null,
              detail: '1 of 2 report',
            },
          ],
          offender_count: 7,
          since_at: '2026-11-23T09:55:00.000Z',
          help: 'keyturn remove web web-1 --reason "gone for good"',
        }),
        check({ clears_at: '2026-11-23T10:03:20.000Z' }),
        check({
          id: 'clock_agrees',
          status: 'waived',
          class: 'health',
          message: 'clocks (waived by bob: drill)',
        }),
        check({ id: 'key_identity', status: 'pass', class: 'policy', message: 'fine' }),
      ],
    }),
    NO_PAINT,
  );
  t.equal(
    text,
    `gate activate of rotation r-1 is CLOSED (411/412 verifiers, as of 2026-11-23T10:00:00Z)

  evidence: 1 verifier without evidence of key new (check new_key_known fails)
      clears in 3m 20s (2026-11-23T10:03:20Z)

  coverage: nothing is known of 2 verifiers that should report (check fleet_heard is unknown, since 5m ago)
      web/web-1/main  silent      since 5m ago  stopped reporting
      billing         never_seen                1 of 2 report
      and 5 more
      try: keyturn remove web web-1 --reason "gone for good"

All of this clears in 3m 20s (2026-11-23T10:03:20Z), if nothing else changes.
waived: clocks (waived by bob: drill)
passing: jwks_healthy, key_identity
`,
  );
});

t.test('verdicts of other statuses', async (t) => {
  const passing = [check({ status: 'pass' })];
  t.equal(
    verdictText(
      verdict({ status: 'open', checks: passing, weakest_grade: 'served', progress: '3/3' }),
      NO_PAINT,
    ),
    'gate activate of rotation r-1 is OPEN (3/3 verifiers, weakest evidence served, as of 2026-11-23T10:00:00Z)\npassing: new_key_known\n',
  );
  t.match(
    verdictText(verdict({ status: 'aborted', progress: '' }), NO_PAINT),
    /is ABORTED \(as of[\s\S]*will not open/,
  );
  t.match(
    verdictText(verdict({ status: 'unknown', checks: [check({ status: 'unknown' })] }), NO_PAINT),
    /is UNKNOWN[\s\S]*No time is known/,
  );
  t.match(
    verdictText(verdict({ gate: 'rollback', advised: true, status: 'open' }), NO_PAINT),
    /going back to the old key is advised/,
  );
});

t.test('one line for a log', async (t) => {
  t.equal(
    verdictLine(verdict({ clears_at: '2026-11-23T10:01:00.000Z' })),
    'activate is closed: reason [411/412]; clears in 1m (2026-11-23T10:01:00Z)',
  );
  t.equal(verdictLine(verdict({ status: 'open', progress: '' })), 'activate is open: reason');
});

t.test('colours come from the painter alone', async (t) => {
  for (const [status, code] of [
    ['open', 32],
    ['closed', 31],
    ['unknown', 33],
    ['aborted', 35],
  ] as const) {
    t.equal(statusWord(status, NO_PAINT), status.toUpperCase());
    t.match(statusWord(status, TERMINAL_PAINT), `\u001b[${code}m`);
  }
});

t.test('nothing the collector says steers the terminal', async (t) => {
  t.strictSame(
    printable({
      a: 'x\u001b]0;owned\u0007\u009b31m',
      'k\u202e': ['\r\nGET', { b: 1, c: null, d: true }],
    }),
    { a: 'x ]0;owned  31m', 'k ': ['  GET', { b: 1, c: null, d: true }] },
  );
});

t.test('times', async (t) => {
  const rows: [string, string][] = [
    [ago(null, AT_MS), 'never'],
    [ago('2026-11-23T09:59:59.500Z', AT_MS), '500ms ago'],
    [ago('2026-11-23T08:55:00.000Z', AT_MS), '1h 5m ago'],
    [ago('2026-11-23T11:00:00.000Z', AT_MS), '0ms ago'],
    [until('2026-11-23T10:00:30.000Z', AT_MS), 'in 30s (2026-11-23T10:00:30Z)'],
    [until('2026-11-23T09:00:00.000Z', AT_MS), 'now (2026-11-23T09:00:00Z)'],
  ];
  for (const [got, wanted] of rows) t.equal(got, wanted);
});

t.test('tables', async (t) => {
  t.strictSame(
    table([
      ['A', 'BB'],
      ['long', ''],
      ['', 'x'],
    ]),
    ['A     BB', 'long', '      x'],
  );
  t.strictSame(table([]), []);
});

t.test('what a live block shows', async (t) => {
  const wait = {
    gate: 'activate',
    rotation: 'r-1',
    timeoutMs: 60_000,
    stableForMs: 120_000,
  } as const;
  const offender = {
    service: 'web',
    instance: 'web-1',
    cache: 'main',
    state: 'absent',
    since_at: null,
    detail: '',
  };
  t.strictSame(
    sightLines(
      {
        kind: 'verdict',
        verdict: verdict({ checks: [check({ offenders: [offender], offender_count: 2 })] }),
        openForMs: null,
      },
      wait,
      0,
    ),
    [
      'gate activate: CLOSED  411/412 verifiers',
      '  evidence: 1 verifier without evidence of key new: web/web-1/main, …',
    ],
  );
  t.strictSame(
    sightLines(
      { kind: 'verdict', verdict: verdict({ status: 'open', progress: '' }), openForMs: 30_000 },
      wait,
      5_000,
    ),
    ['gate activate: OPEN', '  open for 35s of 2m'],
  );
  t.strictSame(sightLines({ kind: 'unreachable', message: 'no collector' }, wait, 0), [
    'unreachable: no collector',
    'trying again',
  ]);
  const many = verdict({ checks: Array.from({ length: 9 }, () => check()) });
  t.equal(
    sightLines({ kind: 'verdict', verdict: many, openForMs: null }, wait, 0).at(-1),
    '  and 3 more',
  );
});

t.test('a live block is redrawn in place and fits the terminal', async (t) => {
  let written = '';
  const block = liveBlock({ write: (text) => (written += text), isTerminal: true, columns: 20 });
  block.draw(['one', 'a line that is far too long']);
  t.equal(written, 'one\na line that is far…\n');
  written = '';
  block.draw(['two']);
  t.equal(written, '\u001b[2A\r\u001b[Jtwo\n');
  written = '';
  block.clear();
  block.clear();
  t.equal(written, '\u001b[1A\r\u001b[J');
});

t.test('lists', async (t) => {
  t.equal(rotationsText({ rotations: [], more: 0 }, AT_MS), 'no rotation\n');
  t.equal(verifiersText({ verifiers: [], next: null }, AT_MS), 'no verifier matches\n');
  t.equal(auditText({ entries: [], next: null }), 'no entry\n');
  t.equal(
    auditText({
      entries: [
        {
          number: 7,
          at: AT,
          kind: 'act',
          rotation_id: null,
          actor: 'bob',
          action: 'start',
          message: 'bob: start',
          detail: {},
          hash: '',
        },
      ],
      next: 7,
    }),
    '#7  2026-11-23T10:00:00Z  act  -  bob  bob: start\nthere are more: keyturn audit --after 7\n',
  );
  t.match(
    verifiersText(
      {
        verifiers: [
          {
            service: 'web',
            instance: 'web-1',
            cache: 'main',
            kind: 'instrumented',
            states: ['reporting', 'failing'],
            state_since_at: AT,
            profile: 'jose',
            source: 'in_process',
            first_seen_at: AT,
            reported_at: '2026-11-23T09:59:50.000Z',
            duplicate_at: null,
            probes: [],
            key_sets: [
              {
                issuer: 'i',
                kids: ['old'],
                data_at: '2026-11-23T09:50:00.000Z',
                attempt_at: AT,
                consecutive_failures: 3,
                last_error: 'timeout',
                next_refresh_at: null,
                served_at: null,
              },
            ],
            rotations: [],
          },
        ],
        next: 'web/web-1/main',
      },
      AT_MS,
    ),
    /web\/web-1\/main +instrumented +reporting,failing +- +- +10m ago +10s ago +fetch failed 3 times \(timeout\)\nthere are more/,
  );
});

t.test('a rotation and a profile in full', async (t) => {
  const rotation = {
    id: 'r-1',
    issuer: 'https://issuer.example',
    alg: 'RS256',
    old_alg: 'RS256',
    key_kind: 'public' as const,
    old_key: { kid: 'old', thumbprint: null },
    new_key: { kid: 'new', thumbprint: null },
    phase: 'published' as const,
    open: true,
    outcome: null,
    tainted: true,
    origin: 'declared' as const,
    findings: [],
    ended_because: null,
    started_at: '2026-11-23T09:00:00.000Z',
    started_by: 'alice',
    published_at: '2026-11-23T09:30:00.000Z',
    switched_at: null,
    withdrawn_at: null,
    ended_at: null,
    rolled_back_at: null,
    rollback_until: null,
    old_key_destroyed_at: null,
    new_key_needed: 'no' as const,
    new_key_needed_until: null,
    declared: [
      {
        step: 'publish' as const,
        at: '2026-11-23T09:29:00.000Z',
        by: 'alice',
        override_reason: 'drill',
        reason: null,
      },
    ],
  };
  t.equal(
    rotationText(
      {
        rotation,
        next_gate: 'activate',
        gates: [
          verdict({
            summary: 'activate is closed: because',
            clears_at: '2026-11-23T10:01:00.000Z',
          }),
        ],
        canaries: null,
        propagation: null,
        attestations: [
          {
            id: 'att-1',
            rotation_id: 'r-1',
            service: 'legacy',
            instance: null,
            fact: 'holds_new',
            by: 'bob',
            reason: 'looked',
            attested_at: AT,
            expires_at: '2026-11-23T11:00:00.000Z',
            in_force: true,
          },
        ],
        containment: null,
        rehearsals: [],
        waivers: [
          {
            id: 'wvr-1',
            rotation_id: 'r-1',
            gate: 'activate',
            check_id: 'fleet_heard',
            by: 'bob',
            reason: 'known',
            waived_at: AT,
            expires_at: '2026-11-23T09:00:00.000Z',
            in_force: false,
          },
        ],
        dependents: [
          {
            service: 'mobile-app',
            kind: 'unmanaged',
            judged_by: 'population',
            required: true,
            uncovered_percent: 0.1,
            waits_for: ['time, until 2026-11-23T12:00:00Z'],
          },
          {
            service: 'orders',
            kind: 'instrumented',
            judged_by: 'evidence',
            required: true,
            uncovered_percent: null,
            waits_for: [],
          },
        ],
      },
      AT_MS,
      NO_PAINT,
    ),
    `rotation r-1: old -> new, RS256, https://issuer.example
  phase published OLD KEY TAINTED, started 1h ago by alice
  new key published everywhere at 2026-11-23T09:30:00Z

  activate  CLOSED    because; clears in 1m (2026-11-23T10:01:00Z)
declared: publish 31m ago by alice, overriding the gate: drill
service mobile-app (unmanaged, 0.1 % of it left out) waits for time, until 2026-11-23T12:00:00Z
attested: legacy holds_new, by bob (looked), expires in 1h (2026-11-23T11:00:00Z)
waived: check fleet_heard of gate activate, by bob (known), expired 1h ago
`,
  );
  const profile = {
    id: 'static',
    name: 'a key file',
    refresh_s: null,
    refetches_on_unknown_kid: false,
    cooldown_s: null,
    new_kid_refused_s: null,
    removed_key_accepted_s: null,
    replaces_whole_set: true,
    several_caches: false,
    caches_verified_tokens: false,
    static_keys: true,
    drop_now: 'Redeploy it.',
    jwks_bytes_max: null,
    jwks_keys_max: null,
    algs: null,
    unknown_key_spoils_set: null,
  };
  t.match(
    profileText(profile),
    /static: a key file\n +replaces its key set after +never by time\n[^]*at once: Redeploy it\.\n$/,
  );
  t.match(profilesText([profile]), /static +never +no +unbounded +unbounded +a key file/);
});
