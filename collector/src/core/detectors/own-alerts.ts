import type { Now, State } from '../state.ts';
import type { IssuerDetectors } from './detectors.ts';
import { calmRateOf, type Comparison, GATHER_MS } from './comparison.ts';
import { allComparisons } from './comparisons.ts';
import { type Excursion, type Firing, recentOf } from './excursion.ts';
import { clearRateOf, type Series } from './series.ts';

/** Verifiers of one issuer with an alert of their own; more of them at once are not single ones. */
const SINGLE_MAX = 20;

/** True when the whole issuer fires, or one kind of its kids over the whole fleet. */
export function firingTop(of: IssuerDetectors): readonly Series[] {
  return [of.fleet, ...Object.values(of.buckets)].filter(({ firing }) => firing !== null);
}

/**
 * Decides which series get an alert of their own: one that nothing above it tells of. What once has
 * its own keeps it until it is over, so that no alert ends because another began.
 */
export function ownAlerts(state: State, now: Now): void {
  const single = new Map<string, number>();
  const tops = new Set<string>();
  for (const of of state.detectors.issuers.values()) {
    if (firingTop(of).length > 0) tops.add(of.issuer);
  }
  const candidates = [...state.detectors.firing].filter(
    (series) => series.firing?.isOwn === true || !isToldAbove(tops, series),
  );
  const byTier = candidates.sort((a, b) => rank(a) - rank(b));
  for (const series of byTier) {
    const { firing, issuer } = series;
    if (firing === null) continue;
    if (series.tier === 'verifier') {
      const count = (single.get(issuer) ?? 0) + (firing.isOwn ? 1 : 0);
      single.set(issuer, count);
    }
    if (firing.isOwn || isToldAbove(tops, series) || !isGoingOn(series, clearRateOf(series), now))
      continue;
    if (series.tier === 'verifier') {
      const count = single.get(issuer) ?? 0;
      if (count >= SINGLE_MAX) continue;
      single.set(issuer, count + 1);
    }
    firing.isOwn = true;
  }
  for (const of of state.detectors.issuers.values()) ownComparisons(of, now);
}

function ownComparisons(of: IssuerDetectors, now: Now): void {
  let single = allComparisons(of).filter((one) => one.verifier !== null && isOwn(one)).length;
  for (const { fleet, holders, services, verifiers } of of.compared.values()) {
    const isWhole = fleet.firing !== null || holders.firing !== null;
    // What is watched apart from the whole, the whole does not tell of.
    const isToldOfAll = (service: string | null): boolean =>
      isWhole && of.services.get(service ?? '')?.above !== null;
    for (const { firing, service } of goingOn(services, now)) {
      if (!isToldOfAll(service)) firing.isOwn = true;
    }
    for (const { firing, service, failedAtMs, calmForMs } of goingOn(verifiers, now)) {
      const isTold = isToldOfAll(service) || services.get(service ?? '')?.firing != null;
      if (firing.isOwn || isTold || single >= SINGLE_MAX) continue;
      // A wider one gathers its tokens from another moment on: it may be about to fire.
      if (now.atMs - firing.atMs < GATHER_MS) continue;
      // And it may have ended a little sooner.
      if (now.atMs - failedAtMs > calmForMs / 2) continue;
      firing.isOwn = true;
      single += 1;
    }
  }
}

type FiringComparison = Comparison & { readonly firing: Firing };

function goingOn(parts: ReadonlyMap<string, Comparison>, now: Now): readonly FiringComparison[] {
  return [...parts.values()].filter(
    (one): one is FiringComparison =>
      one.firing !== null && one.alikeSinceMs === null && isGoingOn(one, calmRateOf(one), now),
  );
}

function isOwn({ firing }: Excursion): boolean {
  return firing?.isOwn === true;
}

// When the whole is over, a part that is on its way down has nothing of its own to tell.
function isGoingOn(excursion: Excursion, calmRate: number, now: Now): boolean {
  const { failures, tokens } = recentOf(excursion, now.atMs);
  return tokens > 0 && failures / tokens >= calmRate;
}

function isToldAbove(tops: ReadonlySet<string>, { issuer, tier, above }: Series): boolean {
  if (tier === 'issuer' || tier === 'bucket') return false;
  const isPart = above !== null && (above.tier === 'issuer' || above.above !== null);
  if (isPart && tops.has(issuer)) return true;
  return tier === 'verifier' && above?.firing != null;
}

function rank({ tier, firing }: Series): number {
  const order = { issuer: 0, bucket: 1, service: 2, verifier: 3 }[tier];
  return order * 2 + (firing?.isOwn === true ? 0 : 1);
}
