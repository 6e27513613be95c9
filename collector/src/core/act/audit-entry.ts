import { moment } from '@keyturn/shared/model/moment.ts';
import { namesSecret } from '@keyturn/shared/model/secret-keys.ts';
import type { Act, ActResult } from '../acts.ts';
import type { AuditEntry } from '../records.ts';
import type { Now } from '../state.ts';

/**
 * The audit entry of an act, carried out or refused. Text that is `unreadable` (too long, not
 * printable) is left out: the trail is read by people and kept for ever.
 */
export function auditEntry(act: Act, result: ActResult, unreadable: boolean, now: Now): AuditEntry {
  const { by, type, ...rest } = withoutDigest(act);
  const action = act.type === 'declare' ? `declare_${act.step}` : type;
  const verdict = result.ok ? result.verdict : result.refusal.verdict;
  const actor = unreadable && !result.ok && result.refusal.field === 'by' ? 'unreadable' : by;
  const what = unreadable ? action : sentence(act);
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
  return result.ok ? (result.rotation?.id ?? null) : null;
}

function sentence(act: Act): string {
  switch (act.type) {
    case 'start':
      return `starts the rotation of ${act.alg} at ${act.issuer} to ${act.newKid}`;
    case 'declare':
      if (act.step === 'abort' && act.overrideReason !== null) {
        return `declares abort: ${act.overrideReason}`;
      }
      return act.overrideReason === null
        ? `declares ${act.step}`
        : `declares ${act.step}, whatever its gate says: ${act.overrideReason}`;
    case 'attest':
      return `vouches that ${named(act.service, act.instance)} ${FACTS[act.fact]}: ${act.reason}`;
    case 'waive':
      return `waives check ${act.checkId} of gate ${act.gate}: ${act.reason}`;
    case 'hand_over_canaries':
      return act.expiresAtMs === null
        ? 'hands over canary tokens'
        : `hands over canary tokens that are good until ${moment(act.expiresAtMs)}`;
    case 'remove_verifier':
      return `removes ${named(act.service, act.instance, act.cache)}: ${act.reason}`;
  }
}

const FACTS = { holds_new: 'holds the new key', rejects_old: 'rejects the old key' } as const;

function named(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join('/');
}
