import type { BlastRadiusView } from '../../api/schemas/emergency.ts';
import type { RotationDetailView } from '../../api/schemas/rotation.ts';
import { counted } from '@keyturn/shared/model/counted.ts';
import type { ActForm, Consequence, Values } from './act-form.ts';
import { REASON } from './act-form.ts';
import { declaredText, INTENT, stepRequest } from './step-form.ts';
import { shownNames } from './verdict-words.ts';

/** Of what was looked at longer ago, the collector wants another look. */
export const SEEN_VALID_MS = 14 * 60_000;

/** Stopping a rotation: what stays published, and whether it is refused. */
export function abortForm(detail: RotationDetailView, values: Values): ActForm {
  const { rotation } = detail;
  const isObserved = rotation.origin === 'observed';
  const label = isObserved ? 'Dismiss the rotation' : 'Abort the rotation';
  const needed = isObserved ? null : neededText(detail);
  const reason = values['reason'] ?? '';
  return {
    label: needed === null ? label : `${label} all the same`,
    heading: `${label}: ${rotation.old_key.kid} → ${rotation.new_key.kid}`,
    isDangerous: true,
    consequences: [
      {
        tone: 'warning',
        text: isObserved
          ? 'Nobody here started this rotation. It is not followed any more.'
          : 'Stops the rotation; its gates stay shut for good.',
      },
      ...(needed === null ? [] : [needed]),
      ...(isObserved ? [] : staysPublished(detail)),
    ],
    blocked: null,
    fields: [
      needed === null
        ? REASON
        : { ...REASON, label: 'Reason for the override', hint: 'Recorded with your name.' },
    ],
    typed: needed === null ? null : rotation.new_key.kid,
    basis: `${rotation.new_key_needed}|${rotation.phase}`,
    request: stepRequest(
      detail,
      'abort',
      needed === null ? { reason } : { override_reason: reason },
    ),
    said: (body) => declaredText(body, label),
  };
}

/** What the collector refuses an abort for; null: nothing. */
function neededText({ rotation }: RotationDetailView): Consequence | null {
  const next = rotation.new_key.kid;
  const danger = (text: string): Consequence => ({ tone: 'danger', text });
  switch (rotation.new_key_needed) {
    case 'no':
      return null;
    case 'signs':
      return danger(
        `The signer was switched to ${next}. Go back first; aborting now overrides that, and nothing tells anybody to keep both keys published.`,
      );
    case 'until':
      return danger(
        `Tokens signed by ${next} may be live until ${rotation.new_key_needed_until ?? 'an unknown moment'}. Keep it published and abort then; aborting now overrides that.`,
      );
    case 'unknown':
      return danger(
        `Tokens signed by ${next} may be live without a known end. Aborting now overrides that.`,
      );
  }
}

function staysPublished({ rotation }: RotationDetailView): readonly Consequence[] {
  if (rotation.key_kind === 'secret') return [];
  const published = rotation.published_at !== null;
  return [
    {
      tone: 'plain',
      text: published
        ? `${rotation.old_key.kid} and ${rotation.new_key.kid} stay in the JWKS: Keyturn takes nothing out of it.`
        : `${rotation.old_key.kid} stays in the JWKS. ${rotation.new_key.kid} was not seen there.`,
    },
  ];
}

/** The old private key is no more. */
export function destroyForm(detail: RotationDetailView, values: Values): ActForm {
  const { rotation } = detail;
  const old = rotation.old_key.kid;
  const label = 'Declare the old key destroyed';
  const isEarly = rotation.switched_at === null && rotation.withdrawn_at === null;
  const reason = values['reason'] ?? '';
  const early: Consequence = {
    tone: 'danger',
    text: `The signer uses ${old} until it is switched, and without its private key nothing signs. Saying so now overrides that.`,
  };
  return {
    label: isEarly ? `${label} all the same` : label,
    heading: `${label}: ${old}`,
    isDangerous: true,
    consequences: [
      ...(isEarly ? [early] : []),
      { tone: 'danger', text: `There is no way back to ${old} from then on. Nothing undoes this.` },
      INTENT,
    ],
    blocked: null,
    fields: [REASON],
    typed: old,
    basis: `${rotation.phase}|${String(isEarly)}`,
    request: stepRequest(
      detail,
      'destroy_old_key',
      isEarly ? { reason, override_reason: reason } : { reason },
    ),
    said: (body) => declaredText(body, label),
  };
}

/** Marking the old key as compromised. `radius` null: not looked at yet, for the reason in `why`. */
export function taintForm(
  detail: RotationDetailView,
  values: Values,
  radius: BlastRadiusView | null,
  why: string,
  nowMs: number,
): ActForm {
  const { rotation } = detail;
  const old = rotation.old_key.kid;
  const isOld = radius !== null && nowMs - Date.parse(radius.as_of) > SEEN_VALID_MS;
  return {
    label: 'Taint the old key',
    heading: `Taint ${old}: it is compromised`,
    isDangerous: true,
    consequences: [
      {
        tone: 'danger',
        text: `Marks ${old} as compromised; nothing undoes it. Its valid tokens will be refused. The gates hurry from then on, and rollback is shut.`,
      },
      ...(radius === null ? [] : radiusConsequences(radius)),
    ],
    blocked:
      radius === null
        ? why
        : isOld
          ? 'What is shown was looked at too long ago. Look again.'
          : null,
    fields: [REASON],
    typed: old,
    basis: rotation.phase,
    request: stepRequest(detail, 'taint', {
      reason: values['reason'] ?? '',
      confirm: { old_kid: old, seen_at: radius?.as_of ?? '' },
    }),
    said: (body) => declaredText(body, 'Taint the old key'),
  };
}

/** As a sentence of its own. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Who uses the key now, and who would go on taking it. */
export function radiusConsequences(radius: BlastRadiusView): readonly Consequence[] {
  const use = radius.keys.find(({ role }) => role === 'old');
  const nameless = radius.keys.find(({ role }) => role === 'none');
  const unbounded = radius.services.filter(({ drop_bound_s: bound }) => bound === null);
  const holding = radius.services.filter((service) => service.holding > 0);
  return [
    { tone: 'danger', text: sentence(radius.summary) },
    ...(use === undefined || use.accepted === 0
      ? []
      : [
          {
            tone: 'danger' as const,
            text: `${counted(use.accepted, 'verification')} by ${counted(use.verifiers, 'verifier')} since ${radius.counted_since.slice(11, 19)} UTC, at most ${use.busiest_minute} a minute: tokens themselves nobody can count.`,
          },
        ]),
    ...(nameless === undefined || nameless.accepted === 0
      ? []
      : [
          {
            tone: 'warning' as const,
            text: `${counted(nameless.accepted, 'verification')} of tokens without a kid, which may be of any key.`,
          },
        ]),
    ...(radius.uncounted_verifiers === 0
      ? []
      : [
          {
            tone: 'warning' as const,
            text: `${counted(radius.uncounted_verifiers, 'verifier')} cannot count; what they accept is not in these figures.`,
          },
        ]),
    ...(holding.length === 0
      ? []
      : [
          {
            tone: 'warning' as const,
            text: 'Known to hold it now:',
            items: shownNames(
              holding.map(({ service, holding: n }) => `${service} (${counted(n, 'verifier')})`),
            ),
          },
        ]),
    ...(unbounded.length === 0
      ? []
      : [
          {
            tone: 'danger' as const,
            text: 'Would go on accepting it without any time limit once it is removed:',
            items: shownNames(
              unbounded.map(({ service, drop_now: help }) => `${service}: ${help}`),
            ),
          },
        ]),
  ];
}
