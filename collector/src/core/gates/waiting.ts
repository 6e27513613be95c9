import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Group } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { countedFacts } from '../watch.ts';
import type { Words } from './attested.ts';
import { expiresSoon, vouchersOf, wordsInForce } from './attested.ts';
import {
  addUnheard,
  contradicting,
  hasFullEvidence,
  Offenders,
  tooWeak,
  waysOf,
} from './dependents.ts';
import { timedReadyAtMs, waitsForTime } from './elapsed.ts';
import { populationReadyAtMs } from './populations.ts';

/**
 * What one service is waited for before it counts as knowing the new key, in short phrases; empty:
 * nothing. For reading only: the gate decides, by the same rules over all services.
 */
export function waitingFor(
  state: State,
  group: Group,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): readonly string[] {
  const lacking = contradicting(group, rotation).reduce((sum, [, found]) => sum + found.size, 0);
  const contradicted = lacking === 0 ? [] : [`${counted(lacking, 'verifier')} lacking it`];
  const words = wordsInForce(state, rotation, 'holds_new', now);
  const { publishedAtMs } = countedFacts(state, rotation);
  const untilMs = (readyAtMs: number | null): string[] =>
    readyAtMs === null
      ? ['a bound, and none is known']
      : now.earliestMs >= readyAtMs
        ? []
        : [`time, until ${moment(readyAtMs)}`];
  switch (waysOf(group, rotation)) {
    case 'evidence':
      return evidence(group, rotation);
    case 'attested':
      return [...word(group, rotation, words, now), ...contradicted];
    case 'timed':
      if (!waitsForTime(group, rotation, words)) {
        return [...renewal(group, words, now), ...contradicted];
      }
      if (publishedAtMs === null) return ['publication of the new key'];
      return [
        ...untilMs(timedReadyAtMs(state, rotation, group, publishedAtMs, policy)),
        ...contradicted,
      ];
    case 'population':
      if (publishedAtMs === null) return ['publication of the new key'];
      return [
        ...untilMs(populationReadyAtMs(state, rotation, group, publishedAtMs, policy)),
        ...contradicted,
      ];
  }
}

function evidence(group: Group, rotation: RotationRecord): readonly string[] {
  const weak = tooWeak(group, rotation).reduce((sum, [, verifiers]) => sum + verifiers.size, 0);
  const unheard = new Offenders();
  addUnheard(group, rotation, unheard);
  return [
    ...(weak > 0 ? [`${counted(weak, 'verifier')} without evidence`] : []),
    ...(unheard.count > 0 ? [`${counted(unheard.count, 'verifier')} not heard`] : []),
  ];
}

function word(group: Group, rotation: RotationRecord, words: Words, now: Now): readonly string[] {
  if (vouchersOf(words, group) !== null) return renewal(group, words, now);
  return hasFullEvidence(group, rotation) ? [] : ['the word of a named person'];
}

function renewal(group: Group, words: Words, now: Now): readonly string[] {
  const ending = (vouchersOf(words, group) ?? []).filter((voucher) => expiresSoon(voucher, now));
  const [first] = ending.toSorted((a, b) => a.expiresAtMs - b.expiresAtMs);
  if (first === undefined) return [];
  return [`the word of ${first.by} again, before ${moment(first.expiresAtMs)}`];
}
