import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { Gate, VerdictStatus } from '@keyturn/shared/model/verdict.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { Fleet, Verifier } from './fleet.ts';
import type { Policy } from './policy.ts';
import type {
  AttestationRecord,
  KeyRecord,
  RehearsalRecord,
  RotationRecord,
  UsageRecord,
  WaiverRecord,
} from './records.ts';
import type { CacheLife } from './cache-life.ts';
import type { RecentUse } from './recent-use.ts';
import type { Rejections } from './rejections.ts';
import type { Sighting } from './sighting.ts';
import type { Touched } from './touched.ts';
import type { AlertRecord, SilenceRecord } from './alerts/alert.ts';
import type { Delivery } from './alerts/deliveries.ts';
import type { NoticeRecord } from './alerts/notice.ts';
import type { Detectors } from './detectors/detectors.ts';
import type { EvidenceTaken } from './snapshot/evidence-record.ts';
import type { VerificationCounts } from './verification-counts.ts';

/** One moment, told twice. */
export interface Now {
  /** Collector time, Unix ms: never goes back while running. Receipts and leases use it. */
  readonly atMs: number;
  /**
   * At most `atMs`: the earliest the moment can be, given a wall clock that stepped back. Rules that
   * open something because time has passed use this one, so a step delays and never opens.
   */
  readonly earliestMs: number;
}

/** What one vantage of an issuer served lately. */
export interface VantageState {
  readonly url: string;
  /** Latest sighting since the collector started; null before the first. */
  latest: { readonly atMs: number; readonly sighting: Sighting } | null;
  /** Latest sighting that could be read. */
  latestOkAtMs: number | null;
  consecutiveFailures: number;
  failingSinceMs: number | null;
  /** Consecutive readable sightings that held the key, by `kid thumbprint`. */
  readonly heldRuns: Map<string, number>;
  /** Consecutive readable sightings that lacked a known key. */
  readonly missedRuns: Map<string, number>;
  /** Keys it served twice in a row at some time, as far as that is known since the start. */
  readonly served: Set<string>;
}

export interface IssuerState {
  readonly issuer: string;
  readonly vantages: Map<string, VantageState>;
  /** Longest first. */
  cacheLives: readonly CacheLife[];
  /** When it was read last before the collector looked away (a start, a pause); null: never. */
  readBeforeMs: number | null;
  /** The read that is on record. */
  readNotedMs: number | null;
  /** End of the last long time in which an address was not read. */
  watchedSinceMs: number | null;
  /** By `kid thumbprint`. */
  readonly keys: Map<string, KeyRecord>;
  /** Every kid ever seen in this issuer's JWKS. */
  readonly kids: Set<string>;
  /** kids seen with more than one thumbprint. */
  readonly reusedKids: Map<string, readonly KeyRef[]>;
  /** Identities of unclaimed keys: those that may open an observed rotation. */
  readonly unclaimed: Set<string>;
  /** Vantages of an issuer new to the collector whose first readable document is still to come. */
  readonly unread: Set<string>;
  /** It has opened as many observed rotations lately as it may; further keys wait. */
  paced: boolean;
}

export interface Health {
  /** When the collector started, or went on after a pause. */
  startedAtMs: number;
  /** Gates say unknown before this. */
  holdDownUntilMs: number;
  /** Since when the store has refused writes; null when it takes them. */
  storeFailingSinceMs: number | null;
  /** When a real write was last read back; null: not since the start. */
  provenAtMs: number | null;
  /** What was written cannot be read back; null when it can, or nothing was tried. */
  proofFailing: { readonly sinceMs: number; readonly problem: string } | null;
  /** Verifiers turned away because the fleet is at its bound, and when last. */
  refusedVerifiers: number;
  refusedVerifierAtMs: number | null;
  /** Rows of accepted tokens under kids nobody knows, for which no record of use was kept. */
  untrackedUsage: number;
  /** Keys of overlong key sets that were not taken in, and when last. */
  droppedKeys: number;
  droppedKeyAtMs: number | null;
  /** Conditions for which no alert was raised because there was no room. */
  droppedAlerts: number;
  /** When one of them was last of a kind that shuts gates. */
  droppedAlertAtMs: number | null;
  /** Notices that made room in the outbox before they were delivered. */
  droppedNotices: number;
  /** Ended observed rotations that made room for later ones. */
  droppedRotations: number;
}

