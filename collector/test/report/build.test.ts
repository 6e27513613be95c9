import t from 'tap';
import { ReportSchema, type ReportView } from '../../src/api/schemas/report.ts';
import type { RehearsalRecord } from '../../src/core/records.ts';
import { buildReport } from '../../src/report/build.ts';
import { reportMarkdown } from '../../src/report/markdown.ts';
import type { ReportFacts } from '../../src/report/report-facts.ts';
import { evidenceWitness } from '../../src/evidence-witness.ts';
import { attestation, auditEntry, usage, waiver } from '../store/samples.ts';
import { decision, ENDED, factsOf, read, snapshots, T0_MS, trailOf } from './facts.ts';

const HOUR_MS = 3_600_000;

t.test('an ended rotation: moments come from what was written down, not from memory', (t) => {
  const report = buildReport(factsOf());
  t.match(report.overlap, {
    published_at: '2026-11-01T01:00:00.000Z',
    switched_at: '2026-11-01T03:00:00.000Z',
    switch_seen_at: '2026-11-01T03:00:05.000Z',
    last_old_signature_at: '2026-11-01T03:00:05.000Z',
    old_tokens_gone_at: '2026-11-01T05:00:00.000Z',
    withdrawn_at: '2026-11-01T08:00:00.000Z',
    gone_at: '2026-11-01T09:00:00.000Z',
    terms_from: 2,
    whole: { required_ms: 8_160_000, actual_ms: 7 * HOUR_MS, margin_ms: 7 * HOUR_MS - 8_160_000 },
    before_switch: { required_ms: 4_200_000, actual_ms: 2 * HOUR_MS },
    after_switch: { required_ms: 3_960_000, actual_ms: 5 * HOUR_MS - 5_000 },
  });
  t.same(
    report.overlap.terms.map((term) => [term.symbol, term.ms]),
    [
      ['P', 600_000],
      ['Spub', 3_600_000],
      ['switch spread', 0],
      ['Tmax', 300_000],
      ['σ', 60_000],
      ['Sret', 3_600_000],
    ],
  );
  t.equal(report.rotation.interim, false);
  t.end();
});

t.test('the same facts give the same report, byte for byte', (t) => {
  t.equal(JSON.stringify(buildReport(factsOf())), JSON.stringify(buildReport(factsOf())));
  t.end();
});

t.test('every report fits its schema', (t) => {
  const cases: readonly Partial<ReportFacts>[] = [
    {},
    { evidence: [], trail: [] },
    { rotation: { ...ENDED, endedAtMs: null, outcome: null } },
    { rotation: { ...ENDED, tainted: true, outcome: 'aborted' } },
    { attestations: [attestation], waivers: [waiver], oldUsage: usage('k1', 5) },
    { chain: { intact: false, firstBroken: 7 } },
  ];
  for (const part of cases) {
    const report = buildReport(factsOf(part));
    t.same(ReportSchema.parse(JSON.parse(JSON.stringify(report))), report);
  }
  t.end();
});

t.test('an open rotation is interim, and its report says so', (t) => {
  const open = { ...ENDED, endedAtMs: null, outcome: null };
  const report = buildReport(
    factsOf({ rotation: open, evidence: snapshots().slice(0, 1).map(read) }),
  );
  t.equal(report.rotation.interim, true);
  t.match(report.summary.join(' '), /still open: this report is interim/);
  t.equal(report.overlap.gone_at, null);
  t.equal(report.overlap.withdrawn_at, null);
  t.same(report.overlap.whole.actual_ms, null);
  t.end();
});

t.test('evidence the audit trail does not vouch for is told apart', (t) => {
  const [first, second, third] = snapshots();
  if (!first || !second || !third) throw new Error('no samples');
  const changed = { ...second, verifiers: [] };
  const report = buildReport(
    factsOf({
      evidence: [first, changed, third].map(read),
      trail: trailOf([first, second].map(evidenceWitness)),
    }),
  );
  t.same(
    report.evidence.map((one) => one.witnessed),
    [true, false, false],
    'changed afterwards, and never named',
  );
  t.match(report.summary.join(' '), /does not vouch for 2 of 3/);
  t.end();
});

