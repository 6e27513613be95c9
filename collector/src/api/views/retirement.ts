import { moment } from '@keyturn/shared/model/moment.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import { reckonedPolicy } from '../../core/cache-life.ts';
import { dropNowOf } from '../../core/drop-now.ts';
import type { Group, Verifier } from '../../core/fleet.ts';
import { dropBoundMs } from '../../core/gates/purge.ts';
import type { RotationRecord } from '../../core/records.ts';
import { openRotations } from '../../core/rotation.ts';
import type { State } from '../../core/state.ts';
import { countedFacts } from '../../core/watch.ts';
import { isoMomentOrNull } from '../../iso-moment.ts';
import type { RetirementView } from '../schemas/verifier-detail.ts';

/** What a verifier does once a key of each of its issuers is removed: by its kind, and by what it shows. */
export function retirementViews(
  state: State,
  verifier: Verifier,
  nowMs: number,
): readonly RetirementView[] {
  return verifier.groups.flatMap((group) => {
    const open = openRotations(state).filter(({ issuer }) => issuer === group.issuer);
    if (open.length === 0) return [retirementView(state, verifier, group, null, nowMs)];
    return open.map((rotation) => retirementView(state, verifier, group, rotation, nowMs));
  });
}

function retirementView(
  state: State,
  verifier: Verifier,
  group: Group,
  rotation: RotationRecord | null,
  nowMs: number,
): RetirementView {
  const declared = state.policy.issuers.get(group.issuer);
  const policy = declared && reckonedPolicy(state, declared, nowMs);
  const kind = rotation ?? { keyKind: 'public' as const };
  const boundMs = policy === undefined ? null : dropBoundMs(group, kind, policy);
  const withdrawnAtMs = rotation === null ? null : countedFacts(state, rotation).withdrawnAtMs;
  const untilMs = untilOf(group, rotation, withdrawnAtMs, boundMs);
  const hasDropped =
    rotation !== null && verifier.standings.get(rotation.id)?.holdsOld === 'dropped';
  return {
    issuer: group.issuer,
    rotation_id: rotation?.id ?? null,
    kid: rotation?.oldKid ?? null,
    withdrawn_at: isoMomentOrNull(withdrawnAtMs),
    would: hasDropped ? 'refuse' : boundMs === null ? 'accept_without_end' : 'accept_for_a_time',
    drop_bound_s: boundMs === null ? null : boundMs / 1_000,
    may_accept_until: hasDropped ? null : isoMomentOrNull(untilMs),
    sentences: [
      firstSentence(
        rotation?.oldKid ?? 'a key',
        { hasDropped, withdrawnAtMs, boundMs, untilMs },
        nowMs,
      ),
      ...kindSentences(group.service.profile, rotation),
    ],
    drop_now: rotation === null ? group.service.profile.dropNow : dropNowOf(group, rotation),
  };
}

/** As the purge gate reckons: a document that held the key may have been served after its removal. */
function untilOf(
  group: Group,
  rotation: RotationRecord | null,
  withdrawnAtMs: number | null,
  boundMs: number | null,
): number | null {
  if (rotation === null || withdrawnAtMs === null || boundMs === null) return null;
  const servedAtMs = group.tallies.get(rotation.id)?.lastServedOldAtMs ?? 0;
  return Math.max(withdrawnAtMs, servedAtMs) + boundMs;
}

interface Drop {
  readonly hasDropped: boolean;
  readonly withdrawnAtMs: number | null;
  readonly boundMs: number | null;
  readonly untilMs: number | null;
}

function firstSentence(kid: string, drop: Drop, nowMs: number): string {
  const { hasDropped, withdrawnAtMs, boundMs, untilMs } = drop;
  if (hasDropped) return `It has dropped ${kid} and refuses tokens of it.`;
  if (boundMs === null) {
    return withdrawnAtMs === null
      ? `Once ${kid} leaves the JWKS, nothing bounds how long it goes on accepting it.`
      : `${kid} is served nowhere any more, and nothing bounds how long it goes on accepting it.`;
  }
  const bound = `${Math.ceil(boundMs / 1_000)} s`;
  if (untilMs === null) {
    return `Once ${kid} leaves the JWKS, it may go on accepting it for ${bound}, and refuses it after that.`;
  }
  return nowMs < untilMs
    ? `It may accept ${kid} until ${moment(untilMs)}, ${bound} after it could last be served it.`
    : `By the bound of its kind it has refused ${kid} since ${moment(untilMs)}.`;
}

function kindSentences(profile: ProfileFacts, rotation: RotationRecord | null): readonly string[] {
  if (rotation?.keyKind === 'secret') {
    return ['The key is a shared secret: people take it out, and no time does.'];
  }
  return [
    ...(profile.staticKeys
      ? ['Its keys are configured and not fetched: a key goes when somebody takes it out.']
      : []),
    ...(profile.cachesVerifiedTokens
      ? ['It remembers tokens it has verified: those pass without a look at the keys.']
      : []),
    ...(profile.replacesWholeSet
      ? []
      : ['It keeps keys one by one: a fetch without the key does not make it forget the key.']),
    ...(profile.severalCaches
      ? ['Several caches may stand behind this name, and the slowest of them counts.']
      : []),
  ];
}
