import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check, Offender } from '@keyturn/shared/model/verdict.ts';
import type { Group } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { countedFacts } from '../watch.ts';
import { propagationMs } from '../timing.ts';
import type { Words } from './attested.ts';
import { vouchersOf, wordsInForce } from './attested.ts';
import { fail, pass, unknown } from './check.ts';
import { hasFullEvidence, Offenders, requiredGroups, waysOf } from './dependents.ts';
import { publishSafetyMs } from './emergency-skip.ts';

/** Services judged by time alone, where policy says so: now >= Tpub + Pv + Spub. */
export function timedReady(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Check {
  const words = wordsInForce(state, rotation, 'holds_new', now);
  const groups = requiredGroups(state, rotation).filter((group) =>
    waitsForTime(group, rotation, words),
  );
  if (groups.length === 0)
    return pass('time_elapsed', 'time', 'no service is judged by time alone');
  const { publishedAtMs } = countedFacts(state, rotation);
  if (publishedAtMs === null) {
    return unknown('time_elapsed', 'time', 'time counts from publication, which has not been seen');
  }
  const waiting = new Offenders();
  let latestMs = 0;
  for (const group of groups) {
    const readyAtMs = timedReadyAtMs(state, rotation, group, publishedAtMs, policy);
    if (readyAtMs === null) return unbounded(group);
    if (now.earliestMs >= readyAtMs) continue;
    latestMs = Math.max(latestMs, readyAtMs);
    waiting.add(early(group, publishedAtMs, readyAtMs));
  }
  if (waiting.count === 0) {
    return pass(
      'time_elapsed',
      'time',
      `long enough published for ${counted(groups.length, 'service')}`,
    );
  }
  return fail(
    'time_elapsed',
    'time',
    `${counted(waiting.count, 'service')} judged by time may lack the new key until ${moment(latestMs)}`,
    {
      offenders: waiting.shown,
      offenderCount: waiting.count,
      sinceMs: publishedAtMs,
      clearsAtMs: latestMs,
    },
  );
}

/** Nothing better than time speaks for it: neither full evidence nor a person's word. */
export function waitsForTime(group: Group, rotation: RotationRecord, words: Words): boolean {
  if (waysOf(group, rotation) !== 'timed' || hasFullEvidence(group, rotation)) return false;
  return vouchersOf(words, group) === null;
}

/** Tpub + Pv + Spub, Unix ms; null when the profile knows no bound. */
export function timedReadyAtMs(
  state: State,
  rotation: RotationRecord,
  group: Group,
  publishedAtMs: number,
  policy: IssuerPolicy,
): number | null {
  const boundMs = propagationMs(policy, group.service.profile);
  return boundMs === null ? null : publishedAtMs + boundMs + publishSafetyMs(state, rotation);
}

function unbounded({ service }: Group): Check {
  return unknown(
    'time_elapsed',
    'time',
    `profile ${service.profile.id} of service ${service.name} has no bound, so time proves nothing`,
  );
}

function early({ service }: Group, sinceMs: number, readyAtMs: number): Offender {
  return {
    service: service.name,
    instance: '',
    cache: '',
    state: 'timed',
    sinceMs,
    detail: `${service.kind}, profile ${service.profile.id}: may lack the new key until ${moment(readyAtMs)}`,
  };
}
