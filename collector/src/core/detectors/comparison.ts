import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { type Excursion, fire, move, noteReason, recentOf, restingExcursion } from './excursion.ts';
import { RATIO } from './parameters.ts';

/** Two arms with fewer tokens than this are gathered further. */
const ARM_MIN = 8;

/** But no longer than this where each has some. */
export const GATHER_MS = 10_000;

/** What one arm lacked for this long is not of the same moment any more. */
const SAME_MOMENT_MS = 300_000;

/** As many failures in the arm that is tried, at least. */
const FAILURES_MIN = 3;

/** `key`: tokens of the new key against those of the old. `holders`: new tokens at verifiers without the key against those with it. */
export type ComparisonKind = 'key' | 'holders';

/**
 * Failures of two arms at the same moment (Kayenta's principle): given how many there are, the share
 * of the tried arm says whether it fails more often, whatever else goes up and down for both.
 */
export interface Comparison extends Excursion {
  readonly kind: ComparisonKind;
  readonly issuer: string;
  readonly rotationId: string;
  /** Null: over the whole fleet. */
  readonly service: string | null;
  /** Key of the one verifier; null: over all of them. */
  readonly verifier: string | null;
  tried: { failures: number; tokens: number };
  control: { failures: number; tokens: number };
  openedAtMs: number;
  /** When both arms last had tokens at the same moment; null: never, so that nothing can be said. */
  comparedAtMs: number | null;
  /** Since when, as often as both were compared, the tried arm has failed no more often; null: it does, or nobody knows. */
  alikeSinceMs: number | null;
  /** When tokens of the control arm were last gathered. */
  controlAtMs: number;
}

export function createComparison(
  id: string,
  of: Pick<Comparison, 'kind' | 'issuer' | 'rotationId' | 'service' | 'verifier' | 'calmForMs'>,
  nowMs: number,
): Comparison {
  return {
    ...restingExcursion(id, of.calmForMs),
    ...of,
    tried: { failures: 0, tokens: 0 },
    control: { failures: 0, tokens: 0 },
    openedAtMs: nowMs,
    comparedAtMs: null,
    alikeSinceMs: null,
    controlAtMs: 0,
  };
}

export function addToArm(
  comparison: Comparison,
  arm: 'tried' | 'control',
  failures: number,
  tokens: number,
  reasons: readonly (readonly [Outcome, number])[],
): void {
  comparison[arm].failures += failures;
  comparison[arm].tokens += tokens;
  if (arm !== 'tried') return;
  for (const [outcome, times] of reasons) noteReason(comparison, outcome, times);
}

/** Compares what was gathered, where that is enough. */
export function compare(comparison: Comparison, h: number, nowMs: number): void {
  const { tried, control } = comparison;
  if (control.tokens > 0) comparison.controlAtMs = nowMs;
  const gatheredMs = nowMs - comparison.openedAtMs;
  const fewest = Math.min(tried.tokens, control.tokens);
  const isEnough = fewest >= ARM_MIN || (fewest > 0 && gatheredMs >= GATHER_MS);
  // A firing one goes on without the old key's tokens: new ones alone show that it is over.
  const isAlone = comparison.firing !== null && tried.tokens > 0 && gatheredMs >= GATHER_MS;
  if (!isEnough && !isAlone && gatheredMs < SAME_MOMENT_MS) return;
  if (isEnough || isAlone) weigh(comparison, isEnough, h, nowMs);
  if (comparison.score === 0 && comparison.firing === null) comparison.reasons = null;
  comparison.tried = { failures: 0, tokens: 0 };
  comparison.control = { failures: 0, tokens: 0 };
  comparison.openedAtMs = nowMs;
}

/** Nothing is gathered, and nothing is remembered of what was. */
export function isAtRest({ score, firing, tried, control }: Comparison): boolean {
  return score === 0 && firing === null && tried.tokens === 0 && control.tokens === 0;
}

/**
 * Whether both arms have failed alike for `calmForMs`, all of it after `fromMs`. Other things may fail
 * all the time, for both keys, so that no rate of the tried arm alone would ever say so. Where nearly
 * everything fails nothing could fail `RATIO` times as often, and likeness shows nothing.
 */
export function isAlike(comparison: Comparison, fromMs: number | null, nowMs: number): boolean {
  const { alikeSinceMs, comparedAtMs, calmForMs } = comparison;
  if (alikeSinceMs === null || comparedAtMs === null || fromMs === null) return false;
  const { failures, tokens } = recentOf(comparison, nowMs);
  const isTelling = tokens > 0 && failures <= tokens / RATIO;
  return isTelling && comparedAtMs - Math.max(alikeSinceMs, fromMs) >= calmForMs;
}

/** Below this rate of the tried arm over `calmForMs`, it is calm. */
export function calmRateOf(comparison: Comparison): number {
  return Math.max(0.001, comparison.rate / 8);
}

/** S + x_new ln(π1/π0) + x_old ln((1−π1)/(1−π0)), π0 the tried arm's share of the tokens. */
function weigh(comparison: Comparison, isEnough: boolean, h: number, nowMs: number): void {
  const { tried, control } = comparison;
  if (isEnough) comparison.comparedAtMs = nowMs;
  const share = tried.tokens / (tried.tokens + control.tokens);
  const raised = (RATIO * tried.tokens) / (RATIO * tried.tokens + control.tokens);
  const likelihood =
    tried.failures * Math.log(raised / share) +
    (control.failures === 0 ? 0 : control.failures * Math.log((1 - raised) / (1 - share)));
  if (likelihood === 0 && comparison.score === 0 && comparison.firing === null) return;
  move(comparison, likelihood, 2 * h, tried, nowMs);
  if (!isEnough) {
    if (tried.failures > 0) comparison.alikeSinceMs = null;
  } else if (comparison.score > h / 4) comparison.alikeSinceMs = null;
  else comparison.alikeSinceMs ??= nowMs;
  const isDue = comparison.score >= h && comparison.failures >= FAILURES_MIN;
  if (isDue && comparison.firing === null) fire(comparison, comparison.rotationId, nowMs);
}