t.test('what others write into the trail vouches for nothing', (t) => {
  const [first] = snapshots();
  if (!first) throw new Error('no samples');
  const forged = { ...evidenceWitness(first), actor: 'mallory' };
  const report = buildReport(factsOf({ evidence: [read(first)], trail: trailOf([forged]) }));
  t.equal(report.evidence[0]?.witnessed, false);
  t.end();
});

t.test('a broken chain is said in the summary', (t) => {
  const said = (chain: ReportFacts['chain']) => buildReport(factsOf({ chain })).summary.join(' ');
  t.match(said({ intact: false, firstBroken: 42 }), /broken at entry 42/);
  t.match(said({ intact: null, firstBroken: null }), /was not looked at/);
  t.match(said({ intact: true, firstBroken: null }), /is intact/);
  t.end();
});

t.test('findings', (t) => {
  const override = snapshots().map((record) =>
    record.number === 2
      ? {
          ...record,
          occasion: {
            kind: 'step',
            step: 'retire',
            by: 'ana',
            overrideReason: 'fire',
            reason: null,
          } as const,
          verdict: record.verdict && { ...record.verdict, status: 'closed' as const },
        }
      : record,
  );
  const waivedCheck = snapshots().map((record) => ({
    ...record,
    verdict: record.verdict && {
      ...record.verdict,
      checks: record.verdict.checks.map((check) => ({ ...check, status: 'waived' as const })),
    },
  }));
  const held = snapshots().map((record) => ({
    ...record,
    services: record.services.map((service) => ({ ...service, byOld: { held: 2 } })),
  }));
  const late = snapshots().map((record) => ({
    ...record,
    moments: { ...record.moments, lastOldAcceptedAtMs: T0_MS + 6 * HOUR_MS },
  }));
  const seen = (action: string, message: string) => ({
    ...auditEntry(action, 'r1'),
    kind: 'observation' as const,
    message,
  });
  const table: readonly [string, Partial<ReportFacts>, RegExp][] = [
    ['kid_reused', { reusedKids: ['k2'] }, /k2 was seen with more than one thumbprint/],
    ['key_tainted', { rotation: { ...ENDED, tainted: true } }, /marked as compromised/],
    ['step_against_gate', { evidence: override.map(read) }, /step retire .* gate was closed/],
    ['step_with_waivers', { evidence: waivedCheck.map(read) }, /waived checks: fleet_heard/],
    ['old_key_held_at_end', { evidence: held.map(read) }, /2 verifiers still held the old key/],
    ['old_key_in_use_late', { evidence: late.map(read) }, /after all should have expired/],
    [
      'old_key_accepted_after_end',
      { oldUsage: usage('k1', T0_MS + 10 * HOUR_MS) },
      /after the rotation was completed/,
    ],
    ['tokens_without_expiry', { oldUsage: usage('k1', 5) }, /had no expiry/],
    [
      'key_vanished',
      { trail: trailOf([seen('key_vanished', 'key k2 is missing at a vantage')]) },
      /missing at a vantage/,
    ],
    [
      'key_vanished',
      { trail: trailOf([{ ...seen('key_vanished', 'k1 went early'), detail: { kid: 'k1' } }]) },
      /went early/,
    ],
    [
      'bogus_accepted',
      { trail: trailOf([seen('bogus_accepted', 'accepted a forged token')]) },
      /forged/,
    ],
  ];
  for (const [id, part, message] of table) {
    const found = buildReport(factsOf(part)).findings.find((finding) => finding.id === id);
    t.match(found?.message, message, id);
    t.not(found?.level, 'note', id);
  }
  t.same(buildReport(factsOf()).findings, [], 'none without a cause');
  const retire = { atMs: T0_MS, by: 'ana', overrideReason: null, reason: null };
  const gone = { ...seen('key_vanished', 'k1 leaves'), detail: { kid: 'k1' }, atMs: T0_MS + 1 };
  t.same(
    buildReport(
      factsOf({
        rotation: { ...ENDED, declared: { retire } },
        trail: trailOf([gone]),
        evidence: [],
      }),
    ).findings,
    [],
    'a retired key leaves',
  );
  t.end();
});

t.test('overrides, waivers and attestations with who, why and until', (t) => {
  const report = buildReport(factsOf({ attestations: [attestation], waivers: [waiver] }));
  t.match(report.attestations, [
    { what: 'orders holds the new key', by: 'ana', reason: 'checked by hand' },
  ]);
  t.match(report.waivers, [{ what: 'check coverage of gate activate', reason: 'decommissioned' }]);
  t.match(report.waivers[0]?.until, /^1970/);
  t.end();
});

