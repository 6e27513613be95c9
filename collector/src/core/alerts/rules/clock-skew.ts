import { counted } from '@keyturn/shared/model/counted.ts';
import { AGENT_CLOCK_TOLERANCE_MS } from '../../agent-clocks.ts';
import type { Group, Verifier } from '../../fleet.ts';
import { clockAheadMs, clockToleranceMs } from '../../gates/health.ts';
import type { IssuerPolicy } from '../../policy.ts';
import type { State, VantageState } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import {
  isPartlyUnheard,
  isRequired,
  named,
  type ServiceGroups,
  serviceNoun,
  servicesWatched,
} from '../spoken-of.ts';

/**
 * The collector's clock and an issuer's, or one beside verifiers, are further apart than time rules
 * can stand. Agents say what time it is when they connect, and not again.
 */
export const clockSkew: AlertRule = {
  names: ['ClockSkew'],
  judge(state) {
    const off = offByGroup(state);
    return [
      ...[...state.policy.issuers.values()].flatMap((policy) => ofIssuer(state, policy)),
      ...[...servicesWatched(state)].flatMap((watched) => ofService(state, watched, off) ?? []),
    ];
  },
};

/** Those that are heard and beside which a clock is off, by what they are in. */
function offByGroup({ fleet }: State): ReadonlyMap<Group, readonly Verifier[]> {
  const off = new Map<Group, Verifier[]>();
  for (const verifier of fleet.clocksOff) {
    if (verifier.liveness !== 'reporting') continue;
    for (const group of verifier.groups) {
      const known = off.get(group);
      if (known === undefined) off.set(group, [verifier]);
      else known.push(verifier);
    }
  }
  return off;
}

function ofService(
  state: State,
  watched: ServiceGroups,
  offIn: ReadonlyMap<Group, readonly Verifier[]>,
): Judgement | undefined {
  const { issuer, service, groups } = watched;
  const about = { name: 'ClockSkew', labels: { issuer: issuer.issuer, service } } as const;
  const toleranceMs = Math.max(issuer.skewMs, AGENT_CLOCK_TOLERANCE_MS);
  const off = groups
    .flatMap((group) => offIn.get(group) ?? [])
    .filter(({ clockAheadMs }) => Math.abs(clockAheadMs ?? 0) > toleranceMs);
  if (off.length === 0) {
    return isPartlyUnheard(groups) ? { status: 'unknown', ...about } : undefined;
  }
  const ours = 2 * state.fleet.clocksOff.size > state.fleet.verifiers.size;
  return {
    status: 'present',
    ...about,
    ...(isRequired(watched) ? {} : { severity: 'info' as const }),
    summary: `beside ${counted(off.length, 'verifier')} of ${serviceNoun(watched)} the clock is further from the collector's than the ${toleranceMs / 1_000} s allowed for`,
    details: [
      ...(ours ? ["it is so for most of the fleet: look at the collector's own clock first"] : []),
      ...named(
        off,
        off.length,
        ({ clockAheadMs }) =>
          `was ${Math.round(Math.abs(clockAheadMs ?? 0) / 1_000)} s ${(clockAheadMs ?? 0) > 0 ? 'ahead' : 'behind'} when its agent connected`,
      ),
    ],
  };
}

function ofIssuer(state: State, policy: IssuerPolicy): readonly Judgement[] {
  const vantages = [...(state.issuers.get(policy.issuer)?.vantages.values() ?? [])];
  return vantages.flatMap((vantage) => ofAddress(policy, vantage) ?? []);
}

function ofAddress(policy: IssuerPolicy, vantage: VantageState): Judgement | undefined {
  const about = {
    name: 'ClockSkew',
    labels: { issuer: policy.issuer, address: vantage.url },
  } as const;
  const aheadMs = clockAheadMs(vantage);
  if (aheadMs === null) return { status: 'unknown', ...about };
  if (Math.abs(aheadMs) <= clockToleranceMs(policy)) return undefined;
  return {
    status: 'present',
    ...about,
    summary: `the collector's clock and that of ${vantage.url} are ${inMinutes(aheadMs)} apart, so that time proves nothing`,
    details: [`the collector's is ${aheadMs > 0 ? 'ahead' : 'behind'}`],
  };
}

/** Whole minutes, so that jitter of a fetch is not another sentence every time. */
function inMinutes(ms: number): string {
  return `${Math.round(Math.abs(ms) / 60_000)} min`;
}
