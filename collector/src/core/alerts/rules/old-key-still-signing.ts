import { moment } from '@keyturn/shared/model/moment.ts';
import { groupsOfIssuer } from '../../fleet.ts';
import { judgedAt } from '../../gates/health.ts';
import { lateSignature } from '../../gates/late-signer.ts';
import { lifetimeOfKidMs } from '../../lifetime.ts';
import type { RotationRecord } from '../../records.ts';
import { openRotations } from '../../rotation.ts';
import type { Now, State } from '../../state.ts';
import { usageKey } from '../../state.ts';
import { oldTokensGoneAtMs } from '../../timing.ts';
import type { Severity } from '../catalogue.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { isPartlyUnheard } from '../spoken-of.ts';

/**
 * A token was accepted that the old key signed after the switch: what `old_key_not_signing` of the
 * gate `retire` says, from the marks of use alone. Whom it was shown to, the gate lists.
 */
export const oldKeyStillSigning: AlertRule = {
  names: ['OldKeyStillSigning'],
  judge: (state, now) =>
    openRotations(state).flatMap((rotation) => judgeRotation(state, rotation, now) ?? []),
};

function judgeRotation(state: State, rotation: RotationRecord, now: Now): Judgement | undefined {
  const { issuer, oldKid, switchedAtMs } = rotation;
  const about = { name: 'OldKeyStillSigning', labels: { issuer, rotation: rotation.id } } as const;
  const policy = state.policy.issuers.get(issuer);
  if (switchedAtMs === null) return undefined;
  if (policy === undefined) return { status: 'unknown', ...about };
  const old = state.usage.get(usageKey(issuer, oldKid));
  const tmaxMs = lifetimeOfKidMs(state, policy, oldKid);
  const late = lateSignature(rotation, old, tmaxMs, policy);
  if (late === null) return undefined;
  const goneAtMs = oldTokensGoneAtMs(rotation, old, tmaxMs, policy, state.policy);
  const { earliestMs } = judgedAt(state.issuers.get(issuer), policy, now);
  if (goneAtMs !== null && earliestMs >= goneAtMs) {
    // Whoever is not heard may have been shown a later one.
    const unheard = isPartlyUnheard([...groupsOfIssuer(state.fleet, issuer)]);
    return unheard ? { status: 'unknown', ...about } : undefined;
  }
  // A token that does not say when it was signed counts as signed when it was accepted.
  if (!late.byEnd && (old?.acceptedWithoutIat ?? 0) > 0) return { status: 'unknown', ...about };
  return {
    status: 'present',
    ...about,
    severity: severityOf(rotation),
    summary: `${oldKid} of ${issuer} signed at ${moment(late.signedMs)}, after the switch at ${moment(switchedAtMs)}`,
    details: [
      'a signer was left behind, or the issuer hands out tokens it has kept',
      `keyturn gate retire --rotation ${rotation.id} names the verifiers that accepted such a token`,
      ...(goneAtMs === null ? [] : [`the last of them ends at ${moment(goneAtMs)}`]),
    ],
  };
}

function severityOf({ tainted, origin }: RotationRecord): Severity {
  // Whoever has the stolen key signs with it.
  if (tainted) return 'critical';
  return origin === 'observed' ? 'info' : 'warning';
}
