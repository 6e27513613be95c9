import type { EvidenceView } from '../api/schemas/report.ts';
import { isoMoment, isoMomentOrNull } from '../iso-moment.ts';
import type { EvidencedService, EvidencedVerifier } from '../core/snapshot/evidence-record.ts';
import { EVIDENCE_TAKEN } from '../evidence-witness.ts';
import { occasionName } from '../occasion-name.ts';
import type { ReadEvidence, ReportFacts } from './report-facts.ts';

/** Every snapshot, with whether the audit trail vouches for it. */
export function evidenceViews({ evidence, trail }: ReportFacts): EvidenceView[] {
  const witnessed = new Map<unknown, unknown>();
  for (const entry of trail) {
    if (entry.action === EVIDENCE_TAKEN && entry.actor === 'keyturn') {
      witnessed.set(entry.detail['number'], entry.detail['sha256']);
    }
  }
  return evidence.map((stored) => evidenceView(stored, witnessed));
}

function evidenceView(
  { record, sha256, verifiersMore }: ReadEvidence,
  witnessed: ReadonlyMap<unknown, unknown>,
): EvidenceView {
  return {
    number: record.number,
    at: isoMoment(record.atMs),
    occasion: occasionName(record.occasion),
    gate: record.verdict?.gate ?? null,
    gate_status: record.verdict?.status ?? null,
    weakest_grade: record.verdict?.weakestGrade ?? null,
    checks: (record.verdict?.checks ?? []).map((check) => ({
      id: check.id,
      status: check.status,
      class: check.class,
      message: check.message,
      offender_count: check.offenderCount,
    })),
    services: record.services.map(serviceView),
    verifiers: record.verifiers.map(verifierView),
    verifiers_more: verifiersMore,
    verifiers_uncounted: record.verifiersLeftOut,
    attestations: record.attestations.map(({ id }) => id),
    waivers: record.waivers.map(({ id }) => id),
    policy_sha256: record.policySha256,
    sha256,
    witnessed: witnessed.get(record.number) === sha256,
  };
}

function serviceView(service: EvidencedService): EvidenceView['services'][number] {
  return {
    name: service.name,
    declared: service.declared,
    required: service.required,
    kind: service.kind,
    way: service.way,
    evidence: service.evidence,
    profile: service.profile,
    instances_declared: service.instancesDeclared,
    instances_max: service.instancesMax,
    instances_live: service.instancesLive,
    verifiers: service.verifiers,
    silent: service.silent,
    joined: service.joined,
    uncounted: service.uncounted,
    by_new: { ...service.byNew },
    by_old: { ...service.byOld },
  };
}

function verifierView(verifier: EvidencedVerifier): EvidenceView['verifiers'][number] {
  return {
    service: verifier.service,
    instance: verifier.instance,
    cache: verifier.cache,
    profile: verifier.profile,
    source: verifier.source,
    liveness: verifier.liveness,
    holds_new: verifier.holdsNew,
    holds_new_since_at: isoMoment(verifier.holdsNewSinceMs),
    holds_old: verifier.holdsOld,
    holds_old_since_at: isoMoment(verifier.holdsOldSinceMs),
    detail: verifier.detail,
    reported_at: isoMomentOrNull(verifier.reportedAtMs),
  };
}
