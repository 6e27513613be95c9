import type { StoredAuditEntry } from '../../src/store/store.ts';
import { nextAuditLink, AUDIT_START, type AuditHead } from '../../src/store/audit-chain.ts';
import { evidenceBody, evidenceSha256 } from '../../src/store/evidence-body.ts';
import { evidenceWitness } from '../../src/evidence-witness.ts';
import type { AuditEntry, RotationRecord } from '../../src/core/records.ts';
import type { EvidenceRecord } from '../../src/core/snapshot/evidence-record.ts';
import type { ReadEvidence, ReportFacts } from '../../src/report/report-facts.ts';
import * as samples from '../store/samples.ts';

const HOUR_MS = 3_600_000;
export const T0_MS = Date.UTC(2026, 10, 1);

export const ENDED: RotationRecord = {
  ...samples.rotation,
  startedAtMs: T0_MS,
  newThumbprint: 'n'.repeat(43),
  switchedAtMs: T0_MS + 3 * HOUR_MS,
  switchSeenAtMs: T0_MS + 3 * HOUR_MS + 5_000,
  endedAtMs: T0_MS + 9 * HOUR_MS,
  outcome: 'completed',
  declared: {
    activate: { atMs: T0_MS + 3 * HOUR_MS, by: 'ana', overrideReason: null, reason: null },
    complete: { atMs: T0_MS + 9 * HOUR_MS, by: 'ana', overrideReason: null, reason: null },
  },
};

/** Snapshots of an orderly rotation: switched after 2 h, retired after another 4. */
export function snapshots(): EvidenceRecord[] {
  const moments = {
    publishedAtMs: T0_MS + HOUR_MS,
    switchedAtMs: T0_MS + 3 * HOUR_MS,
    switchSeenAtMs: T0_MS + 3 * HOUR_MS + 5_000,
    lastOldSignatureAtMs: T0_MS + 3 * HOUR_MS + 5_000,
    lastOldAcceptedAtMs: T0_MS + 3 * HOUR_MS + 60_000,
    oldTokensGoneAtMs: T0_MS + 5 * HOUR_MS,
    withdrawnAtMs: null,
  };
  const base = { ...samples.evidence('r1', 1), attestations: [], waivers: [], moments };
  return [
    { ...base, number: 1, atMs: T0_MS + 3 * HOUR_MS },
    {
      ...base,
      number: 2,
      atMs: T0_MS + 7 * HOUR_MS,
      occasion: { kind: 'step', step: 'retire', by: 'ana', overrideReason: null, reason: null },
      verdict: base.verdict === null ? null : { ...base.verdict, gate: 'retire' },
    },
    {
      ...base,
      number: 3,
      atMs: T0_MS + 9 * HOUR_MS,
      occasion: { kind: 'step', step: 'complete', by: 'ana', overrideReason: null, reason: null },
      verdict: base.verdict === null ? null : { ...base.verdict, gate: 'purge' },
      moments: { ...moments, withdrawnAtMs: T0_MS + 8 * HOUR_MS },
      services: base.services.map((service) => ({ ...service, byOld: { dropped: 1 } })),
    },
  ];
}

export function read(record: EvidenceRecord): ReadEvidence {
  return { record, sha256: evidenceSha256(evidenceBody(record)), verifiersMore: 0 };
}

/** Entries as a store would number and chain them. */
export function trailOf(entries: readonly AuditEntry[]): StoredAuditEntry[] {
  let head: AuditHead = AUDIT_START;
  return entries.map((entry) => {
    head = nextAuditLink(head, entry);
    return { ...entry, number: head.number, hash: head.hash };
  });
}

export function decision(
  gate: string,
  status: string,
  atMs: number,
  reasons: readonly string[] = [],
): AuditEntry {
  return {
    atMs,
    kind: 'decision',
    rotationId: 'r1',
    actor: 'keyturn',
    action: `gate_${gate}_${status}`,
    message: `gate ${gate} is ${status}`,
    detail: {
      gate,
      status,
      before: null,
      checks: [
        { id: 'fine', status: 'pass', message: 'is fine' },
        ...reasons.map((message) => ({ id: 'x', status: 'fail', message })),
      ],
    },
  };
}

export function factsOf(part: Partial<ReportFacts> = {}): ReportFacts {
  const evidence = (part.evidence ?? snapshots().map(read)).toSorted(
    (a, b) => a.record.number - b.record.number,
  );
  return {
    version: '1.2.3',
    rotation: ENDED,
    moments: {
      // Months later the new key was retired itself: what memory knows now says nothing of then.
      publishedAtMs: null,
      switchedAtMs: ENDED.switchedAtMs,
      switchSeenAtMs: ENDED.switchSeenAtMs,
      lastOldSignatureAtMs: ENDED.switchSeenAtMs,
      lastOldAcceptedAtMs: T0_MS + 3 * HOUR_MS + 60_000,
      oldTokensGoneAtMs: null,
      withdrawnAtMs: null,
    },
    overlap: null,
    oldUsage: null,
    reusedKids: [],
    attestations: [],
    waivers: [],
    rehearsals: [],
    evidenceLeftOut: 0,
    trail: trailOf([
      decision('activate', 'closed', T0_MS, ['2 verifiers without evidence']),
      decision('activate', 'open', T0_MS + HOUR_MS),
      ...evidence.map(({ record }) => evidenceWitness(record)),
    ]),
    chain: { intact: true, firstBroken: null },
    ...part,
    evidence,
  };
}
