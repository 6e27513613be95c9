import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import type { Cohort, Population, ServiceKind } from '../core/kinds.ts';
import type { ProblemList } from './problem-list.ts';
import type { ServiceSettings } from './schema.ts';

const ONLY_UNMANAGED = ['refresh_bound', 'cohorts', 'cover_percentile'] as const;

const BY_REFRESH = ['refresh', 'cooldown', 'new_kid_refused', 'refetches_on_unknown_kid'] as const;

/** The population a service stands for; null for kinds that are none, with misplaced keys refused. */
export function populationOf(
  kind: ServiceKind,
  settings: ServiceSettings,
  facts: { readonly profile: ProfileFacts; readonly coverPercentile: number },
  path: KeyPath,
  problems: ProblemList,
): Population | null {
  if (kind !== 'unmanaged') {
    for (const key of ONLY_UNMANAGED) {
      if (settings[key] === undefined) continue;
      problems.add([...path, key], `expected only with kind unmanaged, got it with kind ${kind}`);
    }
    return null;
  }
  for (const key of BY_REFRESH) {
    if (settings.overrides?.[key] === undefined) continue;
    problems.add(
      [...path, 'overrides', key],
      'expected this left out for kind unmanaged: refresh_bound or cohorts say when new keys arrive',
    );
  }
  return {
    cohorts: cohortsOf(settings, path, problems),
    coverPercentile: settings.cover_percentile ?? facts.coverPercentile,
    dropsWithRefresh: dropsWithRefresh(settings, facts.profile),
  };
}

function cohortsOf(
  { refresh_bound: bound, cohorts }: ServiceSettings,
  path: KeyPath,
  problems: ProblemList,
): readonly Cohort[] {
  if ((bound === undefined) === (cohorts === undefined)) {
    problems.add(
      path,
      bound === undefined
        ? 'expected refresh_bound or cohorts for kind unmanaged, which counts by time alone, got neither'
        : 'expected either refresh_bound or cohorts, got both',
    );
  }
  if (cohorts === undefined) {
    return bound === undefined ? [] : [{ percentile: 100, withinMs: bound }];
  }
  for (const [index, cohort] of cohorts.entries()) {
    const before = cohorts[index - 1];
    if (before === undefined) continue;
    const at = [...path, 'cohorts', index];
    if (cohort.percentile <= before.percentile) {
      problems.add(
        [...at, 'percentile'],
        `expected more than ${before.percentile}, the percentile before, got ${cohort.percentile}`,
      );
    }
    if (cohort.within < before.within) {
      problems.add(
        [...at, 'within'],
        'expected at least the time of the percentile before: a larger share cannot be faster',
      );
    }
  }
  return cohorts.map(({ percentile, within }) => ({ percentile, withinMs: within }));
}

/**
 * A refresh drops what left the JWKS, unless a bound is set for that, or its profile keeps keys or
 * tokens beyond a refresh.
 */
function dropsWithRefresh({ profile: named, overrides }: ServiceSettings, profile: ProfileFacts) {
  if (overrides?.removed_key_accepted !== undefined) return false;
  return named === undefined || (profile.replacesWholeSet && !profile.cachesVerifiedTokens);
}
