import { moment } from '@keyturn/shared/model/moment.ts';
import type { Gate } from '@keyturn/shared/model/verdict.ts';
import { findingsOf } from '../../evaluate.ts';
import { firstReason, verdictOf } from '../../gates/verdict.ts';
import type { RotationRecord } from '../../records.ts';
import { NEXT_GATE, openRotations, phaseOf, rotationFacts } from '../../rotation.ts';
import type { Now, State } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { inHoldDown } from '../spoken-of.ts';

/** What a person does once that gate is open. */
const NEXT_STEP: Readonly<Record<Gate, string>> = {
  publish: 'publish the new key',
  activate: 'let the signer use the new key: keyturn rotation activate',
  retire: 'take the old key out of the JWKS: keyturn rotation retire',
  purge: 'call it complete: keyturn rotation complete',
  rollback: '',
};

/**
 * A declared rotation has not moved for as long as `policy.stalled_after`. Nobody here moves one that
 * was only observed.
 */
export const rotationStalled: AlertRule = {
  names: ['RotationStalled'],
  judge(state, now) {
    if (inHoldDown(state, now)) return [];
    return openRotations(state)
      .filter(({ origin }) => origin === 'declared')
      .flatMap((rotation) => judgeRotation(state, rotation, now) ?? []);
  },
};

function judgeRotation(state: State, rotation: RotationRecord, now: Now): Judgement | undefined {
  const movedMs = lastMovedMs(state, rotation);
  if (now.earliestMs - movedMs < state.policy.alerts.stalledAfterMs) return undefined;
  const phase = phaseOf(state, rotation);
  const gate = NEXT_GATE[phase];
  if (gate === null) return undefined;
  return {
    status: 'present',
    name: 'RotationStalled',
    labels: { issuer: rotation.issuer, rotation: rotation.id },
    summary: `rotation ${rotation.id} of ${rotation.issuer} from ${rotation.oldKid} to ${rotation.newKid} is ${phase} and has not moved since ${moment(movedMs)}`,
    details: [waitsFor(state, rotation, gate, now)],
  };
}

function waitsFor(state: State, rotation: RotationRecord, gate: Gate, now: Now): string {
  const findings = findingsOf(state, rotation, gate, now);
  const verdict = verdictOf(state, rotation, gate, findings, now);
  if (verdict.status === 'open') return `gate ${gate} is open: ${NEXT_STEP[gate]}`;
  return `gate ${gate} is ${verdict.status}: ${firstReason(verdict)}`;
}

/** The latest step that was declared or seen, Unix ms. */
function lastMovedMs(state: State, rotation: RotationRecord): number {
  const { publishedAtMs, withdrawnAtMs } = rotationFacts(state, rotation);
  const declared = Object.values(rotation.declared).map(({ atMs }) => atMs);
  return Math.max(
    rotation.startedAtMs,
    publishedAtMs ?? 0,
    rotation.switchedAtMs ?? 0,
    rotation.switchSeenAtMs ?? 0,
    rotation.rolledBackAtMs ?? 0,
    withdrawnAtMs ?? 0,
    ...declared,
  );
}
