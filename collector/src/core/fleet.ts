import type { Grade, NegativeGrade } from '@keyturn/shared/model/evidence.ts';
import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import { verifierKey } from '@keyturn/shared/model/ids.ts';
import type { CacheKind } from '@keyturn/shared/model/secret-keys.ts';
import type { Policy, ServicePolicy } from './policy.ts';
import type { ServiceKind } from './kinds.ts';
import { dropContest } from './contests.ts';
import { dropLease } from './leases.ts';
import { lastProbedAtMs } from './probes/record.ts';
import { moveInGroup } from './group-members.ts';
import { forgetProbes, noteProbes } from './probes/probed-sets.ts';
import type { OrderedProbe } from './probes/probes.ts';
import type { LiveCaches } from './live-caches.ts';
import type { VerifierRecord } from './records.ts';
import { clearStanding } from './tallies.ts';

/** Whether a verifier is heard of. `joined`: it said hello and has not reported yet. */
export type Liveness = 'reporting' | 'silent' | 'joined' | 'departed';

/** What is known about the old key: in the live set, in the last document served, gone, or nothing. */
export type OldKeyStanding = 'held' | 'served' | 'dropped' | 'unknown';

/** What is known of one verifier about one rotation. */
export interface Standing {
  readonly holdsNew: Grade | NegativeGrade;
  readonly holdsNewSinceMs: number;
  readonly holdsOld: OldKeyStanding;
  readonly holdsOldSinceMs: number;
  /** It showed that it decides with keys of this kind: it holds one of both, or took its token. */
  readonly decides: boolean;
  /** A sentence for a person. */
  readonly detail: string;
}

/** One verifier in memory. */
export interface Verifier {
  /** `service/instance/cache`. */
  readonly key: string;
  record: VerifierRecord;
  liveness: Liveness;
  livenessSinceMs: number;
  /** Session that reported last, and when. */
  session: string | null;
  /** The lease ends at this second of collector time. */
  leaseEndS: number;
  /** Until then a second live process under this identity is likely; 0: there is no sign of one. */
  contestedUntilMs: number;
  /** Since when that has gone on without a break; means nothing while there is no sign. */
  contestedSinceMs: number;
  /** How far the clock beside it is ahead of the collector's, by its last hello; null: not said. */
  clockAheadMs: number | null;
  /** The probe it was asked for last and has not answered. */
  probe: OrderedProbe | null;
  /** When it was last asked for one. */
  probedAtMs: number | null;
  groups: readonly Group[];
  /** As its groups count it; follows the record when it joins them anew. */
  countedAs: CacheKind;
  /** By rotation id, open rotations of this verifier's issuers only. */
  readonly standings: Map<string, Standing>;
}

/** Counters of one rotation in one group; the sets are what a gate lists. */
export interface Tally {
  readonly byNew: Map<Grade | NegativeGrade, Set<Verifier>>;
  readonly byOld: Map<OldKeyStanding, Set<Verifier>>;
  /** Those that showed that they decide with keys of the rotation's kind. */
  readonly deciding: Set<Verifier>;
  /** Latest moment any member was served a document that held the old key. */
  lastServedOldAtMs: number | null;
}

/** The verifiers of one service for one issuer. */
export interface Group extends LiveCaches {
  readonly service: ServicePolicy;
  readonly issuer: string;
  readonly members: Set<Verifier>;
  readonly silent: Set<Verifier>;
  readonly joined: Set<Verifier>;
  /** Members under whose name a second live process has shown itself lately. */
  readonly contested: Set<Verifier>;
  /** Members whose agent cannot count outcomes. */
  readonly uncounted: Set<Verifier>;
  /** Members that decided with keys older than their kind keeps, when last heard. */
  readonly stale: Set<Verifier>;
  /** By rotation id. */
  readonly tallies: Map<string, Tally>;
}

/** All verifiers, with the counters and sets that make gate reads independent of their number. */
export interface Fleet {
  readonly verifiers: Map<string, Verifier>;
  /** By issuer, then service name. */
  readonly groups: Map<string, Map<string, Group>>;
  /** Verifiers by the second their lease ends. */
  readonly leases: Map<number, Set<Verifier>>;
  /** First second not yet looked at. */
  leaseCursorS: number;
  /** Verifiers whose identity is contested. */
  readonly contested: Set<Verifier>;
  /** Verifiers beside which a clock is off, by what their agents said. */
  readonly clocksOff: Set<Verifier>;
  /** Verifiers that took a token with a signature nobody made, for some issuer. */
  readonly takesAnything: Set<Verifier>;
  /** Verifiers that were ever probed. */
  readonly probed: Set<Verifier>;
  /** The first moment at which some probe ceases to count. */
  probeLapsesAtMs: number;
}

/** An empty fleet with a group for every declared (service, issuer), so that a missing one shows. */
export function emptyFleet(policy: Policy, nowMs: number): Fleet {
  const fleet: Fleet = {
    verifiers: new Map(),
    groups: new Map(),
    leases: new Map(),
    leaseCursorS: Math.floor(nowMs / 1_000),
    contested: new Set(),
    clocksOff: new Set(),
    takesAnything: new Set(),
    probed: new Set(),
    probeLapsesAtMs: Infinity,
  };
  for (const service of policy.services.values()) {
    for (const issuer of service.issuers) groupOf(fleet, service, issuer);
  }
  return fleet;
}

/** The groups that take tokens of this issuer. */
export function groupsOfIssuer(fleet: Fleet, issuer: string): Iterable<Group> {
  return fleet.groups.get(issuer)?.values() ?? [];
}

