import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { IssuerDetectors, Stranger } from './detectors.ts';

const STRANGERS_MAX = 64;

/** A key that is published later than this after its first token was in nobody's cache by then. */
const STRANGER_KEPT_MS = 300_000;

/**
 * Remembers what was refused of a kid nobody knows: a signer may be faster than its JWKS, and once
 * the kid is published its refusals were the rotation's doing. Latecomers find no room; they are as
 * many as somebody cares to invent.
 */
export function noteStranger(
  of: IssuerDetectors,
  kid: string,
  more: {
    readonly refused: number;
    readonly tokens: number;
    readonly refusals: readonly (readonly [Outcome, number])[];
  },
  nowMs: number,
): void {
  const known = of.strangers.get(kid);
  if (known === undefined && of.strangers.size >= STRANGERS_MAX) return;
  const stranger = known ?? { failures: 0, tokens: 0, sinceMs: nowMs, reasons: new Map() };
  stranger.tokens += more.tokens;
  for (const [outcome, times] of more.refusals) {
    if (!outcome.startsWith('unknown_kid')) continue;
    stranger.failures += times;
    stranger.reasons.set(outcome, (stranger.reasons.get(outcome) ?? 0) + times);
  }
  of.strangers.set(kid, stranger);
}

/** Those that became known, once each; the rest is forgotten in time. */
export function takeKnown(
  of: IssuerDetectors,
  isKnown: (kid: string) => boolean,
  nowMs: number,
): readonly (readonly [kid: string, stranger: Stranger])[] {
  if (of.strangers.size === 0) return [];
  const known: (readonly [string, Stranger])[] = [];
  for (const [kid, stranger] of of.strangers) {
    if (isKnown(kid)) known.push([kid, stranger]);
    else if (nowMs - stranger.sinceMs < STRANGER_KEPT_MS) continue;
    of.strangers.delete(kid);
  }
  return known;
}
