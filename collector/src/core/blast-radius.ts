import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import { reckonedPolicy } from './cache-life.ts';
import { dropNowOf } from './drop-now.ts';
import type { Group } from './fleet.ts';
import { groupsOfIssuer } from './fleet.ts';
import { dropBoundMs } from './gates/purge.ts';
import type { RotationRecord } from './records.ts';
import type { RecentCount } from './recent-use.ts';
import { recentCount } from './recent-use.ts';
import { countedFacts } from './watch.ts';
import type { Now, State } from './state.ts';
import { usageKey } from './state.ts';

/** What counts as recent. */
export const RECENT_MS = 900_000;

/** Who uses one key now. */
export interface KeyUse extends RecentCount {
  /** Null: tokens without a kid, which may be of any key. */
  readonly kid: string | null;
  readonly role: 'old' | 'new' | 'none';
  /** Verifiers that accepted a token of it in the window. */
  readonly verifiers: number;
  readonly lastAcceptedAtMs: number | null;
  /** Latest `exp` of an accepted token, Unix ms. Whoever has a stolen key may have made it up. */
  readonly latestExpMs: number | null;
}

/** How long one service may go on accepting the old key once it is removed. */
export interface ServiceReach {
  readonly service: string;
  readonly required: boolean;
  readonly profile: string;
  readonly verifiers: number;
  readonly holding: number;
  readonly dropped: number;
  /** After removal, milliseconds; null: no bound is known. */
  readonly dropBoundMs: number | null;
  /** Null before the removal, and where there is no bound. */
  readonly mayAcceptUntilMs: number | null;
  readonly dropNow: string;
}

export interface BlastRadius {
  readonly asOfMs: number;
  /** The window counts begin: `RECENT_MS` ago, or when the collector started. */
  readonly countedSinceMs: number;
  readonly keys: readonly KeyUse[];
  /** Verifiers that cannot count. */
  readonly uncounted: number;
  readonly services: readonly ServiceReach[];
  readonly summary: string;
}

/** What removing the old key would refuse, and who would go on accepting it. Scans the issuer's fleet. */
export function blastRadius(state: State, rotation: RotationRecord, now: Now): BlastRadius {
  const groups = [...groupsOfIssuer(state.fleet, rotation.issuer)];
  const countedSinceMs = countedSince(state, now.atMs);
  const keys = (
    [
      [rotation.oldKid, 'old'],
      [rotation.newKid, 'new'],
      [null, 'none'],
    ] as const
  ).map(([kid, role]) => keyUse(state, rotation, groups, kid, role, now.atMs, countedSinceMs));
  return {
    asOfMs: now.atMs,
    countedSinceMs,
    keys,
    uncounted: uncountedOf(groups),
    services: groups.map((group) => reachOf(state, rotation, group, now)),
    summary: refusedSentence(state, rotation, now, keys[0]?.verifiers),
  };
}

/** What removing the old key now refuses, in a sentence. We see verifications, never tokens. */
export function refusedSentence(
  state: Readonly<State>,
  rotation: RotationRecord,
  now: Now,
  verifiers?: number,
): string {
  const { oldKid, issuer } = rotation;
  const since = countedSince(state, now.atMs);
  const recent = recentCount(state, issuer, oldKid, now.atMs, now.atMs - since);
  const who = verifiers === undefined ? 'verifiers' : counted(verifiers, 'verifier');
  const usage = state.usage.get(usageKey(issuer, oldKid));
  const blind = blindText([...groupsOfIssuer(state.fleet, issuer)]);
  if (recent.accepted === 0) {
    const seen = `no token of ${oldKid} was seen accepted since ${moment(since)}${last(usage?.lastAcceptedAtMs)}`;
    return blind === ''
      ? `${seen}; removing the key refuses whatever is held`
      : `${seen}; but ${blind} may have accepted some, so nobody knows what removing the key refuses`;
  }
  const expMs = usage?.highestExpS == null ? null : usage.highestExpS * 1_000;
  const until =
    expMs === null ? 'with no end known' : `until ${moment(expMs)}, when the last token seen ends`;
  const unseen = blind === '' ? '' : `; ${blind} may have accepted more`;
  return `${who} accepted ${oldKid} ${counted(recent.accepted, 'time')} since ${moment(since)}; removing the key now refuses up to about ${counted(recent.busiestMinute, 'request')} a minute, ${until}${unseen}`;
}

/** Who may use the key without anybody seeing it; empty when nobody. */
function blindText(groups: readonly Group[]): string {
  const uncounted = uncountedOf(groups);
  const unheard = groups.filter(({ members }) => members.size === 0).length;
  const parts = [
    ...(uncounted > 0 ? [`${counted(uncounted, 'verifier')} that cannot count`] : []),
    ...(unheard > 0 ? [`${counted(unheard, 'service')} that nobody hears`] : []),
  ];
  return parts.join(' and ');
}

function uncountedOf(groups: Iterable<Group>): number {
  let uncounted = 0;
  for (const group of groups) uncounted += group.uncounted.size;
  return uncounted;
}

function last(atMs: number | undefined): string {
  return atMs === undefined ? ', nor before' : `, and last at ${moment(atMs)}`;
}

function countedSince(state: Readonly<State>, nowMs: number): number {
  return Math.min(nowMs, Math.max(nowMs - RECENT_MS, state.health.startedAtMs));
}

function keyUse(
  state: State,
  rotation: RotationRecord,
  groups: readonly Group[],
  kid: string | null,
  role: KeyUse['role'],
  nowMs: number,
  sinceMs: number,
): KeyUse {
  const usage = state.usage.get(usageKey(rotation.issuer, kid));
  return {
    kid,
    role,
    ...recentCount(state, rotation.issuer, kid, nowMs, nowMs - sinceMs),
    verifiers: acceptingVerifiers(rotation, groups, kid, sinceMs),
    lastAcceptedAtMs: usage?.lastAcceptedAtMs ?? null,
    latestExpMs: usage?.highestExpS == null ? null : usage.highestExpS * 1_000,
  };
}

function acceptingVerifiers(
  rotation: RotationRecord,
  groups: readonly Group[],
  kid: string | null,
  sinceMs: number,
): number {
  let accepting = 0;
  for (const group of groups) {
    for (const { record } of group.members) {
      const row = record.counts.find(
        ({ issuer, key }) =>
          issuer === rotation.issuer &&
          (kid === null ? key.kind === 'none' : key.kind === 'kid' && key.kid === kid),
      );
      if ((row?.lastAcceptedAtMs ?? 0) >= sinceMs) accepting += 1;
    }
  }
  return accepting;
}

function reachOf(state: State, rotation: RotationRecord, group: Group, now: Now): ServiceReach {
  const { service } = group;
  const byOld = group.tallies.get(rotation.id)?.byOld;
  const declared = state.policy.issuers.get(rotation.issuer);
  const policy = declared && reckonedPolicy(state, declared, now.earliestMs);
  const boundMs = policy === undefined ? null : dropBoundMs(group, rotation, policy);
  const { withdrawnAtMs } = countedFacts(state, rotation);
  return {
    service: service.name,
    required: service.required,
    profile: service.profile.id,
    verifiers: group.members.size,
    holding: (byOld?.get('held')?.size ?? 0) + (byOld?.get('served')?.size ?? 0),
    dropped: byOld?.get('dropped')?.size ?? 0,
    dropBoundMs: boundMs,
    mayAcceptUntilMs: boundMs === null || withdrawnAtMs === null ? null : withdrawnAtMs + boundMs,
    dropNow: dropNowOf(group, rotation),
  };
}
