import type { IssuerPolicy } from './policy.ts';
import type { State } from './state.ts';
import { usageKey } from './state.ts';
import { longestLifetimeMs } from './timing.ts';

/**
 * Tmax of tokens of one kid, milliseconds. Null when it is neither declared nor seen, and as well
 * when accepted tokens of it do not say how long they live and nobody declared it.
 */
export function lifetimeOfKidMs(
  state: Readonly<State>,
  policy: IssuerPolicy,
  kid: string,
): number | null {
  const keys = [...(state.issuers.get(policy.issuer)?.keys.values() ?? [])].filter(
    (record) => record.key.kid === kid,
  );
  const isDeclared =
    policy.maxTokenLifetimeMs !== null || keys.some((record) => record.declaredLifetimeMs !== null);
  const usage = state.usage.get(usageKey(policy.issuer, kid));
  if (!isDeclared && (usage?.acceptedWithoutIat ?? 0) > 0) return null;
  return longestLifetimeMs(policy, state.usage.values(), keys);
}
