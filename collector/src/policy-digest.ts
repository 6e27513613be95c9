import { createHash } from 'node:crypto';
import type { Policy } from './core/policy.ts';
import { canonicalJson } from './store/canonical-json.ts';

/**
 * SHA-256, hex, of the rules' settings: equal settings give equal digests, so that a record of a
 * decision shows whether the rules were changed since. A policy holds no secrets; operator token and
 * TLS keys are settings of their own. The catalogue's profiles count only where a service uses them.
 */
export function policySha256(policy: Policy): string {
  const { profiles: _, ...rules } = policy;
  return createHash('sha256')
    .update(canonicalJson(plain(rules)))
    .digest('hex');
}

/** Maps as their entries, by key. */
function plain(value: unknown): unknown {
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, unknown>)];
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, plain(one)]);
  }
  if (value instanceof Set) return [...(value as ReadonlySet<unknown>)].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