/** Adds a verifier, or gives the one known under this id. */
export function enrol(
  fleet: Fleet,
  policy: Policy,
  record: VerifierRecord,
  liveness: Liveness,
  nowMs: number,
): Verifier {
  const key = verifierKey(record.id);
  const verifier: Verifier = {
    key,
    record,
    liveness: 'departed',
    livenessSinceMs: nowMs,
    session: null,
    leaseEndS: 0,
    contestedUntilMs: 0,
    contestedSinceMs: 0,
    clockAheadMs: null,
    probe: null,
    probedAtMs: lastProbedAtMs(record.probes),
    groups: [],
    countedAs: record.cacheKind,
    standings: new Map(),
  };
  fleet.verifiers.set(key, verifier);
  regroup(fleet, policy, verifier);
  setLiveness(fleet, verifier, liveness, nowMs);
  for (const group of verifier.groups) dropIfEmpty(fleet, group);
  noteProbes(fleet, verifier);
  return verifier;
}

/** Puts the verifier into the groups its record names; call after its issuers or source changed. */
export function regroup(fleet: Fleet, policy: Policy, verifier: Verifier): void {
  const before = verifier.liveness;
  leaveGroups(fleet, verifier);
  const service = servicePolicyOf(policy, verifier.record);
  const issuers = verifier.record.issuers.length > 0 ? verifier.record.issuers : service.issuers;
  verifier.groups = [...new Set(issuers)].map((issuer) => groupOf(fleet, service, issuer));
  verifier.liveness = 'departed';
  setLiveness(fleet, verifier, before, verifier.livenessSinceMs);
}

/** Moves a verifier between the liveness sets of its groups. */
export function setLiveness(
  fleet: Fleet,
  verifier: Verifier,
  liveness: Liveness,
  nowMs: number,
): void {
  if (verifier.liveness === liveness) return;
  for (const group of verifier.groups) {
    moveInGroup(group, verifier, verifier.liveness, liveness);
    if (liveness === 'departed') dropIfEmpty(fleet, group);
  }
  verifier.liveness = liveness;
  verifier.livenessSinceMs = nowMs;
  if (liveness !== 'reporting' && liveness !== 'joined') dropLease(fleet, verifier);
}

/** Forgets a verifier altogether. */
export function forget(fleet: Fleet, verifier: Verifier): void {
  leaveGroups(fleet, verifier);
  dropLease(fleet, verifier);
  dropContest(fleet, verifier);
  forgetProbes(fleet, verifier);
  fleet.clocksOff.delete(verifier);
  verifier.liveness = 'departed';
  verifier.groups = [];
  fleet.verifiers.delete(verifier.key);
}

/**
 * A silent verifier no longer blocks once its service shows its declared number of others, or the
 * fewest of a declared range. While its own instance lives, that uses the cache nothing is heard of.
 */
export function isReplaced(group: Group, verifier: Verifier): boolean {
  const expected = group.service.instances;
  // None declared, or a declared none, shows nobody in its place.
  if (expected === null || expected === 0) return false;
  return !group.liveCaches.has(verifier.record.id.instance) && group.liveCaches.size >= expected;
}

const KIND_OF_SOURCE = {
  in_process: 'instrumented',
  pushed: 'pushed',
  proxy: 'proxied',
} as const satisfies Record<VerifierRecord['source'], ServiceKind>;

/** The declared policy of a record's service, or the one for services nobody declared. */
export function servicePolicyOf(policy: Policy, record: VerifierRecord): ServicePolicy {
  return (
    policy.services.get(record.id.service) ?? {
      name: record.id.service,
      declared: false,
      kind: KIND_OF_SOURCE[record.source],
      issuers: [],
      instances: null,
      instancesMax: null,
      required: true,
      profile: policy.profiles.get(record.profile) ?? policy.unknownProfile,
      evidence: 'served',
      population: null,
      shippingIntervalMs: null,
      keys: 'any',
    }
  );
}

export function findVerifier(fleet: Fleet, id: VerifierId): Verifier | undefined {
  return fleet.verifiers.get(verifierKey(id));
}

function groupOf(fleet: Fleet, service: ServicePolicy, issuer: string): Group {
  let ofIssuer = fleet.groups.get(issuer);
  if (ofIssuer === undefined) {
    ofIssuer = new Map();
    fleet.groups.set(issuer, ofIssuer);
  }
  // Profiles of an undeclared service are its reporters' word, so each is judged by its own.
  const name = service.declared ? service.name : `${service.name} ${service.profile.id}`;
  let group = ofIssuer.get(name);
  if (group === undefined) {
    group = {
      service,
      issuer,
      members: new Set(),
      liveCaches: new Map(),
      liveByKind: { public: new Map(), secret: new Map() },
      silent: new Set(),
      joined: new Set(),
      contested: new Set(),
      uncounted: new Set(),
      stale: new Set(),
      tallies: new Map(),
    };
    ofIssuer.set(name, group);
  }
  return group;
}

function leaveGroups(fleet: Fleet, verifier: Verifier): void {
  for (const rotationId of verifier.standings.keys()) clearStanding(verifier, rotationId);
  for (const group of verifier.groups) {
    moveInGroup(group, verifier, verifier.liveness, 'departed');
    dropIfEmpty(fleet, group);
  }
}

// Only what was declared is missed when nobody reports it; the rest must not pile up.
function dropIfEmpty(fleet: Fleet, group: Group): void {
  if (group.members.size > 0 || group.service.issuers.includes(group.issuer)) return;
  const ofIssuer = fleet.groups.get(group.issuer);
  for (const [name, other] of ofIssuer ?? []) if (other === group) ofIssuer?.delete(name);
  if (ofIssuer?.size === 0) fleet.groups.delete(group.issuer);
}
