import { counted } from '@keyturn/shared/model/counted.ts';
import type { ControlView, ReportView } from '../api/schemas/report.ts';

type Core = Omit<ReportView, 'summary' | 'controls'>;

interface Control {
  readonly id: string;
  readonly title: string;
  /** `partly` is the most that a report on one rotation can be for this control. */
  readonly reach: 'evidence' | 'partly';
  /** What in this report is evidence; null: nothing. */
  readonly shows: (report: Core) => string | null;
}

const OWASP = 'OWASP Non-Human Identities Top 10 (2025)';
const CSF = 'NIST CSF 2.0';
const ZTA = 'NIST SP 800-207, section 2.1';

// Titles as published. What a control asks for beyond one key rotation stays the reader's to show.
const OWASP_CONTROLS: readonly Control[] = [
  {
    id: 'NHI1:2025',
    title: 'Improper Offboarding',
    reach: 'evidence',
    shows: (report) =>
      report.overlap.withdrawn_at === null
        ? null
        : `the old key was served nowhere from ${report.overlap.withdrawn_at}${report.overlap.gone_at === null ? '' : ` and declared gone at ${report.overlap.gone_at}`}; who still trusted it is listed per verifier`,
  },
  {
    id: 'NHI2:2025',
    title: 'Secret Leakage',
    reach: 'partly',
    shows: (report) =>
      report.rotation.tainted
        ? 'the response to a compromised signing key: when it was marked, and when verifiers stopped trusting it. How it leaked is not in here'
        : null,
  },
  {
    id: 'NHI4:2025',
    title: 'Insecure Authentication',
    reach: 'partly',
    shows: (report) =>
      `tokens are signed with ${report.rotation.alg}, and each kid stood for one key as far as seen${has(report, 'kid_reused') ? ', which did not hold here' : ''}. Claims and scopes are not looked at`,
  },
  {
    id: 'NHI7:2025',
    title: 'Long-Lived Secrets',
    reach: 'evidence',
    shows: (report) =>
      report.overlap.switched_at === null
        ? null
        : `the signing key was replaced at ${report.overlap.switched_at}; the longest token lifetime reckoned with is a term of the overlap`,
  },
  {
    id: 'NHI8:2025',
    title: 'Environment Isolation',
    reach: 'partly',
    shows: (report) =>
      `every service that took tokens of this issuer, and reported, is listed (${counted(servicesOf(report), 'service')}); a service of another environment among them would show`,
  },
  {
    id: 'NHI9:2025',
    title: 'NHI Reuse',
    reach: 'partly',
    shows: (report) =>
      `the services that depend on this one signing key are listed (${counted(servicesOf(report), 'service')}). Which workloads share a token subject is not looked at`,
  },
];

