import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { OutcomeRow } from '../counts.ts';
import type { Verifier } from '../fleet.ts';
import { isPositive } from '../gates/dependents.ts';
import { leaseMs } from '../policy.ts';
import { canariesAtMost } from '../probes/canary-use.ts';
import type { HeldCounts } from '../records.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { addToArm } from './comparison.ts';
import { comparisonsOf, serviceComparison, verifierComparison } from './comparisons.ts';
import {
  type IssuerDetectors,
  serviceSeries,
  verifierSeries,
  type WatchedBucket,
} from './detectors.ts';
import { keepSeries } from './keep.ts';
import { countsAgainstKeys, KID_FACTS_MAX, type KidFacts, kidFacts } from './kid-facts.ts';
import { addToBin, type Series, type Span } from './series.ts';
import { noteStranger } from './strangers.ts';

/** What a newer row of one verifier adds, as detectors see it. */
interface More {
  /** Tokens that might have been accepted. */
  readonly tokens: number;
  readonly accepted: boolean;
  /** Refused for a reason keys cause. */
  readonly failures: number;
  readonly reasons: readonly (readonly [Outcome, number])[];
  /** Refused for any reason that has nothing to do with a token's age. */
  readonly refused: number;
  readonly refusals: readonly (readonly [Outcome, number])[];
}

const NONE: readonly (readonly [Outcome, number])[] = [];

/** Takes what a newer row counts into every series it belongs to. */
export function noteOutcomes(
  state: State,
  verifier: Verifier,
  row: HeldCounts,
  previous: OutcomeRow | undefined,
  sinceMs: number | null,
  now: Now,
  writes: Write[],
): void {
  const of = state.detectors.issuers.get(row.issuer);
  if (of === undefined || isHistory(state, verifier, now)) return;
  const facts = factsOf(state, of, row, now);
  const counted = moreOf(row, previous, facts, verifier.record.source === 'in_process');
  if (counted.tokens === 0) return;
  const more =
    counted.refused === 0
      ? counted
      : withoutCanaries(counted, canariesAtMost(state, verifier, row.issuer, sinceMs, now));
  const span = { sinceMs, untilMs: now.atMs, leaseMs: leaseMs(state.policy) };
  if (!facts.isOurs) {
    add(state, of.foreign, more.refused, more.tokens, NONE, span);
    const mayBeAdopted = row.key.kind === 'kid' && countsForAll(state, verifier);
    if (mayBeAdopted) noteStranger(of, row.key.kid, more, now.atMs);
    return;
  }
  add(state, of.foreign, 0, more.tokens, NONE, span);
  if (more.accepted) of.acceptedAtMs = now.atMs;
  if (facts.isSpent) return;
  for (const series of seriesOf(state, of, verifier, facts, more.failures > 0, now)) {
    add(state, series, more.failures, more.tokens, more.reasons, span);
    if (more.failures > 0) keepSeries(series, now.atMs, writes);
  }
  noteArms(state, of, verifier, facts, more, now);
}

/** What never blocks by its evidence is watched by itself, so that an alert of the whole is no word of it. */
function countsForAll({ detectors }: State, { record }: Verifier): boolean {
  return !detectors.apart.has(record.id.service);
}

/**
 * Who is heard of for the first time just after the collector's own start may have counted for weeks:
 * that is history. Everybody else's first report is of a process that has just begun.
 */
function isHistory(state: State, { record }: Verifier, now: Now): boolean {
  return (
    record.observedAtMs === null &&
    record.firstSeenAtMs >= state.health.startedAtMs &&
    now.atMs < state.health.holdDownUntilMs
  );
}

function factsOf(state: State, of: IssuerDetectors, row: HeldCounts, now: Now): KidFacts {
  const name = row.key.kind === 'kid' ? row.key.kid : `\u0000${row.key.kind}`;
  const known = of.kids.get(name);
  if (known !== undefined) return known;
  const facts = kidFacts(state, of.issuer, row.key, now);
  if (of.kids.size < KID_FACTS_MAX) of.kids.set(name, facts);
  return facts;
}

