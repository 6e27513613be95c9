import { isoMoment, isoMomentOrNull } from '../iso-moment.ts';
import type { ReportView } from '../api/schemas/report.ts';
import type { RehearsalRecord } from '../core/records.ts';
import { controlsOf } from './controls.ts';
import { evidenceViews } from './evidence-views.ts';
import { findingsOf } from './findings.ts';
import { overlapOf } from './overlap.ts';
import type { ReportFacts } from './report-facts.ts';
import { stepsOf } from './steps.ts';
import { summaryOf } from './summary.ts';
import { actsOf, decisionsOf, settledTrail } from './trail.ts';

/** The report of one rotation. Pure: neither the clock nor anything but the facts goes in. */
export function buildReport(given: ReportFacts): ReportView {
  const { rotation } = given;
  const facts = { ...given, trail: settledTrail(given.trail, rotation) };
  const steps = stepsOf(facts);
  const decisions = decisionsOf(facts.trail);
  const acts = actsOf(facts.trail);
  const core: Omit<ReportView, 'summary' | 'controls'> = {
    format: 'keyturn-report/1',
    produced_by: { name: 'keyturn', version: facts.version },
    rotation: {
      id: rotation.id,
      issuer: rotation.issuer,
      alg: rotation.alg,
      old_alg: rotation.oldAlg,
      key_kind: rotation.keyKind,
      origin: rotation.origin,
      old_key: { kid: rotation.oldKid, thumbprint: rotation.oldThumbprint },
      new_key: { kid: rotation.newKid, thumbprint: rotation.newThumbprint },
      started_at: isoMoment(rotation.startedAtMs),
      started_by: rotation.startedBy,
      ended_at: isoMomentOrNull(rotation.endedAtMs),
      outcome: rotation.outcome,
      ended_because: rotation.endedBecause,
      tainted: rotation.tainted,
      interim: rotation.endedAtMs === null,
    },
    steps,
    overlap: overlapOf(facts),
    evidence: evidenceViews(facts),
    evidence_left_out: facts.evidenceLeftOut,
    decisions: decisions.kept,
    decisions_left_out: decisions.leftOut,
    acts: acts.kept,
    acts_left_out: acts.leftOut,
    overrides: steps.filter((step) => step.override_reason !== null),
    waivers: vouched(facts.waivers, (waiver) => `check ${waiver.checkId} of gate ${waiver.gate}`),
    attestations: vouched(facts.attestations, (attested) => {
      const who = [attested.service, attested.instance].filter((part) => part !== null).join('/');
      return `${who} ${attested.fact === 'holds_new' ? 'holds the new key' : 'rejects the old key'}`;
    }),
    rehearsals: facts.rehearsals.map(rehearsalOf),
    findings: findingsOf(facts),
    audit: {
      entries: facts.trail.length,
      first: linkOf(facts.trail[0]),
      last: linkOf(facts.trail.at(-1)),
      chain_intact: facts.chain.intact,
      first_broken: facts.chain.firstBroken,
    },
  };
  return { ...core, summary: summaryOf(core), controls: controlsOf(core) };
}

function rehearsalOf(record: RehearsalRecord): ReportView['rehearsals'][number] {
  return {
    number: record.number,
    at: isoMoment(record.atMs),
    by: record.by,
    status: record.status,
    in_the_way: record.checks
      .filter((check) => check.status !== 'pass')
      .map((check) => `${check.status}: ${check.message}`),
  };
}

function vouched<
  R extends {
    readonly id: string;
    readonly by: string;
    readonly reason: string;
    readonly atMs: number;
    readonly expiresAtMs: number;
  },
>(records: readonly R[], whatOf: (record: R) => string): ReportView['waivers'] {
  return [...records]
    .sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))
    .map((record) => ({
      id: record.id,
      what: whatOf(record),
      by: record.by,
      reason: record.reason,
      at: isoMoment(record.atMs),
      until: isoMoment(record.expiresAtMs),
    }));
}

function linkOf(
  entry: { readonly number: number; readonly hash: string } | undefined,
): ReportView['audit']['first'] {
  return entry === undefined ? null : { number: entry.number, hash: entry.hash };
}
