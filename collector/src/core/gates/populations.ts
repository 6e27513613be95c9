import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check, Offender } from '@keyturn/shared/model/verdict.ts';
import type { Group } from '../fleet.ts';
import type { Cohort } from '../kinds.ts';
import { coveringCohort, uncoveredPercent } from '../kinds.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { countedFacts } from '../watch.ts';
import { populationMs } from '../timing.ts';
import { fail, pass, unknown } from './check.ts';
import { Offenders, requiredGroups } from './dependents.ts';
import { publishSafetyMs } from './emergency-skip.ts';

const SHARES_NAMED_MAX = 3;

/**
 * Populations nobody can see count by time: now >= Tpub + origin spread + shared caches + the time
 * within which the required share has refreshed + Spub. The share beyond it is named.
 */
export function populationsCovered(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Check {
  const groups = requiredGroups(state, rotation).filter(
    (group) => group.service.population !== null,
  );
  if (groups.length === 0) return pass('population_covered', 'time', 'no population is unmanaged');
  const undeclared = groups.filter((group) => cohortOf(group) === null);
  if (undeclared.length > 0) return notDeclared(undeclared);
  const { publishedAtMs } = countedFacts(state, rotation);
  if (publishedAtMs === null) {
    return unknown(
      'population_covered',
      'time',
      'time counts from publication, which has not been seen',
    );
  }
  return elapsed(state, rotation, groups, publishedAtMs, policy, now);
}

/** Tpub + what the covering cohort takes + Spub, Unix ms; null when no declared share suffices. */
export function populationReadyAtMs(
  state: State,
  rotation: RotationRecord,
  group: Group,
  publishedAtMs: number,
  policy: IssuerPolicy,
): number | null {
  const cohort = cohortOf(group);
  if (cohort === null) return null;
  return publishedAtMs + populationMs(policy, cohort) + publishSafetyMs(state, rotation);
}

/** Until when a removed key may be accepted after withdrawal, milliseconds; null: no bound. */
export function populationDropMs(group: Group, policy: IssuerPolicy): number | null {
  const cohort = cohortOf(group);
  return cohort === null ? null : populationMs(policy, cohort);
}

/** `0.1 % of mobile-app may …`, for each population that is not covered whole; empty when all are. */
export function uncoveredShares(groups: readonly Group[], what: string): string {
  const shares = groups.flatMap((group) => {
    const percent = uncoveredOf(group);
    return percent === 0 ? [] : [`; ${percent} % of ${group.service.name} may ${what}`];
  });
  const more = shares.length - SHARES_NAMED_MAX;
  return `${shares.slice(0, SHARES_NAMED_MAX).join('')}${more > 0 ? `; and ${more} more` : ''}`;
}

function elapsed(
  state: State,
  rotation: RotationRecord,
  groups: readonly Group[],
  publishedAtMs: number,
  policy: IssuerPolicy,
  now: Now,
): Check {
  const waiting = new Offenders();
  let latestMs = 0;
  for (const group of groups) {
    const readyAtMs = populationReadyAtMs(state, rotation, group, publishedAtMs, policy);
    if (readyAtMs !== null && now.earliestMs >= readyAtMs) continue;
    latestMs = Math.max(latestMs, readyAtMs ?? 0);
    waiting.add(early(group, publishedAtMs, readyAtMs ?? 0));
  }
  const shares = uncoveredShares(groups, 'refuse new tokens');
  if (waiting.count > 0) {
    return fail(
      'population_covered',
      'time',
      `${counted(waiting.count, 'unmanaged population')} may lack the new key until ${moment(latestMs)}${shares.replace('; ', '; after that ')}`,
      {
        offenders: waiting.shown,
        offenderCount: waiting.count,
        sinceMs: publishedAtMs,
        clearsAtMs: latestMs,
      },
    );
  }
  const left = groups.filter((group) => uncoveredOf(group) > 0);
  return pass(
    'population_covered',
    'time',
    `long enough published for ${counted(groups.length, 'unmanaged population')}${shares}${reporters(groups)}`,
    { offenders: left.map((group) => remainder(group)), offenderCount: left.length },
  );
}

/** No declared share is as large as the policy asks for: no time proves anything. */
function notDeclared(groups: readonly Group[]): Check {
  const found = new Offenders();
  for (const group of groups) found.add(tooSmall(group));
  const [first] = found.shown;
  return unknown(
    'population_covered',
    'time',
    `${counted(groups.length, 'unmanaged population')} without a bound for the share that must be covered: ${first?.service ?? ''} ${first?.detail ?? ''}`,
    {
      offenders: found.shown,
      offenderCount: found.count,
      help: 'declare a larger percentile under services[].cohorts, or lower cover_percentile',
    },
  );
}

/** Nobody should report as a population; who does is judged by it, and speaks for itself alone. */
function reporters(groups: readonly Group[]): string {
  const heard = groups.find((group) => group.members.size > 0);
  if (heard === undefined) return '';
  return `; somebody reports as ${heard.service.name}, which is declared unmanaged: ${counted(heard.members.size, 'verifier')} in need of a service of their own`;
}

function cohortOf(group: Group): Cohort | null {
  return group.service.population === null ? null : coveringCohort(group.service.population);
}

function uncoveredOf(group: Group): number {
  const cohort = cohortOf(group);
  return cohort === null ? 100 : uncoveredPercent(cohort);
}

function early(group: Group, sinceMs: number, readyAtMs: number): Offender {
  const percentile = cohortOf(group)?.percentile ?? 0;
  return entry(
    group,
    'unmanaged',
    sinceMs,
    `${percentile} % of it have refreshed by ${moment(readyAtMs)}, margins included`,
  );
}

function remainder(group: Group): Offender {
  return entry(group, 'uncovered', null, `${uncoveredOf(group)} % of it may refuse new tokens`);
}

function tooSmall(group: Group): Offender {
  const { population } = group.service;
  const largest = population?.cohorts.at(-1)?.percentile ?? 0;
  return entry(
    group,
    'uncovered',
    null,
    `must be covered to ${population?.coverPercentile ?? 100} %, and its declared cohorts end at ${largest} %`,
  );
}

function entry(group: Group, state: string, sinceMs: number | null, detail: string): Offender {
  return { service: group.service.name, instance: '', cache: '', state, sinceMs, detail };
}
