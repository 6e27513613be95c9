import { verifierKey } from '@keyturn/shared/model/ids.ts';
import { isNewer } from '@keyturn/shared/model/report.ts';
import type {
  AttestationRecord,
  AuditEntry,
  IssuerRecord,
  KeyRecord,
  RehearsalRecord,
  RotationRecord,
  UsageRecord,
  VerifierRecord,
  WaiverRecord,
} from '../core/records.ts';
import type { AlertRecord, SilenceRecord } from '../core/alerts/alert.ts';
import type { NoticeRecord } from '../core/alerts/notice.ts';
import type { SeriesRecord } from '../core/detectors/series-record.ts';
import type { EvidenceRecord, EvidenceRef } from '../core/snapshot/evidence-record.ts';
import { AUDIT_START, type AuditLink, firstBrokenLink, nextAuditLink } from './audit-chain.ts';
import { evidenceBody, evidenceSha256 } from './evidence-body.ts';
import { evidenceRecordId, keyRecordId, rehearsalRecordId, usageRecordId } from './record-ids.ts';
import type { AuditQuery, Meta, Persisted, Store, StoredAuditEntry, Write } from './store.ts';
import { StoreError } from './store-error.ts';

/** What a memory store holds; outlives the store, as a file outlives a process. */
export interface MemoryContents {
  readonly verifiers: Map<string, VerifierRecord>;
  readonly issuers: Map<string, IssuerRecord>;
  readonly keys: Map<string, KeyRecord>;
  readonly usage: Map<string, UsageRecord>;
  readonly rotations: Map<string, RotationRecord>;
  readonly attestations: Map<string, AttestationRecord>;
  readonly waivers: Map<string, WaiverRecord>;
  /** By rotation and number, as text. */
  readonly evidence: Map<string, string>;
  readonly rehearsals: Map<string, RehearsalRecord>;
  readonly alerts: Map<string, AlertRecord>;
  readonly silences: Map<string, SilenceRecord>;
  readonly notices: Map<string, NoticeRecord>;
  readonly series: Map<string, SeriesRecord>;
  readonly audit: AuditLink[];
  meta: Meta | null;
}

export function emptyMemoryContents(): MemoryContents {
  return {
    verifiers: new Map(),
    issuers: new Map(),
    keys: new Map(),
    usage: new Map(),
    rotations: new Map(),
    attestations: new Map(),
    waivers: new Map(),
    evidence: new Map(),
    rehearsals: new Map(),
    alerts: new Map(),
    silences: new Map(),
    notices: new Map(),
    series: new Map(),
    audit: [],
    meta: null,
  };
}

export interface MemoryStoreOptions {
  /** Open on these to simulate a restart; fresh ones by default. */
  readonly contents?: MemoryContents;
  /** Called before each commit; throw from it to make the commit fail and change nothing. */
  readonly beforeCommit?: (writes: readonly Write[]) => void;
}

/** A store without a disk, for tests, simulation and benches. Same rules as the durable one. */
export function openMemoryStore(options: MemoryStoreOptions = {}): Store {
  const contents = options.contents ?? emptyMemoryContents();
  let closed = false;
  const requireOpen = () => {
    if (closed) throw new StoreError('STORE_FAILED', 'The store is closed.');
  };
  return {
    load() {
      requireOpen();
      return snapshot(contents);
    },
    commit(writes) {
      requireOpen();
      options.beforeCommit?.(writes);
      const links = linksOf(contents, writes);
      for (const write of writes) apply(contents, write);
      contents.audit.push(...links);
    },
    audit(query) {
      requireOpen();
      return queryAudit(contents.audit, query);
    },
    evidence(rotationId, number) {
      requireOpen();
      const body = contents.evidence.get(evidenceRecordId({ rotationId, number }));
      if (body === undefined) return undefined;
      return { record: JSON.parse(body) as EvidenceRecord, body, sha256: evidenceSha256(body) };
    },
    lastMeta() {
      requireOpen();
      return contents.meta;
    },
    auditHead() {
      requireOpen();
      const { number, hash } = contents.audit.at(-1) ?? AUDIT_START;
      return { number, hash };
    },
    verifyAudit() {
      requireOpen();
      return firstBrokenLink(contents.audit, contents.audit.at(-1) ?? AUDIT_START);
    },
    close() {
      closed = true;
    },
  };
}

