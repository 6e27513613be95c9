import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { addRecent, emptyRecent, type Recent, sumRecent } from './recent.ts';
import { COVERAGE_MIN } from './parameters.ts';

/** What is so much rarer than before is over. */
const CALMER = 8;

/** What does not fire is forgotten when nothing has failed for this long. */
const APART_MS = 2 * 3_600_000;

/** Since a detector of a series fired. */
export interface Firing {
  readonly atMs: number;
  /** The one rotation of the issuer that was open then; it names the alert while it lasts. */
  readonly rotationId: string | null;
  /** False: what fires above it tells of it. Once it has an alert of its own, it keeps it. */
  isOwn: boolean;
  /** Since when enough of its verifiers report; null: they do not, or nobody looked yet. */
  coveredSinceMs: number | null;
  /** It is on, but what was seen lately cannot confirm it. */
  isUnknown: boolean;
  /** What was last said of it: kept a while, so that not every second has its own sentence. */
  told: {
    readonly atMs: number;
    readonly summary: string;
    readonly details: readonly string[];
  } | null;
}

/** A CUSUM score above zero and what it was made of. At zero it has nothing but zeros. */
export interface Excursion {
  /** Canonical text: what is watched and how. */
  readonly id: string;
  /** How long it has to be calm before it is over, milliseconds. */
  readonly calmForMs: number;
  score: number;
  /** Since the score left zero. */
  failures: number;
  tokens: number;
  sinceMs: number;
  /** When it last had a failure. */
  failedAtMs: number;
  /** Failures per token up to the last failure. */
  rate: number;
  /** While it fires: how much speaks for its end, as a score of its own. */
  calm: number;
  /** Failures by reason, since the score left zero. */
  reasons: Map<Outcome, number> | null;
  recent: Recent | null;
  firing: Firing | null;
  /** When it was last over; what happened before that is not news. */
  resolvedAtMs: number | null;
  /** The score as on record; null: there is no record. */
  writtenScore: number | null;
}

export function restingExcursion(id: string, calmForMs: number): Excursion {
  return {
    id,
    calmForMs,
    score: 0,
    failures: 0,
    tokens: 0,
    sinceMs: 0,
    failedAtMs: 0,
    rate: 0,
    calm: 0,
    reasons: null,
    recent: null,
    firing: null,
    resolvedAtMs: null,
    writtenScore: null,
  };
}

/**
 * Moves the score by one bin. `cap`: what it never exceeds, so that an end is not seen hours late.
 * Gives true when it is above zero.
 */
export function move(
  excursion: Excursion,
  by: number,
  cap: number,
  bin: { readonly failures: number; readonly tokens: number },
  nowMs: number,
): boolean {
  const wasAtRest = excursion.score === 0 && excursion.firing === null;
  const score = Math.min(cap, Math.max(0, excursion.score + by));
  if (score === 0 && excursion.firing === null) {
    rest(excursion);
    return false;
  }
  if (wasAtRest) excursion.sinceMs = nowMs;
  excursion.score = score;
  excursion.failures += bin.failures;
  excursion.tokens += bin.tokens;
  if (bin.failures > 0) {
    excursion.failedAtMs = nowMs;
    excursion.rate = Math.min(1, excursion.failures / excursion.tokens);
  }
  if (excursion.firing !== null) calmDown(excursion, bin);
  excursion.recent ??= emptyRecent(excursion.calmForMs, nowMs);
  addRecent(excursion.recent, bin.failures, bin.tokens, nowMs);
  return true;
}

/**
 * The same test the other way round: tokens at an eighth of the rate it fired at, against its going
 * on. At low rates the first score takes thousands of good tokens to come down; this one says as much
 * after those in which some failures would have been.
 */
function calmDown(
  excursion: Excursion,
  bin: { readonly failures: number; readonly tokens: number },
): void {
  const by = bin.tokens * excursion.rate * (1 - 1 / CALMER) - bin.failures * Math.log(CALMER);
  excursion.calm = Math.max(0, excursion.calm + by);
}

/**
 * Whether a firing excursion is over: its score is down or that for its end is up, the rate since `calmForMs` ago is below
 * `clearRate`, and for as long enough verifiers have reported. Tokens that nobody presented show
 * nothing; `goesWithout` says that for other reasons they are not missed.
 */
export function isOver(
  excursion: Excursion & { readonly firing: Firing },
  looks: {
    readonly h: number;
    readonly clearRate: number;
    readonly coverage: number;
    readonly goesWithout: boolean;
  },
  nowMs: number,
): boolean {
  const { firing } = excursion;
  const recent = recentOf(excursion, nowMs);
  const isCovered = looks.coverage >= COVERAGE_MIN;
  firing.coveredSinceMs = isCovered ? (firing.coveredSinceMs ?? nowMs) : null;
  firing.isUnknown = recent.failures === 0 && (!isCovered || recent.tokens === 0);
  const { coveredSinceMs } = firing;
  const isSeen = coveredSinceMs !== null && nowMs - coveredSinceMs >= excursion.calmForMs;
  if (!isSeen) return false;
  if (recent.tokens === 0) return looks.goesWithout;
  if (recent.failures / recent.tokens >= looks.clearRate) return false;
  const isDown = excursion.score <= looks.h / 4 || excursion.calm >= looks.h / 4;
  return isDown || looks.goesWithout;
}

export function recentOf(
  excursion: Excursion,
  nowMs: number,
): { failures: number; tokens: number } {
  return excursion.recent === null
    ? { failures: 0, tokens: 0 }
    : sumRecent(excursion.recent, nowMs);
}

export function fire(excursion: Excursion, rotationId: string | null, nowMs: number): void {
  excursion.firing = {
    atMs: nowMs,
    rotationId,
    isOwn: false,
    coveredSinceMs: null,
    isUnknown: false,
    told: null,
  };
}

export function resolve(excursion: Excursion, nowMs: number): void {
  excursion.firing = null;
  excursion.resolvedAtMs = nowMs;
  rest(excursion);
}

/** Failures that are hours apart, such as one at each deploy, are no incident. */
export function forgetOld(excursion: Excursion, nowMs: number): void {
  const { firing, score, failedAtMs } = excursion;
  if (firing === null && score > 0 && nowMs - failedAtMs > APART_MS) rest(excursion);
}

export function noteReason(excursion: Excursion, outcome: Outcome, times: number): void {
  excursion.reasons ??= new Map();
  excursion.reasons.set(outcome, (excursion.reasons.get(outcome) ?? 0) + times);
}

function rest(excursion: Excursion): void {
  excursion.score = 0;
  excursion.failures = 0;
  excursion.tokens = 0;
  excursion.sinceMs = 0;
  excursion.failedAtMs = 0;
  excursion.rate = 0;
  excursion.calm = 0;
  excursion.reasons = null;
  excursion.recent = null;
}
