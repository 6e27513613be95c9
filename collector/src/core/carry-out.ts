import { ID_LIMITS, nameProblem, textProblem } from '@keyturn/shared/model/ids.ts';
import { ALERT_LABELS } from './alerts/alert.ts';
import { acknowledge } from './act/acknowledge.ts';
import { attest } from './act/attest.ts';
import { auditEntry } from './act/audit-entry.ts';
import { declare } from './act/declare.ts';
import { handOverCanaries } from './act/hand-over-canaries.ts';
import { rehearse } from './act/rehearse.ts';
import { removeVerifier } from './act/remove-verifier.ts';
import { refuse } from './act/result.ts';
import { silence, unsilence } from './act/silence.ts';
import { start } from './act/start.ts';
import { waive } from './act/waive.ts';
import type { Act, ActResult } from './acts.ts';
import type { Now, State } from './state.ts';
import type { Write } from './writes.ts';

/** Longest reason, name or other text of an act, bytes; an issuer may be as long. */
const TEXT_BYTES_MAX = ID_LIMITS.issuerBytes;

/** Carries out one act of a person or tool, or refuses it with a reason; both are audited. */
export function carryOut(state: State, act: Act, now: Now, writes: Write[]): ActResult {
  const unreadable = textRefusal(act);
  const result = unreadable ?? dispatch(state, act, now, writes);
  writes.push({ kind: 'audit', record: auditEntry(act, result, unreadable !== undefined, now) });
  return result;
}

function dispatch(state: State, act: Act, now: Now, writes: Write[]): ActResult {
  switch (act.type) {
    case 'start':
      return start(state, act, now, writes);
    case 'declare':
      return declare(state, act, now, writes);
    case 'rehearse':
      return rehearse(state, act, now, writes);
    case 'attest':
      return attest(state, act, now, writes);
    case 'waive':
      return waive(state, act, now, writes);
    case 'remove_verifier':
      return removeVerifier(state, act, now, writes);
    case 'acknowledge':
      return acknowledge(state, act, now, writes);
    case 'silence':
      return silence(state, act, now, writes);
    case 'unsilence':
      return unsilence(state, act, now, writes);
    case 'hand_over_canaries':
      return handOverCanaries(state, act);
  }
}

function textRefusal(act: Act): ActResult | undefined {
  for (const [name, value] of Object.entries(act)) {
    const bytesMax = name === 'newKid' || name === 'oldKid' ? ID_LIMITS.kidBytes : TEXT_BYTES_MAX;
    const problem = typeof value === 'string' ? textProblem(value, bytesMax) : undefined;
    if (problem !== undefined) return refuse('invalid', snakeCase(name), problem);
    if (typeof value === 'string' && value.trim() === '') {
      return refuse('invalid', snakeCase(name), 'expected text, got blanks only');
    }
  }
  if (act.type === 'silence') return labelsRefusal(act.labels);
  if (act.type === 'declare' && act.confirm != null) {
    const kid = textProblem(act.confirm.oldKid, ID_LIMITS.kidBytes);
    if (kid !== undefined) return refuse('invalid', 'confirm.old_kid', kid);
  }
  if (act.type !== 'start') return undefined;
  const alg = nameProblem(act.alg, ID_LIMITS.algBytes);
  if (alg !== undefined) return refuse('invalid', 'alg', alg);
  if (act.newThumbprint !== null && act.newThumbprint.length !== ID_LIMITS.thumbprintChars) {
    return refuse(
      'invalid',
      'new_thumbprint',
      `expected ${ID_LIMITS.thumbprintChars} base64url characters (RFC 7638, SHA-256), got ${act.newThumbprint.length}`,
    );
  }
  return undefined;
}

function labelsRefusal(labels: Readonly<Record<string, string>>): ActResult | undefined {
  const expected = `expected labels of ${ALERT_LABELS.join(', ')}`;
  for (const [label, value] of Object.entries(labels)) {
    if (!ALERT_LABELS.some((known) => known === label)) {
      const got = textProblem(label, 64) === undefined ? label : 'what is no name';
      return refuse('invalid', 'labels', `${expected}, got ${got}`);
    }
    const problem = textProblem(value, TEXT_BYTES_MAX);
    if (problem !== undefined) return refuse('invalid', `labels.${label}`, problem);
  }
  return undefined;
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
