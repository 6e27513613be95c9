import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { Verifier } from '../fleet.ts';
import { groupsOfIssuer } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { HeldCounts, RotationRecord, UsageRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { fail, offender, pass, unknown } from './check.ts';
import { Offenders } from './dependents.ts';

/**
 * Nobody signs with the old key after the switch: a replica left behind does, and an issuer that
 * hands out tokens it has kept may. `goneAtMs` counts from the last such token, so this clears with
 * the end of those tokens.
 */
export function oldKeyNotSigning(
  state: State,
  rotation: RotationRecord,
  old: UsageRecord | undefined,
  tmaxMs: number | null,
  goneAtMs: number | null,
  policy: IssuerPolicy,
  now: Now,
): Check {
  const { switchedAtMs, oldKid } = rotation;
  if (switchedAtMs === null) {
    return unknown('old_key_not_signing', 'evidence', 'signing is judged from the switch');
  }
  const allowedMs = switchedAtMs + policy.switchSpreadMs + policy.skewMs;
  const late = lateSignature(rotation, old, tmaxMs, policy);
  if (late === null) {
    return pass(
      'old_key_not_signing',
      'evidence',
      `no token signed by ${oldKid} after the switch has been accepted`,
    );
  }
  const { signedMs, byEnd } = late;
  if (goneAtMs !== null && now.earliestMs >= goneAtMs) {
    return pass(
      'old_key_not_signing',
      'evidence',
      `${oldKid} signed last at ${moment(signedMs)}, after the switch, and those tokens have expired`,
    );
  }
  const found = accepters(state, rotation, tmaxMs, allowedMs);
  // A token without `iat` counts as signed when it was accepted; that delays, and accuses nobody.
  if (found.count === 0 && !byEnd && (old?.acceptedWithoutIat ?? 0) > 0) {
    return unknown(
      'old_key_not_signing',
      'evidence',
      `tokens of ${oldKid} that do not say when they were signed have been accepted after the switch`,
      { sinceMs: switchedAtMs, clearsAtMs: goneAtMs, help: 'make the issuer set `iat`' },
    );
  }
  return fail(
    'old_key_not_signing',
    'evidence',
    `${oldKid} still signed at ${moment(signedMs)}, after the switch: a signer was left behind, or ${byEnd ? 'tokens without iat live longer than known' : 'the issuer hands out tokens it has kept'}`,
    {
      offenders: found.shown,
      offenderCount: found.count,
      sinceMs: switchedAtMs,
      clearsAtMs: goneAtMs,
      help: `restart every signer that still uses ${oldKid} and empty the token caches of the issuer; the wait counts from its last token`,
    },
  );
}

/** A signature of the old key from after the switch. */
export interface LateSignature {
  /** When the key signed last at the earliest, Unix ms. */
  readonly signedMs: number;
  /** Known by the end of a token and the longest lifetime; its `iat` says less. */
  readonly byEnd: boolean;
}

/** Null before the switch, and while no accepted token is known to have been signed after it. */
export function lateSignature(
  { switchedAtMs }: RotationRecord,
  old: UsageRecord | undefined,
  tmaxMs: number | null,
  policy: IssuerPolicy,
): LateSignature | null {
  const signedMs = lastSignedMs(old, tmaxMs);
  if (switchedAtMs === null || signedMs <= switchedAtMs + policy.switchSpreadMs + policy.skewMs) {
    return null;
  }
  return { signedMs, byEnd: signedMs > (old?.highestIatS ?? 0) * 1_000 };
}

/**
 * When the key signed last at the earliest, Unix ms; 0 when nothing was accepted. A token without
 * `iat` was signed no earlier than its end less the longest lifetime.
 */
function lastSignedMs(
  seen: Pick<UsageRecord, 'highestIatS' | 'highestExpS'> | undefined,
  tmaxMs: number | null,
): number {
  const iatMs = (seen?.highestIatS ?? 0) * 1_000;
  if (tmaxMs === null || seen?.highestExpS == null) return iatMs;
  return Math.max(iatMs, seen.highestExpS * 1_000 - tmaxMs);
}

function accepters(
  state: State,
  rotation: RotationRecord,
  tmaxMs: number | null,
  allowedMs: number,
): Offenders {
  const found = new Offenders();
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    for (const verifier of group.members) {
      const signedMs = Math.max(
        0,
        ...oldKeyRows(verifier, rotation).map((row) => lastSignedMs(row, tmaxMs)),
      );
      if (signedMs <= allowedMs) continue;
      const detail = `accepted a token of ${rotation.oldKid} signed at ${moment(signedMs)}`;
      found.add(offender(verifier, 'accepts_late', signedMs, detail));
    }
  }
  return found;
}

/** Of this process and of earlier ones under its name. */
function oldKeyRows({ record }: Verifier, rotation: RotationRecord): readonly HeldCounts[] {
  const boots = [record.counts, ...record.otherBoots.map((boot) => boot.counts)];
  return boots.flatMap((counts) =>
    counts.filter(
      ({ issuer, key }) =>
        issuer === rotation.issuer && key.kind === 'kid' && key.kid === rotation.oldKid,
    ),
  );
}
