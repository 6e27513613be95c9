import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import { reckonedPolicy } from '../../cache-life.ts';
import type { Group, Verifier } from '../../fleet.ts';
import { keySetOf } from '../../latest-report.ts';
import type { IssuerPolicy } from '../../policy.ts';
import type { HeldKeySet, RotationRecord } from '../../records.ts';
import { openRotations, rotationFacts } from '../../rotation.ts';
import type { Now, State } from '../../state.ts';
import type { Severity } from '../catalogue.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import {
  isPartlyUnheard,
  named,
  type ServiceGroups,
  serviceNoun,
  servicesWatched,
} from '../spoken-of.ts';

/** Verifiers looked at one by one of each group; a fleet that lacks the key is found with less. */
const LOOKED_AT_MAX = 1_000;

/**
 * Verifiers fetched after every origin and shared cache must have had the new key, and did not get
 * it: something between them and the origin, mostly a CDN, serves an older document.
 */
export const newKeyNotServed: AlertRule = {
  names: ['NewKeyNotServed'],
  judge(state, now) {
    const open = openRotations(state).filter(({ keyKind }) => keyKind === 'public');
    if (open.length === 0) return [];
    const services = [...servicesWatched(state)];
    return open.flatMap((rotation) =>
      services
        .filter(({ issuer }) => issuer.issuer === rotation.issuer)
        .flatMap((watched) => judgeService(state, rotation, watched, now) ?? []),
    );
  },
};

function judgeService(
  state: State,
  rotation: RotationRecord,
  watched: ServiceGroups,
  now: Now,
): Judgement | undefined {
  const { issuer, service, groups } = watched;
  const labels = { issuer: issuer.issuer, rotation: rotation.id, service };
  const about = { name: 'NewKeyNotServed', labels } as const;
  const { publishedAtMs } = rotationFacts(state, rotation);
  // Who should have it by when is not known while it is not published everywhere.
  if (publishedAtMs === null) return { status: 'unknown', ...about };
  const policy = reckonedPolicy(state, issuer, now.earliestMs);
  const lacking = groups.flatMap((group) =>
    lackingIn(group, rotation, freshMs(policy, publishedAtMs)),
  );
  if (lacking.length === 0) {
    return isPartlyUnheard(groups) ? { status: 'unknown', ...about } : undefined;
  }
  return {
    status: 'present',
    ...about,
    severity: severityOf(rotation, watched),
    summary: `${counted(lacking.length, 'verifier')} of ${serviceNoun(watched)} fetched the JWKS of ${issuer.issuer} and did not get ${rotation.newKid}, which is published since ${moment(publishedAtMs)}`,
    details: named(lacking, lacking.length, (verifier) => {
      const set = keySetOf(verifier.record.keySets, rotation.issuer);
      return set === undefined ? 'fetched' : `fetched at ${moment(fetchedAtMs(set))}`;
    }),
  };
}

/** From here on no cache that was declared or seen in headers explains an answer without the key. */
function freshMs({ originSpreadMs, sharedCachesMs }: IssuerPolicy, publishedAtMs: number): number {
  return publishedAtMs + originSpreadMs + sharedCachesMs;
}

function lackingIn(group: Group, rotation: RotationRecord, sinceMs: number): readonly Verifier[] {
  const absent = group.tallies.get(rotation.id)?.byNew.get('absent');
  if (absent === undefined || group.service.profile.staticKeys) return [];
  const lacking: Verifier[] = [];
  let looked = 0;
  for (const verifier of absent) {
    if (looked++ >= LOOKED_AT_MAX) break;
    const set = keySetOf(verifier.record.keySets, rotation.issuer);
    if (set === undefined || set.keys.some(({ kid }) => kid === rotation.newKid)) continue;
    if (fetchedAtMs(set) > sinceMs) lacking.push(verifier);
  }
  return lacking;
}

/** When what it holds came from the origin; 0: that is not known. */
function fetchedAtMs({ dataAtMs, servedAtMs }: HeldKeySet): number {
  if (dataAtMs === null) return 0;
  return servedAtMs === null ? dataAtMs : Math.min(dataAtMs, servedAtMs);
}

function severityOf(rotation: RotationRecord, { groups }: ServiceGroups): Severity {
  if (!groups.some((group) => group.service.required)) return 'info';
  // The new key signs: these refuse its tokens now.
  return rotation.switchedAtMs === null ? 'warning' : 'critical';
}
