import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import type { ProbeResult } from '@keyturn/shared/model/probe.ts';
import type { Ack, Hello, Report, Settings, Welcome } from '@keyturn/shared/model/report.ts';
import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Act, ActResult } from './core/acts.ts';
import type { ProbeGrant, ProbeOrder } from './core/probes/probes.ts';
import type { BlastRadius } from './core/blast-radius.ts';
import type { Containment } from './core/containment.ts';
import type { Sighting } from './core/sighting.ts';
import type { State } from './core/state.ts';
import type { AuditHead } from './store/audit-chain.ts';
import type { AuditQuery, StoredAuditEntry, StoredEvidence } from './store/store.ts';

/** A report whose handle has been resolved to the verifier its session named. */
export interface AddressedReport {
  readonly verifier: VerifierId;
  readonly report: Report;
}

/**
 * The one writer as its callers see it. Promises resolve after the change is committed; they reject
 * with StoreError when it could not be (the change is kept and tried again).
 */
export interface Engine {
  /** Assigns epochs. `session` names the stream, so that two live streams of one verifier show. */
  hello(session: string, hello: Hello): Promise<Welcome>;
  report(session: string, reports: readonly AddressedReport[]): Promise<readonly Ack[]>;
  goodbye(session: string, verifiers: readonly VerifierId[]): Promise<void>;
  /** The stream ended without a goodbye; liveness is left to the lease. */
  sessionEnded(session: string): void;
  /** A message or report was refused before it got here; `service` null when nobody known sent it. */
  turnedAway(service: string | null, reason: string): void;
  sighting(sighting: Sighting): Promise<void>;
  act(act: Act): Promise<ActResult>;
  /** Lets a verifier be probed now and remembers it; undefined when it must not be. */
  probe(order: ProbeOrder): Promise<ProbeGrant | undefined>;
  /** Gives why the result does not count; empty when it does. */
  probeResult(session: string, verifier: VerifierId, result: ProbeResult): Promise<string>;

  /** Evaluates a gate now from kept counters; undefined when there is no such rotation. */
  checkGate(rotationId: string, gate: Gate): Verdict | undefined;
  /** Who uses a rotation's old key now; undefined when there is no such rotation. */
  blastRadius(rotationId: string): BlastRadius | undefined;
  /** How far a rotation's old key is out of use; undefined when there is no such rotation. */
  containment(rotationId: string): Containment | undefined;
  /** Settings in force for agents. */
  settings(): Settings;
  /** Read-only view of the state; never keep it across an await. */
  state(): Readonly<State>;
  /** Collector time, Unix ms; never goes back while running. */
  nowMs(): number;
  audit(query: AuditQuery): readonly StoredAuditEntry[];
  /** One snapshot of what was known of a rotation. */
  evidence(rotationId: string, number: number): StoredEvidence | undefined;
  /** Where the audit trail ends. */
  auditHead(): AuditHead;
  /** Number of the first audit entry whose hash does not fit, or null. Reads the whole trail. */
  verifyAudit(): number | null;
  /** Called with the rotation id after a verdict of it changed; returns the unsubscribe. */
  onChange(listener: (rotationId: string) => void): () => void;
  /** A receiver took a notice of the outbox. */
  noticeDelivered(id: string): Promise<void>;
  /** A receiver did not take a notice, and is to be tried again after `retryInMs`. */
  noticeFailed(id: string, error: string, retryInMs: number): Promise<void>;
  /** A receiver did not take a notice, and never will. */
  noticeGivenUp(id: string, error: string): Promise<void>;
  /** What came of sending to a receiver, when that changed; null: it arrived. */
  delivery(receiver: string, error: string | null): Promise<void>;
  /**
   * Called when notices were added to `state().notices` or an alert changed, after the commit, or the
   * try at it: while the store refuses writes, alerts are told from memory. Returns the unsubscribe.
   */
  onNews(listener: () => void): () => void;
  /** Called when settings for agents changed; returns the unsubscribe. */
  onSettings(listener: (settings: Settings) => void): () => void;
}
