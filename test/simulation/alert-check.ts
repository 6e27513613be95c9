import type { Gate } from '@keyturn/shared/model/verdict.ts';
import { ISSUER } from './issuer.ts';
import type { World } from './world.ts';

/** Alerts that speak against going on, as docs/alerts.md promises. */
const AGAINST: ReadonlySet<string> = new Set([
  'BogusSignatureAccepted',
  'JwksRegressed',
  'NewKeyFailing',
  'VerificationFailures',
]);

const ASKED: ReadonlySet<Gate> = new Set(['activate', 'retire', 'purge']);

/** An open gate against which, by what is on disk, an alert has begun and not ended; null: none. */
export function alertAgainst(world: World, gate: Gate): string | null {
  if (!ASKED.has(gate) || isSetAside(world, gate)) return null;
  for (const { labels, name, status } of world.contents.alerts.values()) {
    if (!AGAINST.has(name) || status === 'pending' || status === 'resolved') continue;
    if (labels.issuer !== undefined && labels.issuer !== ISSUER) continue;
    return `${gate} is open although ${name} is ${status}`;
  }
  return null;
}

/** By a person for a time, or by policy while the old key is tainted. */
function isSetAside({ collector, contents, plan }: World, gate: Gate): boolean {
  if (plan.turns.emergency?.skip.some((check) => check === 'no_alert') === true) return true;
  const nowMs = collector?.engine.nowMs() ?? 0;
  return [...contents.waivers.values()].some(
    (waiver) => waiver.gate === gate && waiver.checkId === 'no_alert' && waiver.expiresAtMs > nowMs,
  );
}
