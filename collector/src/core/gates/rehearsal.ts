import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { RehearsalRecord, RehearsedCheck, RotationRecord } from '../records.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { Now, State } from '../state.ts';
import { pass } from './check.ts';
import { fleetHeard } from './evidence.ts';
import { collectorChecks, issuerChecks } from './health.ts';
import { oldKeyPublished } from './keys.ts';
import { oldKeyStillHeld, oldKeyTrusted } from './rollback.ts';
import { rollbackWindow } from './rollback-window.ts';
import { secretClock } from './secret-clock.ts';
import { oldSecretHeld } from './secret-old.ts';
import { statusOf } from './verdict.ts';

/** Asked by a rehearsal alone: no gate can know. */
const OLD_KEY_AVAILABLE = 'old_key_available';

/** Offenders of a check that a rehearsal remembers by name. */
const OFFENDERS_KEPT_MAX = 10;

/** Everything that gate `rollback` will ask after the switch, asked before it. */
export function rehearsalChecks(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  by: string,
  now: Now,
): readonly Check[] {
  const held =
    rotation.keyKind === 'secret'
      ? [
          secretClock(state, rotation, 'rollback', policy, now).check,
          oldSecretHeld(state, rotation, now),
        ]
      : [
          ...issuerChecks(state, rotation, policy, now),
          oldKeyPublished(state, rotation),
          oldKeyStillHeld(state, rotation),
        ];
  return [
    ...collectorChecks(state, now),
    oldKeyTrusted(rotation),
    ...held,
    fleetHeard(state, rotation),
    rollbackWindow(state, rotation, now),
    pass(OLD_KEY_AVAILABLE, 'policy', `${by} says that ${rotation.oldKid} can sign again`),
  ];
}

export function rehearsalStatus(checks: readonly Check[]): RehearsalRecord['status'] {
  const status = statusOf(checks);
  if (status === 'open') return 'passed';
  return status === 'closed' ? 'failed' : 'unknown';
}

/** A check as a rehearsal remembers it. */
export function rehearsedCheck(check: Check): RehearsedCheck {
  return {
    id: check.id,
    status: check.status,
    class: check.class,
    message: check.message,
    offenders: check.offenders
      .slice(0, OFFENDERS_KEPT_MAX)
      .map(({ service, instance, cache, state }) =>
        [[service, instance, cache].filter((part) => part !== '').join('/'), state].join(' '),
      ),
    offenderCount: check.offenderCount,
  };
}
