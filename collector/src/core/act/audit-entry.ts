import { moment } from '@keyturn/shared/model/moment.ts';
import { namesSecret } from '@keyturn/shared/model/secret-keys.ts';
import type { Act, ActResult } from '../acts.ts';
import type { AuditEntry } from '../records.ts';
import type { Now } from '../state.ts';
import type { ActOf } from './result.ts';

/**
 * The audit entry of an act, carried out or refused. Text that is `unreadable` (too long, not
 * printable) is left out: the trail is read by people and kept for ever.
 */
export function auditEntry(act: Act, result: ActResult, unreadable: boolean, now: Now): AuditEntry {
  const { by, type, ...rest } = withoutDigest(act);
  const action = act.type === 'declare' ? `declare_${act.step}` : type;
  const verdict = result.ok ? result.verdict : result.refusal.verdict;
  const actor = unreadable && !result.ok && result.refusal.field === 'by' ? 'unreadable' : by;
  const what = unreadable ? action : sentence(act, result);
  return {
    atMs: now.atMs,
    kind: result.ok ? 'act' : 'refusal',
    rotationId: unreadable ? null : rotationOf(act, result),
    actor,
    action,
    message: result.ok ? what : `${what}: refused, ${result.refusal.message}`,
    detail: { ...(unreadable ? {} : rest), verdict: verdict?.status ?? null },
  };
}

// A thumbprint named for a shared secret is refused, and would be a digest of it kept for ever.
function withoutDigest(act: Act): Act {
  return act.type === 'start' && namesSecret(act.alg) ? { ...act, newThumbprint: null } : act;
}

function rotationOf(act: Act, result: ActResult): string | null {
  if ('rotationId' in act) return act.rotationId;
  if (!result.ok) return null;
  const { alert, rotation, silence } = result;
  return rotation?.id ?? alert?.labels.rotation ?? silence?.labels.rotation ?? null;
}

function sentence(act: Act, result: ActResult): string {
  switch (act.type) {
    case 'start':
      return `starts the rotation of ${act.alg} at ${act.issuer} to ${act.newKid}`;
    case 'declare':
      return declaration(act);
    case 'rehearse':
      return `rehearses going back to the old key${rehearsed(result)}`;
    case 'attest':
      return `vouches that ${named(act.service, act.instance)} ${FACTS[act.fact]}: ${act.reason}`;
    case 'waive':
      return `waives check ${act.checkId} of gate ${act.gate}: ${act.reason}`;
    case 'hand_over_canaries':
      return act.expiresAtMs === null
        ? 'hands over canary tokens'
        : `hands over canary tokens that are good until ${moment(act.expiresAtMs)}`;
    case 'acknowledge':
      return `acknowledges alert ${act.alertId}: ${act.reason}`;
    case 'silence':
      return `silences ${matched(act)}: ${act.reason}`;
    case 'unsilence':
      return `ends silence ${act.silenceId}: ${act.reason}`;
    case 'remove_verifier':
      return `removes ${named(act.service, act.instance, act.cache)}: ${act.reason}`;
  }
}

function matched({ name, labels }: ActOf<'silence'>): string {
  const wanted = Object.entries(labels).map(([label, value]) => `${label} ${value}`);
  return [name ?? 'every alert', ...wanted].join(', ').slice(0, 500).toWellFormed();
}

function declaration({ step, reason, overrideReason }: ActOf<'declare'>): string {
  const why = reason == null ? '' : `: ${reason}`;
  if (overrideReason === null) return `declares ${step}${why}`;
  if (step === 'abort' && why === '') return `declares abort: ${overrideReason}`;
  return `declares ${step}${why}, whatever stands against it: ${overrideReason}`;
}

function rehearsed(result: ActResult): string {
  return result.ok && result.rehearsal !== null ? `: ${result.rehearsal.status}` : '';
}

const FACTS = { holds_new: 'holds the new key', rejects_old: 'rejects the old key' } as const;

function named(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join('/');
}
