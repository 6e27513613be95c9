import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { leaseMs } from '../policy.ts';
import { isKnownKid } from '../usage.ts';
import type { Write } from '../writes.ts';
import { allComparisons } from './comparisons.ts';
import { coverageOf, isDeserted } from './coverage.ts';
import { type IssuerDetectors, WATCHED_BUCKETS, type WatchedBucket } from './detectors.ts';
import { isOver, recentOf, resolve } from './excursion.ts';
import { dropSeries, isForgettable, keepIfMoved, keepSeries } from './keep.ts';
import { kidFacts } from './kid-facts.ts';
import { ownAlerts } from './own-alerts.ts';
import { threshold, VERIFIER_DETECTORS } from './parameters.ts';
import { addToBin, clearRateOf, closeBin, type Series, type Tier } from './series.ts';
import { takeKnown } from './strangers.ts';
import { watchComparisons } from './watch-comparisons.ts';

/** Baselines written at one time; they change by the hour, so the rest can wait. */
const WRITES_AT_ONCE = 200;

/** Looks in which every firing verifier is looked at once. */
const VERIFIERS_EVERY = 10;

/** Ends the bin that is open and looks at what it brought. Called at every tick. */
export function watchSeries(state: State, now: Now, writes: Write[]): void {
  const { detectors } = state;
  const bin = Math.floor(now.atMs / detectors.binMs);
  if (bin === detectors.bin) return;
  detectors.bin = bin;
  const inMotion = openByIssuer(state);
  for (const of of detectors.issuers.values()) {
    of.kids.clear();
    adoptStrangers(state, of, now);
  }
  const thresholds = thresholdsOf(state);
  closeBins(state, thresholds, inMotion, now, writes);
  detectors.looks += 1;
  let at = detectors.looks;
  for (const series of detectors.firing) {
    at += 1;
    // Verifiers may be many; a few seconds more are nothing to what has to be calm for minutes.
    if (series.tier === 'verifier' && at % VERIFIERS_EVERY !== 0) continue;
    lookWhetherOver(state, series, thresholds, now, writes);
  }
  watchComparisons(state, now, writes);
  ownAlerts(state, now);
  writeBaselines(state, now, writes);
}

/** After a pause nothing has been looked at for a while: the time that has to be calm begins anew. */
export function forgetCoverage(state: State): void {
  for (const { firing } of state.detectors.firing)
    if (firing !== null) firing.coveredSinceMs = null;
  for (const of of state.detectors.issuers.values()) {
    for (const { firing } of allComparisons(of)) {
      if (firing !== null) firing.coveredSinceMs = null;
    }
  }
}

/** Forgets verifiers that are gone, and what is of no use any more. */
export function sweepSeries(state: State, now: Now, writes: Write[]): void {
  for (const of of state.detectors.issuers.values()) {
    for (const [key, series] of of.verifiers) {
      const liveness = state.fleet.verifiers.get(key)?.liveness ?? 'departed';
      if (liveness === 'departed' || isForgettable(series, now.atMs)) {
        forgetVerifier(state, of, series, now, writes);
      }
    }
  }
}

function closeBins(
  state: State,
  thresholds: Readonly<Record<Tier, number>>,
  inMotion: ReadonlyMap<string, readonly RotationRecord[]>,
  now: Now,
  writes: Write[],
): void {
  const { open, firing, unwritten } = state.detectors;
  for (const series of open.splice(0)) {
    const rotations = inMotion.get(series.issuer) ?? [];
    const only = rotations.length === 1 ? (rotations[0]?.id ?? null) : null;
    const wasFiring = series.firing !== null;
    const h = thresholds[series.tier];
    if (closeBin(series, h, now.atMs, rotations.length > 0, only)) unwritten.add(series);
    if (series.firing !== null && !wasFiring) {
      firing.add(series);
      keepSeries(series, now.atMs, writes);
    } else keepIfMoved(series, now.atMs, writes);
    const of = state.detectors.issuers.get(series.issuer);
    if (of !== undefined && series.tier === 'verifier' && isForgettable(series, now.atMs)) {
      forgetVerifier(state, of, series, now, writes);
    }
  }
}