const CSF_CONTROLS: readonly Control[] = [
  {
    id: 'ID.AM-02',
    title:
      'Inventories of software, services, and systems managed by the organization are maintained',
    reach: 'partly',
    shows: (report) =>
      `the inventory of verifiers at each step: declared and live instances of ${counted(servicesOf(report), 'service')}`,
  },
  {
    id: 'ID.AM-08',
    title:
      'Systems, hardware, software, services, and data are managed throughout their life cycles',
    reach: 'partly',
    shows: (report) =>
      `the life of two keys: ${counted(report.steps.length, 'step')} with time and name`,
  },
  {
    id: 'ID.RA-07',
    title: 'Changes and exceptions are managed, assessed for risk impact, recorded, and tracked',
    reach: 'evidence',
    shows: (report) =>
      `each step with what its gate said, and each exception with name, reason and end: ${counted(report.overrides.length, 'override')}, ${counted(report.waivers.length, 'waiver')}`,
  },
  {
    id: 'ID.IM-02',
    title:
      'Improvements are identified from security tests and exercises, including those done in coordination with suppliers and relevant third parties',
    reach: 'partly',
    shows: (report) =>
      report.rehearsals.length === 0
        ? null
        : `${counted(report.rehearsals.length, 'rehearsal')} of going back, with what came of it`,
  },
  {
    id: 'PR.AA-01',
    title:
      'Identities and credentials for authorized users, services, and hardware are managed by the organization',
    reach: 'evidence',
    shows: (report) =>
      report.steps.length === 0
        ? null
        : 'the replacement of a signing credential, from start to end',
  },
  {
    id: 'PR.AA-03',
    title: 'Users, services, and hardware are authenticated',
    reach: 'partly',
    shows: (report) =>
      report.evidence.length === 0
        ? null
        : 'that verifiers could check tokens of the new key before it signed. That each request is authenticated is not looked at',
  },
  {
    id: 'PR.AA-04',
    title: 'Identity assertions are protected, conveyed, and verified',
    reach: 'evidence',
    shows: (report) =>
      report.evidence.length === 0
        ? null
        : 'for each verifier, which signing keys it trusted at each step, and since when',
  },
  {
    id: 'PR.DS-02',
    title: 'The confidentiality, integrity, and availability of data-in-transit are protected',
    reach: 'partly',
    shows: () =>
      'integrity of tokens rests on the keys in here; encryption of traffic is not looked at',
  },
  {
    id: 'PR.PS-04',
    title: 'Log records are generated and made available for continuous monitoring',
    reach: 'evidence',
    shows: (report) => `${report.audit.entries} numbered entries of a hash-chained audit trail`,
  },
  {
    id: 'DE.CM-09',
    title:
      'Computing hardware and software, runtime environments, and their data are monitored to find potentially adverse events',
    reach: 'partly',
    shows: (report) =>
      `verifiers and JWKS were watched throughout: ${counted(report.findings.length, 'finding')}`,
  },
  {
    id: 'RS.MI-01',
    title: 'Incidents are contained',
    reach: 'partly',
    shows: (report) =>
      report.rotation.tainted
        ? 'how long after the key was marked each verifier still trusted it'
        : null,
  },
  {
    id: 'RS.AN-06',
    title:
      "Actions performed during an investigation are recorded, and the records' integrity and provenance are preserved",
    reach: 'partly',
    shows: (report) =>
      report.rotation.tainted ? 'every act on this rotation, chained and named' : null,
  },
  {
    id: 'RC.RP-02',
    title: 'Recovery actions are selected, scoped, prioritized, and performed',
    reach: 'partly',
    shows: (report) =>
      report.steps.some(({ step }) => step === 'rollback')
        ? 'the switch back to the old key, with what was known then'
        : null,
  },
];

const ZTA_CONTROLS: readonly Control[] = [
  {
    id: 'Tenet 1',
    title: 'All data sources and computing services are considered resources',
    reach: 'partly',
    shows: (report) =>
      `each service that checks tokens counted, wherever it runs (${counted(servicesOf(report), 'service')})`,
  },
  {
    id: 'Tenet 5',
    title:
      'The enterprise monitors and measures the integrity and security posture of all owned and associated assets',
    reach: 'partly',
    shows: (report) =>
      report.evidence.length === 0
        ? null
        : 'one part of posture, the keys each verifier trusts, measured at each step',
  },
  {
    id: 'Tenet 6',
    title:
      'All resource authentication and authorization are dynamic and strictly enforced before access is allowed',
    reach: 'partly',
    shows: (report) =>
      report.overlap.withdrawn_at === null
        ? null
        : 'trust in a key was taken back everywhere, and that it was is shown. Decisions on access are not looked at',
  },
  {
    id: 'Tenet 7',
    title:
      'The enterprise collects as much information as possible about the current state of assets, network infrastructure and communications and uses it to improve its security posture',
    reach: 'partly',
    shows: (report) =>
      `${counted(report.evidence.length, 'snapshot')} of the state of every verifier heard, used to decide`,
  },
];

/** For each control, what in the report is evidence for it, and how far that reaches. */
export function controlsOf(report: Core): ControlView[] {
  return [
    ...views(OWASP, OWASP_CONTROLS, report),
    ...views(CSF, CSF_CONTROLS, report),
    ...views(ZTA, ZTA_CONTROLS, report),
  ];
}

function views(framework: string, controls: readonly Control[], report: Core): ControlView[] {
  return controls.map(({ id, title, reach, shows }) => {
    const said = shows(report);
    return {
      framework,
      id,
      title,
      extent: said === null ? 'nothing' : reach,
      shows: said ?? 'this rotation shows nothing of it',
    };
  });
}

function servicesOf({ evidence }: Core): number {
  return new Set(evidence.flatMap(({ services }) => services.map(({ name }) => name))).size;
}

function has({ findings }: Core, id: string): boolean {
  return findings.some((finding) => finding.id === id);
}
