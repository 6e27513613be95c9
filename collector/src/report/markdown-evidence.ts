import type { EvidenceView, ReportView } from '../api/schemas/report.ts';
import { code, plain } from './markdown-text.ts';
import { table } from './markdown-table.ts';

/** Verifiers a Markdown report lists for each snapshot; the JSON report has more. */
const LISTED_MAX = 100;

/** What every dependent had shown, at each step and gate opening. */
export function evidenceLines({ evidence, evidence_left_out: leftOut }: ReportView): string[] {
  if (evidence.length === 0) return ['## Evidence', '', 'None was kept.', ''];
  return [
    '## Evidence',
    '',
    ...(leftOut > 0 ? [`${leftOut} snapshots from the middle are left out.`, ''] : []),
    ...evidence.flatMap(snapshotLines),
  ];
}

function snapshotLines(snapshot: EvidenceView): string[] {
  return [
    `### ${snapshot.number}. ${snapshot.occasion}, ${snapshot.at}`,
    '',
    `${gateSentence(snapshot)} ${snapshot.witnessed ? 'The audit trail vouches for this evidence.' : '**The audit trail does not vouch for this evidence.**'}`,
    '',
    ...table(
      ['Check', 'Class', 'Says', 'Because'],
      worthTelling(snapshot).map((check) => [
        code(check.id),
        check.class,
        check.status,
        plain(check.message),
      ]),
    ),
    ...table(
      ['Service', 'Kind', 'Judged by', 'Profile', 'Instances', 'Verifiers', 'New key', 'Old key'],
      snapshot.services.map((service) => [
        `${code(service.name)}${service.required ? '' : ', optional'}${service.declared ? '' : ', not declared'}`,
        plain(service.kind),
        service.way === 'evidence' ? `evidence: ${service.evidence}` : plain(service.way),
        service.profile === '' ? 'none' : code(service.profile),
        instancesCell(service),
        verifiersCell(service),
        countsCell(service.by_new),
        countsCell(service.by_old),
      ]),
    ),
    ...verifierLines(snapshot),
  ];
}

/** Of a gate that opened, only what did not simply pass; the JSON report has all. */
function worthTelling({ occasion, checks }: EvidenceView): EvidenceView['checks'] {
  return occasion.startsWith('step ') ? checks : checks.filter(({ status }) => status !== 'pass');
}

function gateSentence({ gate, gate_status, weakest_grade }: EvidenceView): string {
  if (gate === null) return 'No gate stands before this.';
  const weakest =
    weakest_grade === null ? '' : `; the weakest evidence relied on was ${weakest_grade}`;
  return `Gate ${gate} was ${gate_status ?? ''}${weakest}.`;
}

function verifierLines(snapshot: EvidenceView): string[] {
  const listed = snapshot.verifiers.slice(0, LISTED_MAX);
  const more =
    snapshot.verifiers.length -
    listed.length +
    snapshot.verifiers_more +
    snapshot.verifiers_uncounted;
  return [
    ...table(
      ['Verifier', 'New key', 'since', 'Old key', 'since', 'Last report', 'How it is known'],
      listed.map((verifier) => [
        code(`${verifier.service}/${verifier.instance}/${verifier.cache}`),
        plain(verifier.holds_new),
        verifier.holds_new_since_at,
        plain(verifier.holds_old),
        verifier.holds_old_since_at,
        verifier.reported_at ?? 'none',
        verifier.detail === '' ? '' : plain(verifier.detail),
      ]),
    ),
    ...(more > 0
      ? [`${more} more verifiers, with evidence at least as strong as the last one listed.`, '']
      : []),
  ];
}

function instancesCell(service: EvidenceView['services'][number]): string {
  const { instances_live: live, instances_declared: least, instances_max: most } = service;
  if (least === null) return `${live}`;
  return `${live} of ${most === null ? least : `${least} to ${most}`}`;
}

function verifiersCell(service: EvidenceView['services'][number]): string {
  const parts = [`${service.verifiers}`];
  if (service.silent > 0) parts.push(`${service.silent} silent`);
  if (service.joined > 0) parts.push(`${service.joined} yet to report`);
  if (service.uncounted > 0) parts.push(`${service.uncounted} that cannot count`);
  return parts.join(', ');
}

function countsCell(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([standing, n]) => `${n} ${plain(standing)}`)
    .join(', ');
}