function snapshot(contents: MemoryContents): Persisted {
  return {
    verifiers: [...contents.verifiers.values()],
    issuers: [...contents.issuers.values()],
    keys: [...contents.keys.values()],
    usage: [...contents.usage.values()],
    rotations: [...contents.rotations.values()],
    attestations: [...contents.attestations.values()],
    waivers: [...contents.waivers.values()],
    evidence: [...contents.evidence.values()].map(refOf),
    rehearsals: [...contents.rehearsals.values()],
    alerts: [...contents.alerts.values()],
    silences: [...contents.silences.values()],
    notices: [...contents.notices.values()],
    series: [...contents.series.values()],
    meta: contents.meta,
  };
}

/** Made before anything is applied: an entry that JSON cannot hold must fail the whole batch. */
function linksOf(contents: MemoryContents, writes: readonly Write[]): readonly AuditLink[] {
  const links: AuditLink[] = [];
  for (const write of writes) {
    if (write.kind !== 'audit') continue;
    const head = links.at(-1) ?? contents.audit.at(-1) ?? AUDIT_START;
    try {
      links.push(nextAuditLink(head, write.record));
    } catch (cause) {
      throw new StoreError('STORE_FAILED', 'An audit entry is not JSON-safe.', { cause });
    }
  }
  return links;
}

function apply(contents: MemoryContents, write: Write): void {
  switch (write.kind) {
    case 'verifier':
      if (!holdsNewer(contents, write.record)) {
        contents.verifiers.set(verifierKey(write.record.id), write.record);
      }
      return;
    case 'verifier_removed':
      if (!holdsNewer(contents, write.record)) {
        contents.verifiers.delete(verifierKey(write.record.id));
      }
      return;
    case 'issuer':
      contents.issuers.set(write.record.issuer, write.record);
      return;
    case 'key':
      contents.keys.set(keyRecordId(write.record), write.record);
      return;
    case 'usage':
      contents.usage.set(usageRecordId(write.record), write.record);
      return;
    case 'rotation':
      contents.rotations.set(write.record.id, write.record);
      return;
    case 'rotation_removed':
      contents.rotations.delete(write.record.id);
      for (const id of write.record.attestationIds) contents.attestations.delete(id);
      for (const id of write.record.waiverIds) contents.waivers.delete(id);
      return;
    case 'attestation':
      contents.attestations.set(write.record.id, write.record);
      return;
    case 'waiver':
      contents.waivers.set(write.record.id, write.record);
      return;
    case 'evidence': {
      const id = evidenceRecordId(write.record);
      if (!contents.evidence.has(id)) contents.evidence.set(id, evidenceBody(write.record));
      return;
    }
    case 'rehearsal':
      contents.rehearsals.set(rehearsalRecordId(write.record), write.record);
      return;
    case 'alert':
      contents.alerts.set(write.record.id, write.record);
      return;
    case 'alert_removed':
      contents.alerts.delete(write.record.id);
      return;
    case 'silence':
      contents.silences.set(write.record.id, write.record);
      return;
    case 'silence_removed':
      contents.silences.delete(write.record.id);
      return;
    case 'notice':
      contents.notices.set(write.record.id, write.record);
      return;
    case 'notice_removed':
      contents.notices.delete(write.record.id);
      return;
    case 'series':
      contents.series.set(write.record.id, write.record);
      return;
    case 'series_removed':
      contents.series.delete(write.record.id);
      return;
    case 'meta':
      contents.meta = write.record;
      return;
    case 'audit':
      return;
  }
}

function refOf(body: string): EvidenceRef {
  const { rotationId, number, occasion } = JSON.parse(body) as EvidenceRecord;
  return { rotationId, number, occasion };
}

function holdsNewer(contents: MemoryContents, record: VerifierRecord): boolean {
  const held = contents.verifiers.get(verifierKey(record.id));
  return held !== undefined && isNewer(held, record);
}

function queryAudit(links: readonly AuditLink[], query: AuditQuery): readonly StoredAuditEntry[] {
  const found: StoredAuditEntry[] = [];
  const { after = 0, before = Infinity } = query;
  for (const { number, hash, body } of query.order === 'newest' ? links.toReversed() : links) {
    if (found.length >= query.limit) break;
    if (number <= after || number >= before) continue;
    const entry = JSON.parse(body) as AuditEntry;
    if (query.rotationId !== undefined && entry.rotationId !== query.rotationId) continue;
    if (query.alertId !== undefined && alertOf(entry) !== query.alertId) continue;
    found.push({ ...entry, number, hash });
  }
  return found;
}

function alertOf({ detail }: AuditEntry): unknown {
  return detail['alert'] ?? detail['alertId'];
}
