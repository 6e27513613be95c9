import { createHash } from 'node:crypto';
import t from 'tap';
import type { ContainmentView } from '../../src/api/schemas/emergency.ts';
import type { PropagationView } from '../../src/api/schemas/propagation.ts';
import type { RotationView } from '../../src/api/schemas/rotation.ts';
import type { DependentView } from '../../src/api/schemas/service.ts';
import { escapeHtml, html, name } from '../../src/api/pages/html.ts';
import { statusPage } from '../../src/api/pages/status-page.ts';
import { rotationSection } from '../../src/api/pages/rotation-section.ts';
import type { VerdictView } from '../../src/api/schemas/verdict.ts';
import { id, NEW_KEY, OLD_KEY, startRig } from './rig.ts';

const HOSTILE = `<script>alert(1)</script>"'&\u202eevil\u001b[2J\u200b`;

t.test('text put into a page', async (t) => {
  const rows: [string, string][] = [
    ['plain', 'plain'],
    ['<b>&"\'', '&lt;b&gt;&amp;&quot;&#39;'],
    ['a\u202eb', 'a b'],
    ['a\u001b[31mb', 'a [31mb'],
    ['a\nb', 'a b'],
    ['\ud800x', ' x'],
    ['naïve 日本語', 'naïve 日本語'],
  ];
  for (const [text, safe] of rows) t.equal(escapeHtml(text), safe);
  t.equal(
    html`<p title="${'"><i>'}">${'<'}${1}${null}${[html`<b>x</b>`, '&']}</p>`.markup,
    '<p title="&quot;&gt;&lt;i&gt;">&lt;1<b>x</b>&amp;</p>',
  );
  t.equal(name('<x>').markup, '<bdi>&lt;x&gt;</bdi>');
  t.ok(escapeHtml('x'.repeat(100_000)).length <= 4_096);
});

t.test('the page shows verdicts, reasons and laggards, and runs nothing', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const empty = await rig.call('GET', '/status', { token: null });
  t.equal(empty.status, 200);
  t.match(empty.headers['content-type'], /^text\/html/);
  t.match(empty.text, /No rotation is open/);
  t.match(empty.text, /gates say unknown until the fleet has been heard/);
  const style = /<style>([\s\S]*?)<\/style>/.exec(empty.text)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  t.match(empty.headers['content-security-policy'], `style-src 'sha256-${hash}'`);
  t.notMatch(empty.headers['content-security-policy'], /unsafe|script-src/);

  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  const page = (await rig.call('GET', '/status')).text;
  t.match(page, /class="word closed"><svg[^>]*>.*<rect/);
  t.match(page, /1 verifier without evidence of key new/);
  t.match(page, /<bdi>orders\/orders-1\/main<\/bdi>/);
  t.match(page, /<code>keyturn verifiers --rotation r-[^<]* --state lagging<\/code>/);
  t.match(page, /<meta http-equiv="refresh"/);
  t.notMatch(page, /<script|\sstyle=|\son[a-z]+=|javascript:/i);
});

