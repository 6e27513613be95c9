import { clockAheadMs, clockToleranceMs } from '../../gates/health.ts';
import type { IssuerPolicy } from '../../policy.ts';
import type { State, VantageState } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/** The collector's clock and an issuer's are further apart than time rules can stand. */
export const clockSkew: AlertRule = {
  names: ['ClockSkew'],
  judge: (state) => [...state.policy.issuers.values()].flatMap((policy) => ofIssuer(state, policy)),
};

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
