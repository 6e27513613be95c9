import { moment } from '@keyturn/shared/model/moment.ts';
import { staleSightingMs } from '../../gates/health.ts';
import type { IssuerPolicy } from '../../policy.ts';
import type { Now, State, VantageState } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/** An address of a JWKS that cannot be read or used, or of which no answer came at all. */
export const jwksUnreachable: AlertRule = {
  names: ['JwksUnreachable'],
  judge: (state, now) =>
    [...state.policy.issuers.values()].flatMap((policy) =>
      [...(state.issuers.get(policy.issuer)?.vantages.values() ?? [])].flatMap(
        (vantage) => judgeAddress(state, policy, vantage, now) ?? [],
      ),
    ),
};

function judgeAddress(
  state: State,
  policy: IssuerPolicy,
  vantage: VantageState,
  now: Now,
): Judgement | undefined {
  const about = {
    name: 'JwksUnreachable',
    labels: { issuer: policy.issuer, address: vantage.url },
  } as const;
  const { latest, failingSinceMs } = vantage;
  const lookedAtMs = latest?.atMs ?? state.health.startedAtMs;
  if (now.atMs - lookedAtMs > staleSightingMs(policy)) {
    const summary = `the JWKS of ${policy.issuer} at ${vantage.url} was not read since ${moment(lookedAtMs)}: no fetch of it has ended`;
    return { status: 'present', ...about, summary };
  }
  if (latest === null) return { status: 'unknown', ...about };
  const { result } = latest.sighting;
  // What is too large was reached.
  if (result.ok || result.error === 'too_large') return undefined;
  return {
    status: 'present',
    ...about,
    // A private key that is published is known to everybody who looked.
    ...(result.error === 'private_members' ? { severity: 'critical' as const } : {}),
    summary: `the JWKS of ${policy.issuer} at ${vantage.url} cannot be used since ${moment(failingSinceMs ?? latest.atMs)}`,
    details: [result.message],
  };
}