t.test('hostile names stay text', async (t) => {
  const verdict: VerdictView = {
    rotation_id: HOSTILE,
    gate: 'activate',
    ready: false,
    status: 'unknown',
    summary: HOSTILE,
    checks: [
      {
        id: HOSTILE,
        status: 'unknown',
        class: 'coverage',
        message: HOSTILE,
        offenders: [
          {
            service: HOSTILE,
            instance: HOSTILE,
            cache: HOSTILE,
            state: HOSTILE,
            since_at: null,
            detail: HOSTILE,
          },
        ],
        offender_count: 500,
        since_at: null,
        clears_at: null,
        help: HOSTILE,
      },
    ],
    progress: '0/1',
    counts: null,
    weakest_grade: null,
    clears_at: null,
    clears_at_ms: null,
    evaluated_at: '2026-11-23T00:00:00.000Z',
    evaluated_at_ms: 0,
    valid_until: null,
    open_since_at: null,
    revision: 1,
    advised: true,
    advisory: true,
  };
  const rotation: RotationView = {
    id: HOSTILE,
    issuer: HOSTILE,
    alg: HOSTILE,
    old_alg: HOSTILE,
    key_kind: 'public',
    old_key: { kid: HOSTILE, thumbprint: null },
    new_key: { kid: HOSTILE, thumbprint: null },
    phase: 'published',
    open: true,
    outcome: null,
    tainted: true,
    origin: 'observed',
    findings: [{ id: 'swapped', at: '2026-11-23T00:00:00.000Z', message: HOSTILE }],
    ended_because: HOSTILE,
    started_at: '2026-11-23T00:00:00.000Z',
    started_by: HOSTILE,
    published_at: null,
    switched_at: null,
    withdrawn_at: null,
    ended_at: null,
    rolled_back_at: null,
    rollback_until: null,
    old_key_destroyed_at: null,
    new_key_needed: 'no',
    new_key_needed_until: null,
    declared: [],
  };
  const blind: DependentView = {
    service: HOSTILE,
    kind: 'unmanaged',
    judged_by: 'population',
    required: false,
    uncovered_percent: 0.1,
    waits_for: [HOSTILE],
  };
  const propagation: PropagationView = {
    verifiers: 1,
    knowing: 0,
    refusing: 1,
    doubtful: 0,
    unheard: 0,
    unseen_services: 0,
    by_grade: { [HOSTILE]: 1 },
    lacking: [
      {
        service: HOSTILE,
        instance: HOSTILE,
        cache: '',
        state: HOSTILE,
        since_at: null,
        detail: HOSTILE,
      },
    ],
    lead_s: 60,
    needed_lead_s: null,
    known_by: null,
    old_tokens_until: null,
    removed_early: false,
    failures: 0,
    risk: 'raised',
    reasons: [HOSTILE],
  };
  const containment: ContainmentView = {
    rotation_id: HOSTILE,
    old_kid: HOSTILE,
    as_of: '2026-11-23T00:00:00.000Z',
    withdrawn_at: null,
    percent: 50,
    status: 'not_contained',
    total: 2,
    contained: 1,
    services: [
      {
        service: HOSTILE,
        profile: HOSTILE,
        total: 2,
        contained: 1,
        pending: [{ state: 'holds_old', count: 1, until_at: null }],
        drop_now: HOSTILE,
      },
    ],
    reasons: [],
  };
  const { markup } = rotationSection(
    { rotation, gates: [verdict], propagation, containment, canaries: null, blind: [blind] },
    0,
  );
  t.match(markup, /Contained 50 %: 1 of 2/);
  t.match(markup, /1 holds old/);
  t.match(markup, /1 service known by word or by time/);
  t.match(markup, /unmanaged, optional[^]*0\.1 % of it is left out/);
  t.notMatch(markup, /<script|\p{Cf}|[^\P{Cc}\n]/u);
  t.match(markup, /and 499 more/);
  t.match(markup, /class="unknown next"/);
  t.notMatch(markup, /class="[^"]*\bopen\b/, 'unknown never looks open');

  const page = statusPage({
    version: HOSTILE,
    now_at: '2026-11-23T00:00:00.000Z',
    started_at: '2026-11-23T00:00:00.000Z',
    hold_down_until_at: null,
    store_failing_since_at: '2026-11-23T00:00:00.000Z',
    refused_verifiers: 3,
    dropped_rotations: 0,
    dropped_alerts: 0,
    dropped_notices: 0,
    alerts: [],
    more_alerts: 0,
    fleet: { verifiers_known: 0, issuers: [] },
    issuers: [
      {
        issuer: HOSTILE,
        control: 'ours' as const,
        healthy: false,
        shared_secrets: false,
        max_token_lifetime_s: null,
        vantages: [
          {
            url: `javascript:${HOSTILE}`,
            fetched_at: null,
            readable_at: null,
            consecutive_failures: 1,
            failing_since_at: '2026-11-23T00:00:00.000Z',
            error: 'status',
            message: HOSTILE,
          },
        ],
        keys: [
          {
            kid: HOSTILE,
            thumbprint: '',
            alg: HOSTILE,
            first_seen_at: '2026-11-23T00:00:00.000Z',
            published_at: null,
            withdrawn_at: null,
            tombstone: 'reused',
            last_accepted_at: null,
          },
        ],
        reused_kids: [HOSTILE],
      },
    ],
    rotations: [],
    more_rotations: 2,
  });
  t.notMatch(page, /<script|<a |href="javascript/);
  t.match(page, /The store refuses writes/);
  t.match(page, /kid reused/);
});
