import type { Check, Gate } from '@keyturn/shared/model/verdict.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { usageKey } from '../state.ts';
import { pass, unknown } from './check.ts';
import { clockAgrees, comparesClocks, DATE_PRECISION_MS, judgedAt } from './health.ts';

/** The clock check of a gate, and the moment its time rules judge by. */
export interface JudgedClock {
  readonly check: Check;
  readonly now: Now;
}

/**
 * Where the issuer has no JWKS to read, no `Date` header tells its clock. Most gates need none: what
 * they wait for is time gone by since something the collector dated itself. For `retire` the same
 * holds of every token signed before the switch, as a lifetime is a span, whatever the clocks say. A
 * late signer is told by its `iat` alone, though, and that is the issuer's clock: so `retire` asks how
 * far behind the collector's it can be. A token cannot be signed after it was accepted, so one of the
 * new secret with its `iat` bounds it, and time rules are held back by that much.
 */
export function secretClock(
  state: State,
  rotation: RotationRecord,
  gate: Gate,
  policy: IssuerPolicy,
  now: Now,
): JudgedClock {
  const issuer = state.issuers.get(rotation.issuer);
  if (issuer !== undefined && comparesClocks(issuer)) {
    return { check: clockAgrees(issuer, policy), now: judgedAt(issuer, policy, now) };
  }
  if (gate !== 'retire') {
    const message = "this gate waits by the collector's own clock alone";
    return { check: pass('clock_agrees', 'health', message), now };
  }
  const behindMs = behindAtMostMs(state, rotation);
  if (behindMs === null) return { check: unbounded(rotation), now };
  const message = `the issuer's clock is at most ${Math.ceil(behindMs / 1_000)} s behind the collector's, as tokens of ${rotation.newKid} show`;
  const check = pass('clock_agrees', 'health', message);
  if (behindMs <= Math.max(policy.skewMs, DATE_PRECISION_MS)) return { check, now };
  return {
    check,
    now: { atMs: now.atMs, earliestMs: Math.min(now.earliestMs, now.atMs - behindMs) },
  };
}

function unbounded(rotation: RotationRecord): Check {
  return unknown(
    'clock_agrees',
    'health',
    `nothing shows the issuer's clock: secrets have no JWKS with a Date header, and no token of ${rotation.newKid} accepted since the switch says when it was signed`,
    { help: 'let the issuer set `iat` in its tokens' },
  );
}

/** The most the issuer's clock can be behind, milliseconds; null when no token bounds it. */
function behindAtMostMs(state: State, rotation: RotationRecord): number | null {
  const usage = state.usage.get(usageKey(rotation.issuer, rotation.newKid));
  const { switchedAtMs, switchSeenAtMs } = rotation;
  if (switchedAtMs === null || switchSeenAtMs === null) return null;
  // A token without `iat` is dated by its acceptance, which says nothing of the issuer's clock.
  if (usage?.highestIatS == null || usage.acceptedWithoutIat > 0) return null;
  // The switch is seen by a token whose `iat` is not before its declaration.
  const atSwitchMs = switchSeenAtMs - Math.floor(switchedAtMs / 1_000) * 1_000;
  const latelyMs = usage.lastAcceptedAtMs - usage.highestIatS * 1_000;
  return Math.max(0, Math.min(atSwitchMs, latelyMs));
}
