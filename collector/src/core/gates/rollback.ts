import { counted } from '@keyturn/shared/model/counted.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { isReplaced } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { Verifier } from '../fleet.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { fail, offender, pass, unknown } from './check.ts';
import { Offenders, requiredGroups, waysOf } from './dependents.ts';
import { fleetHeard } from './evidence.ts';
import { collectorChecks, issuerChecks } from './health.ts';
import { oldKeyPublished } from './keys.ts';
import { rollbackAdvice } from './rollback-advice.ts';
import { rollbackWindow } from './rollback-window.ts';
import type { Findings } from './verdict.ts';

/** Is switching the signer back to the old key safe, and is it advised? */
export function rollbackFindings(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Findings {
  const { advised, check } = rollbackAdvice(state, rotation);
  return {
    checks: [
      ...collectorChecks(state, now),
      ...issuerChecks(state, rotation, policy, now),
      switchedAtAll(rotation),
      oldKeyTrusted(rotation),
      oldKeyPublished(state, rotation),
      oldKeyStillHeld(state, rotation),
      fleetHeard(state, rotation),
      rollbackWindow(state, rotation, now),
      check,
    ],
    weakestGrade: null,
    advised,
  };
}

export function switchedAtAll(rotation: RotationRecord): Check {
  return rotation.switchedAtMs === null
    ? fail(
        'signer_switched',
        'policy',
        rotation.origin === 'observed'
          ? 'the issuer has not been seen to switch, so there is nothing to undo'
          : 'the signer has not been switched, so there is nothing to undo',
      )
    : pass('signer_switched', 'policy', 'the signer was switched');
}

/** A compromised key must not sign again. */
export function oldKeyTrusted(rotation: RotationRecord): Check {
  return rotation.tainted
    ? fail('old_key_trusted', 'policy', `${rotation.oldKid} is tainted and must not sign again`)
    : pass('old_key_trusted', 'policy', `${rotation.oldKid} is not tainted`);
}

/** Every verifier would accept tokens of the old key. */
export function oldKeyStillHeld(state: State, rotation: RotationRecord): Check {
  const dropped = new Offenders();
  const undecided = new Offenders();
  for (const group of requiredGroups(state, rotation)) {
    const isVouchedFor = waysOf(group, rotation) === 'attested';
    const byOld = group.tallies.get(rotation.id)?.byOld;
    dropped.addAll(byOld?.get('dropped') ?? new Set(), (verifier) =>
      offender(verifier, 'dropped_old', null, `no longer holds ${rotation.oldKid}`),
    );
    undecided.addAll(byOld?.get('unknown') ?? new Set(), (verifier) =>
      (verifier.liveness === 'silent' && isReplaced(group, verifier)) ||
      (isVouchedFor && !tellsKeys(verifier, rotation))
        ? undefined
        : offender(
            verifier,
            'undecided',
            verifier.standings.get(rotation.id)?.holdsOldSinceMs ?? null,
            `nothing shows that it still holds ${rotation.oldKid}`,
          ),
    );
  }
  if (dropped.count > 0) {
    return fail(
      'old_key_held',
      'evidence',
      `${counted(dropped.count, 'verifier')} without ${rotation.oldKid}`,
      {
        offenders: dropped.shown,
        offenderCount: dropped.count,
      },
    );
  }
  if (undecided.count > 0) {
    const still = undecided.count === 1 ? 'still holds' : 'still hold';
    return unknown(
      'old_key_held',
      'evidence',
      `nothing shows that ${counted(undecided.count, 'verifier')} ${still} ${rotation.oldKid}`,
      {
        offenders: undecided.shown,
        offenderCount: undecided.count,
        sinceMs: undecided.oldestMs,
      },
    );
  }
  return pass('old_key_held', 'evidence', `every verifier still holds ${rotation.oldKid}`);
}

/** Where a word decides nobody has to report, but who tells keys without the old one contradicts it. */
function tellsKeys({ liveness, record }: Verifier, { issuer }: RotationRecord): boolean {
  return (
    liveness === 'reporting' &&
    record.keySets.some((set) => set.issuer === issuer && set.keys.length > 0)
  );
}