/** What was last answered for one gate, to notice a change. */
export interface GateMemo {
  readonly status: VerdictStatus;
  readonly fingerprint: string;
  readonly revision: number;
  readonly changedAtMs: number;
}

/**
 * Everything the rules read. One owner (the engine) holds it; `step` changes it in place and says
 * what must be persisted. Nobody else writes to it.
 */
export interface State {
  readonly policy: Policy;
  readonly fleet: Fleet;
  readonly issuers: Map<string, IssuerState>;
  /** By `usageKey(issuer, kid)`. */
  readonly usage: Map<string, UsageRecord>;
  readonly rotations: Map<string, RotationRecord>;
  readonly attestations: Map<string, AttestationRecord>;
  readonly waivers: Map<string, WaiverRecord>;
  /** Snapshots on record, by rotation id. */
  readonly evidence: Map<string, EvidenceTaken>;
  /** SHA-256, hex, of the policy in force, for the record; empty where nobody named it. */
  readonly policySha256: string;
  /** By rotation id, oldest first. */
  readonly rehearsals: Map<string, readonly RehearsalRecord[]>;
  /** By `alertIdentity`: pending, firing and, for a day, resolved ones. */
  readonly alerts: Map<string, AlertRecord>;
  readonly silences: Map<string, SilenceRecord>;
  /** The outbox, by id. */
  readonly notices: Map<string, NoticeRecord>;
  /** By receiver, as far as anything was sent since the start; not persisted. */
  readonly deliveries: Map<string, Delivery>;
  readonly detectors: Detectors;
  /** An alert changed its status since this was last set to false; whoever tells readers does that. */
  alertsChanged: boolean;
  /** As before, of notices that were added. */
  noticesAdded: boolean;
  /** Reports and hellos that were turned away lately, by service; empty: of nobody known. Not persisted. */
  readonly rejections: Map<string, Rejections>;
  /** Acceptances of the last hour by `usageKey`, kids the collector knows only; not persisted. */
  readonly recentUse: Map<string, RecentUse>;
  /** Outcome totals over the fleet for kids the collector knows, by `usageKey`. */
  readonly totals: Map<string, Partial<Record<Outcome, number>>>;
  /** Counted since the start, for metrics; bounded by what is declared. Not persisted. */
  readonly verifications: Map<string, VerificationCounts>;
  /** Verifiers by the stream that reported them last. */
  readonly sessions: Map<string, Set<Verifier>>;
  /** Rotations whose verdicts may have changed since they were last evaluated. */
  readonly unevaluated: Touched;
  /** Since when every other check of `activate` passes without a break, by rotation id. */
  readonly steadySinceMs: Map<string, number>;
  /** Rotations with a verdict a reader can tell from before; whoever tells readers empties it. */
  readonly changed: Set<string>;
  /** By rotation id. */
  readonly gates: Map<string, Map<Gate, GateMemo>>;
  readonly health: Health;
  /** Grows with every visible change of a verdict; starts at the start time, so restarts grow it too. */
  revision: number;
  /** Highest epoch of any deleted verifier record. */
  epochFloor: number;
  /** When verifiers that are gone for good were last looked for. */
  sweptAtMs: number;
}

export function usageKey(issuer: string, kid: string | null): string {
  return kid === null ? `${issuer}\u0000` : `${issuer}\u0000${kid}`;
}

export function keyIdentity(key: { readonly kid: string; readonly thumbprint: string }): string {
  return `${key.kid} ${key.thumbprint}`;
}
