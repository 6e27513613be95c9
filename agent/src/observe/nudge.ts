import type { JoseSet } from './jose-set.ts';
import type { ObserverContext } from './verifier.ts';

/** How often it is looked whether a watched key is missing. */
const LOOK_MS = 1_000;
/** A nudge arms the verifier's own cooldown, so nudges keep at least twice that apart. */
const APART_MIN_MS = 60_000;
const APART_MAX_MS = 600_000;
/** A whole fleet learns of a new key at once; its nudges must not arrive at once. */
const SPREAD_MS = 5_000;

/**
 * Makes an idle, lazy cache fetch: when the collector watches a key that the live set lacks, the set
 * is reloaded, so that a verifier without traffic can show that it has the key. Off the request path,
 * at growing distances while it does not help, and while the endpoint fails only when nobody has
 * tried it for the longest of them.
 */
export function startNudging(
  set: JoseSet,
  cooldownMs: number,
  context: ObserverContext,
  random: () => number,
): () => void {
  const apartMs = Math.max(APART_MIN_MS, Number.isFinite(cooldownMs) ? 2 * cooldownMs : 0);
  let waitMs = apartMs;
  let missingBefore = '';
  let nextAtMs = 0;
  let cancel: (() => void) | undefined;

  const look = () => {
    const missing = missingOf(set);
    const nowMs = context.clock.monotonicMs();
    if (missing !== missingBefore) {
      missingBefore = missing;
      waitMs = apartMs;
      nextAtMs = Math.max(nextAtMs, nowMs + random() * SPREAD_MS);
    }
    const target = set.set;
    if (missing === '' || nowMs < nextAtMs || target === undefined || target.reloading) return;
    if (set.isFailing && nowMs < (set.attemptAtMs ?? -Infinity) + APART_MAX_MS) return;
    nextAtMs = nowMs + waitMs;
    waitMs = Math.min(APART_MAX_MS, waitMs * 2);
    // A failure is told by the watched fetch already.
    target.reload().catch(() => undefined);
  };
  const again = () => {
    cancel = context.clock.after(LOOK_MS, () => {
      context.events.guard('jose.nudge', look);
      again();
    });
  };
  again();
  return () => {
    cancel?.();
  };
}

function missingOf(set: JoseSet): string {
  return [...set.issuers]
    .flatMap((issuer) => set.verifier.ledger.missing(issuer).map((kid) => `${issuer} ${kid}`))
    .join('\n');
}
