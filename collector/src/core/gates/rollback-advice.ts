import { counted } from '@keyturn/shared/model/counted.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';
import type { State } from '../state.ts';
import { attributableFailures } from '../usage.ts';
import { pass } from './check.ts';
import { rollbackAlerts } from './no-alert.ts';

/** Going back is advised from this many key-attributable failures of new-key tokens on. */
export const ADVISED_FAILURES = 3;

/** Whether going back is advised, and the check that says why. It never blocks going back. */
export function rollbackAdvice(
  state: State,
  rotation: RotationRecord,
): { readonly advised: boolean; readonly check: Check } {
  const failures = failuresSinceSwitch(state, rotation);
  const alerts = rollbackAlerts(state, rotation);
  const isSwitched = rotation.outcome === null && rotation.switchedAtMs !== null;
  return {
    advised: isSwitched && (failures >= ADVISED_FAILURES || alerts !== ''),
    check: failuresSeen(failures, rotation, alerts),
  };
}

/** Key-attributable failures of new-key tokens since the signer was switched. */
export function failuresSinceSwitch(state: State, rotation: RotationRecord): number {
  if (rotation.switchedAtMs === null) return 0;
  const total = attributableFailures(state, rotation.issuer, rotation.newKid);
  return Math.max(0, total - rotation.failuresAtSwitch);
}

function failuresSeen(failures: number, rotation: RotationRecord, alerts: string): Check {
  const seen =
    failures === 0
      ? `no failure of a token of ${rotation.newKid} that a key could cause`
      : `${counted(failures, 'failure')} of tokens of ${rotation.newKid} that a key could cause, since the switch`;
  return pass('new_key_failures', 'health', alerts === '' ? seen : `${seen}; ${alerts}`);
}
