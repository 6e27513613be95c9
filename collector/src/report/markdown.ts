import type { ReportView } from '../api/schemas/report.ts';
import { controlLines } from './markdown-controls.ts';
import { evidenceLines } from './markdown-evidence.ts';
import { overlapLines } from './markdown-overlap.ts';
import { code, plain } from './markdown-text.ts';
import { table } from './markdown-table.ts';

/** The report as Markdown, for a change ticket. Equal reports give equal text. */
export function reportMarkdown(report: ReportView): string {
  const lines = [
    `# Evidence report of rotation ${plain(report.rotation.id)}`,
    '',
    ...(report.rotation.interim
      ? ['**Interim: this rotation is still open, and what follows may change.**', '']
      : []),
    ...report.summary.map((sentence) => `- ${plain(sentence)}`),
    '',
    ...rotationLines(report),
    '## Steps',
    '',
    ...stepLines(report),
    ...overlapLines(report.overlap),
    ...evidenceLines(report),
    ...decisionLines(report),
    ...exceptionLines(report),
    ...findingLines(report),
    ...integrityLines(report),
    ...controlLines(report.controls),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function rotationLines({ rotation }: ReportView): string[] {
  const key = ({ kid, thumbprint }: typeof rotation.old_key) =>
    thumbprint === null ? code(kid) : `${code(kid)}, thumbprint ${code(thumbprint)}`;
  return table(
    ['Rotation', ''],
    [
      ['issuer', code(rotation.issuer)],
      [
        'algorithm',
        rotation.old_alg === '' || rotation.old_alg === rotation.alg
          ? code(rotation.alg)
          : `${code(rotation.old_alg)} to ${code(rotation.alg)}`,
      ],
      ...(rotation.key_kind === 'secret' ? [['kind', 'shared secrets, known by their ids']] : []),
      ['old key', key(rotation.old_key)],
      ['new key', key(rotation.new_key)],
      ['started', `${rotation.started_at} by ${plain(rotation.started_by)}`],
      ['ended', rotation.ended_at ?? 'not yet'],
      ['outcome', rotation.outcome ?? 'open'],
      ...(rotation.tainted ? [['compromised', 'the old key was marked as compromised']] : []),
    ],
  );
}

function stepLines({ steps }: ReportView): string[] {
  if (steps.length === 0) return ['None yet.', ''];
  return table(
    ['Step', 'When', 'Who', 'Why', 'Gate', 'Against its gate, because', 'Evidence'],
    steps.map((step) => [
      step.step,
      step.at,
      plain(step.by),
      step.reason === null ? '' : plain(step.reason),
      step.gate === null ? 'none' : `${step.gate}: ${step.gate_status ?? ''}`,
      step.override_reason === null ? '' : plain(step.override_reason),
      step.evidence === null ? 'none kept' : `${step.evidence}`,
    ]),
  );
}

function decisionLines({ decisions, decisions_left_out: leftOut }: ReportView): string[] {
  return [
    '## Decisions of the gates',
    '',
    ...(leftOut > 0
      ? [`${leftOut} from the middle are left out; the audit trail has them.`, '']
      : []),
    ...table(
      ['Entry', 'When', 'Gate', 'Became', 'Because'],
      decisions.map((decision) => [
        `${decision.number}`,
        decision.at,
        plain(decision.gate),
        plain(decision.status),
        decision.reasons.length === 0
          ? 'every check passes'
          : decision.reasons.map(plain).join('; '),
      ]),
    ),
  ];
}

function exceptionLines({ waivers, attestations, rehearsals, acts, acts_left_out }: ReportView) {
  const vouched = (rows: ReportView['waivers'], what: string): string[] =>
    table(
      [what, 'Who', 'Why', 'When', 'Until'],
      rows.map((row) => [plain(row.what), plain(row.by), plain(row.reason), row.at, row.until]),
    );
  const none = waivers.length + attestations.length === 0;
  return [
    "## Exceptions and people's word",
    '',
    ...(none ? ['No waivers and no attestations.', ''] : []),
    ...vouched(waivers, 'Waived'),
    ...vouched(attestations, 'Attested'),
    '## Rehearsals',
    '',
    ...(rehearsals.length === 0 ? ['None on record.', ''] : []),
    ...table(
      ['When', 'Who', 'Outcome', 'What stood in the way'],
      rehearsals.map((row) => [
        row.at,
        plain(row.by),
        row.status,
        row.in_the_way.length === 0 ? 'nothing' : row.in_the_way.map(plain).join('; '),
      ]),
    ),
    '## Acts',
    '',
    ...(acts_left_out > 0 ? [`${acts_left_out} from the middle are left out.`, ''] : []),
    ...table(
      ['Entry', 'When', 'Who', 'What'],
      acts.map((act) => [`${act.number}`, act.at, plain(act.by), plain(act.message)]),
    ),
  ];
}

function findingLines({ findings }: ReportView): string[] {
  return [
    '## Findings',
    '',
    ...(findings.length === 0 ? ['Nothing out of the ordinary is on record.', ''] : []),
    ...table(
      ['Level', 'Finding', 'When', 'What'],
      findings.map((finding) => [
        finding.level,
        plain(finding.id),
        finding.at ?? '',
        plain(finding.message),
      ]),
    ),
  ];
}

function integrityLines({ audit, produced_by: by, evidence }: ReportView): string[] {
  const link = (at: ReportView['audit']['first']) =>
    at === null ? 'none' : `entry ${at.number}, ${code(at.hash)}`;
  const chain =
    audit.chain_intact === null
      ? 'not looked at'
      : audit.chain_intact
        ? 'intact'
        : `broken at entry ${audit.first_broken ?? 0}`;
  const policies = [...new Set(evidence.map(({ policy_sha256 }) => policy_sha256))];
  return [
    '## Integrity',
    '',
    ...table(
      ['', ''],
      [
        ['audit trail as a whole', chain],
        ['entries of this rotation', `${audit.entries}`],
        ['first', link(audit.first)],
        ['last', link(audit.last)],
        [
          'evidence the trail vouches for',
          `${evidence.filter((one) => one.witnessed).length} of ${evidence.length}`,
        ],
        ['settings in force, SHA-256', policies.map(code).join('; ')],
        ['made by', `${by.name} ${plain(by.version)}`],
      ],
    ),
  ];
}