function lookWhetherOver(
  state: State,
  series: Series,
  thresholds: Readonly<Record<Tier, number>>,
  now: Now,
  writes: Write[],
): void {
  const of = state.detectors.issuers.get(series.issuer);
  if (of === undefined || series.firing === null) return;
  // Who said goodbye, or was removed by somebody, fails no more.
  const isGone =
    series.tier === 'verifier' &&
    (state.fleet.verifiers.get(series.name)?.liveness ?? 'departed') === 'departed';
  if (isGone) return forgetVerifier(state, of, series, now, writes);
  const deserted = isDeserted(state, series);
  const looks = {
    h: thresholds[series.tier],
    clearRate: clearRateOf(series),
    coverage: deserted ? 1 : coverageOf(state, series),
    goesWithout: deserted || (series.tier === 'bucket' && isCalmElsewhere(of, series, now)),
  };
  if (!isOver(series as Series & { firing: NonNullable<Series['firing']> }, looks, now.atMs))
    return;
  resolve(series, now.atMs);
  state.detectors.firing.delete(series);
  keepSeries(series, now.atMs, writes);
}

/** A kid that nobody signs with any more shows nothing; that all other tokens pass, and no one of it fails, does. */
function isCalmElsewhere(of: IssuerDetectors, series: Series, now: Now): boolean {
  const isCalm = of.fleet.firing === null && recentOf(series, now.atMs).failures === 0;
  return isCalm && now.atMs - of.acceptedAtMs < of.calmForMs;
}

function adoptStrangers(state: State, of: IssuerDetectors, now: Now): void {
  const isKnown = (kid: string): boolean => isKnownKid(state, of.issuer, kid);
  for (const [kid, stranger] of takeKnown(of, isKnown, now.atMs)) {
    const { bucket } = kidFacts(state, of.issuer, { kind: 'kid', kid }, now);
    const span = { sinceMs: stranger.sinceMs, untilMs: now.atMs, leaseMs: leaseMs(state.policy) };
    const { failures, tokens } = stranger;
    for (const series of [of.fleet, of.buckets[bucket as WatchedBucket]]) {
      if (series === undefined) continue;
      addToBin(series, failures, tokens, [...stranger.reasons], span);
      if (!series.isOpen) state.detectors.open.push(series);
      series.isOpen = true;
    }
  }
}

function forgetVerifier(
  state: State,
  of: IssuerDetectors,
  series: Series,
  now: Now,
  writes: Write[],
): void {
  of.verifiers.delete(series.name);
  state.detectors.firing.delete(series);
  if (series.writtenScore !== null) dropSeries(series, now.atMs, writes);
}

function thresholdsOf(state: State): Readonly<Record<Tier, number>> {
  const { issuers, services, binMs } = state.detectors;
  return {
    issuer: threshold(issuers.size, binMs),
    bucket: threshold(issuers.size * WATCHED_BUCKETS.length, binMs),
    service: threshold(services, binMs),
    verifier: threshold(VERIFIER_DETECTORS * state.fleet.verifiers.size, binMs),
  };
}

function openByIssuer(state: State): ReadonlyMap<string, readonly RotationRecord[]> {
  const open = new Map<string, RotationRecord[]>();
  for (const rotation of state.rotations.values()) {
    if (rotation.endedAtMs !== null) continue;
    const known = open.get(rotation.issuer);
    if (known === undefined) open.set(rotation.issuer, [rotation]);
    else known.push(rotation);
  }
  return open;
}

function writeBaselines(state: State, now: Now, writes: Write[]): void {
  let written = 0;
  for (const series of state.detectors.unwritten) {
    if (written >= WRITES_AT_ONCE) return;
    state.detectors.unwritten.delete(series);
    keepSeries(series, now.atMs, writes);
    written += 1;
  }
}
