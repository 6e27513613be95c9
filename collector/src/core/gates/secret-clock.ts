import type { Check, Gate } from '@keyturn/shared/model/verdict.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { usageKey } from '../state.ts';
import { pass, unknown } from './check.ts';
import { behindAtMostMs, heldBack } from '../issuer-time.ts';
import { clockAgrees, comparesClocks, judgedAt } from './health.ts';

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
  const behindMs = shownBehindMs(state, rotation);
  if (behindMs === null) return { check: unbounded(rotation), now };
  const message = `the issuer's clock is at most ${Math.ceil(behindMs / 1_000)} s behind the collector's, as tokens of ${rotation.newKid} show`;
  const check = pass('clock_agrees', 'health', message);
  return { check, now: heldBack(now, policy, behindMs) };
}

function unbounded(rotation: RotationRecord): Check {
  return unknown(
    'clock_agrees',
    'health',
    `nothing shows the issuer's clock: secrets have no JWKS with a Date header, and no token of ${rotation.newKid} accepted since the switch, and since this collector started, says when it was signed`,
    { help: 'let the issuer set `iat` in its tokens' },
  );
}

/** The same of the new secret, of which the token that showed the switch says more. */
function shownBehindMs(state: State, rotation: RotationRecord): number | null {
  const usage = state.usage.get(usageKey(rotation.issuer, rotation.newKid));
  const latelyMs = behindAtMostMs(state, usage);
  const { switchedAtMs, switchSeenAtMs } = rotation;
  if (switchedAtMs === null || switchSeenAtMs === null || latelyMs === null) return null;
  if (switchSeenAtMs < state.health.startedAtMs) return latelyMs;
  // The switch is seen by a token whose `iat` is not before its declaration.
  return Math.max(0, Math.min(switchSeenAtMs - Math.floor(switchedAtMs / 1_000) * 1_000, latelyMs));
}