t.test('rehearsals with what stood in the way', (t) => {
  const rehearsal: RehearsalRecord = {
    rotationId: 'r1',
    number: 1,
    by: 'ana',
    atMs: T0_MS,
    status: 'failed',
    checks: [
      {
        id: 'fine',
        status: 'pass',
        class: 'evidence',
        message: 'is fine',
        offenders: [],
        offenderCount: 0,
      },
      {
        id: 'old_key_held',
        status: 'fail',
        class: 'evidence',
        message: '2 verifiers dropped k1',
        offenders: ['orders/a/jwks dropped'],
        offenderCount: 2,
      },
    ],
  };
  const report = buildReport(factsOf({ rehearsals: [rehearsal] }));
  t.match(report.rehearsals, [
    { by: 'ana', status: 'failed', in_the_way: ['fail: 2 verifiers dropped k1'] },
  ]);
  t.match(reportMarkdown(report), /\| ana \| failed \| fail: 2 verifiers dropped k1 \|/);
  t.match(report.controls.find(({ id }) => id === 'ID.IM-02')?.extent, 'partly');
  t.end();
});

t.test('decisions: every change with its reasons, the middle of very many left out', (t) => {
  const many = Array.from({ length: 1_500 }, (_, n) =>
    decision('retire', n % 2 === 0 ? 'closed' : 'open', T0_MS + n, n % 2 === 0 ? ['not yet'] : []),
  );
  const report = buildReport(factsOf({ trail: trailOf(many) }));
  t.equal(report.decisions.length, 1_000);
  t.equal(report.decisions_left_out, 500);
  t.match(report.decisions[0], { gate: 'retire', status: 'closed', reasons: ['not yet'] });
  t.equal(report.decisions.at(-1)?.number, 1_500);
  t.end();
});

t.test('an entry of another version is shown as far as it can be read', (t) => {
  const strange = { ...decision('retire', 'closed', T0_MS), detail: { gate: 7, checks: 'none' } };
  t.match(buildReport(factsOf({ trail: trailOf([strange]) })).decisions, [
    { gate: '', status: '', reasons: [] },
  ]);
  t.end();
});

t.test('a rotation from before evidence was kept still has a report', (t) => {
  const report = buildReport(factsOf({ evidence: [], trail: [] }));
  t.same(
    report.steps.map(({ step, evidence }) => [step, evidence]),
    [
      ['activate', null],
      ['complete', null],
    ],
  );
  t.match(report.summary.join(' '), /no evidence was kept with it/);
  t.end();
});

t.test('controls: each says what shows it, and nothing is claimed without a cause', (t) => {
  const extents = (part: Partial<ReportFacts>): Record<string, string> =>
    Object.fromEntries(
      buildReport(factsOf(part)).controls.map((control: ReportView['controls'][number]) => [
        control.id,
        control.extent,
      ]),
    );
  const orderly = extents({});
  t.match(orderly, {
    'NHI1:2025': 'evidence',
    'NHI2:2025': 'nothing',
    'NHI7:2025': 'evidence',
    'NHI8:2025': 'partly',
    'ID.RA-07': 'evidence',
    'ID.IM-02': 'nothing',
    'RS.MI-01': 'nothing',
    'RC.RP-02': 'nothing',
    'Tenet 6': 'partly',
  });
  t.match(extents({ rotation: { ...ENDED, tainted: true } }), {
    'NHI2:2025': 'partly',
    'RS.MI-01': 'partly',
  });
  const staged = {
    ...ENDED,
    switchedAtMs: null,
    switchSeenAtMs: null,
    endedAtMs: null,
    outcome: null,
    declared: {},
  };
  t.match(extents({ rotation: staged, evidence: [], trail: [] }), {
    'NHI1:2025': 'nothing',
    'NHI7:2025': 'nothing',
    'PR.AA-01': 'nothing',
    'PR.AA-04': 'nothing',
  });
  const ids = Object.keys(orderly);
  for (const id of ids) t.match(id, /^(?:NHI\d+:2025|[A-Z]{2}\.[A-Z]{2}-\d\d|Tenet [1-7])$/);
  t.end();
});