function moreOf(
  row: OutcomeRow,
  previous: OutcomeRow | undefined,
  facts: KidFacts,
  looksIntoTokens: boolean,
): More {
  let tokens = 0;
  let reasons: [Outcome, number][] | undefined;
  let refusals: [Outcome, number][] | undefined;
  for (const outcome of Object.keys(row.outcomes) as Outcome[]) {
    const more = (row.outcomes[outcome] ?? 0) - (previous?.outcomes[outcome] ?? 0);
    if (more <= 0 || outcome === 'malformed') continue;
    tokens += more;
    if (outcome === 'ok' || isOfAge(outcome)) continue;
    (refusals ??= []).push([outcome, more]);
    if (countsAgainstKeys(facts, outcome, looksIntoTokens)) (reasons ??= []).push([outcome, more]);
  }
  return {
    tokens,
    accepted: (row.outcomes.ok ?? 0) > (previous?.outcomes.ok ?? 0),
    failures: sum(reasons),
    reasons: reasons ?? NONE,
    refused: sum(refusals),
    refusals: refusals ?? NONE,
  };
}

function withoutCanaries(more: More, canaries: number): More {
  if (canaries === 0) return more;
  const failures = Math.max(0, more.failures - canaries);
  return { ...more, failures, refused: Math.max(0, more.refused - canaries) };
}

// Tokens of the new key are young and those of the old one are not: their ages tell them apart, and
// would say that one key fails.
function isOfAge(outcome: Outcome): boolean {
  return (
    outcome === 'expired' || outcome === 'not_yet_valid' || outcome === 'unknown_kid_expired_token'
  );
}

function seriesOf(
  state: State,
  of: IssuerDetectors,
  verifier: Verifier,
  { bucket }: KidFacts,
  fails: boolean,
  now: Now,
): readonly Series[] {
  const { service } = verifier.record.id;
  const all: Series[] = [];
  const ofBucket = of.buckets[bucket as WatchedBucket];
  if (countsForAll(state, verifier))
    all.push(of.fleet, ...(ofBucket === undefined ? [] : [ofBucket]));
  const ofService = serviceSeries(state.detectors, of, service, now.atMs);
  if (ofService !== undefined) all.push(ofService);
  const ofVerifier = fails
    ? verifierSeries(of, verifier.key, service)
    : of.verifiers.size === 0
      ? undefined
      : of.verifiers.get(verifier.key);
  if (ofVerifier !== undefined) all.push(ofVerifier);
  return all;
}

function noteArms(
  state: State,
  of: IssuerDetectors,
  verifier: Verifier,
  { rotationId, role }: KidFacts,
  more: More,
  now: Now,
): void {
  if (rotationId === null || role === null) return;
  const compared = comparisonsOf(of, rotationId, now.atMs);
  if (compared === undefined) return;
  const { service } = verifier.record.id;
  const arm = role === 'new' ? 'tried' : 'control';
  const forAll = countsForAll(state, verifier);
  if (forAll) addToArm(compared.fleet, arm, more.refused, more.tokens, more.refusals);
  const ofService = serviceComparison(of, compared, service, now.atMs);
  if (ofService !== undefined) addToArm(ofService, arm, more.refused, more.tokens, more.refusals);
  // Only a refused token of the new key raises a score that is at rest.
  const ofVerifier =
    role === 'new' && more.refused > 0
      ? verifierComparison(state.detectors, of, compared, { key: verifier.key, service }, now.atMs)
      : compared.verifiers.get(verifier.key);
  if (ofVerifier !== undefined) addToArm(ofVerifier, arm, more.refused, more.tokens, more.refusals);
  const holds = role === 'new' ? verifier.standings.get(rotationId)?.holdsNew : undefined;
  if (holds === undefined || !forAll) return;
  const side = isPositive(holds) ? 'control' : 'tried';
  addToArm(compared.holders, side, more.failures, more.tokens, more.reasons);
}

function add(
  state: State,
  series: Series,
  failures: number,
  tokens: number,
  reasons: More['reasons'],
  span: Span,
): void {
  addToBin(series, failures, tokens, reasons, span);
  if (series.isOpen) return;
  series.isOpen = true;
  state.detectors.open.push(series);
}

function sum(rows: readonly (readonly [Outcome, number])[] | undefined): number {
  if (rows === undefined) return 0;
  let total = 0;
  for (const [, times] of rows) total += times;
  return total;
}
