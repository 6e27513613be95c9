import type { RotationDetailView } from '../../api/schemas/rotation.ts';
import type { RehearsalView } from '../../api/schemas/rehearsal.ts';
import type { CheckView, VerdictView } from '../../api/schemas/verdict.ts';
import { pathOf } from '../route.ts';
import type { ActForm, Choice, Consequence, Field, Values } from './act-form.ts';
import { chosen, REASON } from './act-form.ts';
import { expiryField, spanOf, untilText } from './expiry.ts';
import { againstIt, whoCouldBreak } from './verdict-words.ts';

/** Checks no waiver can set aside. */
export const UNWAIVABLE: readonly string[] = [
  'collector_ready',
  'store_writable',
  'rotation_open',
  'issuer_configured',
];

const WAIVER_SPAN = expiryField(
  'For how long',
  '2 hours',
  '30 minutes',
  '8 hours',
  '1 day',
  '7 days',
);
const WORD_SPAN = expiryField(
  'Your word counts for',
  '1 day',
  '2 hours',
  '8 hours',
  '7 days',
  '30 days',
);

/** Setting one check of one gate aside: what is no longer looked at, and until when. */
export function waiveForm(detail: RotationDetailView, values: Values, nowMs: number): ActForm {
  const { rotation } = detail;
  const open = waivable(detail);
  const field: Field = {
    kind: 'choice',
    name: 'check',
    label: 'Check',
    choices: open.map(choiceOf),
  };
  const picked = open.find((entry) => choiceOf(entry).value === chosen(values, field));
  const until = untilText(spanOf(values, WAIVER_SPAN), nowMs);
  return {
    label: 'Waive the check',
    heading: `Waive a check: ${rotation.old_key.kid} → ${rotation.new_key.kid}`,
    isDangerous: true,
    consequences: picked === undefined ? [] : waiverConsequences(picked, until),
    blocked: picked === undefined ? 'No check is in the way that could be waived.' : null,
    fields: [field, WAIVER_SPAN, REASON],
    typed: null,
    basis: picked === undefined ? '' : `${picked.check.id}|${picked.check.status}`,
    request: {
      method: 'POST',
      path: `/v1${pathOf('rotations', rotation.id, 'waivers')}`,
      fields: {
        gate: picked?.verdict.gate,
        check_id: picked?.check.id,
        reason: values['reason'] ?? '',
        valid_for_s: spanOf(values, WAIVER_SPAN),
      },
    },
    said: () =>
      `Check ${picked?.check.id ?? ''} of gate ${picked?.verdict.gate ?? ''} is set aside until ${until}.`,
  };
}

interface Waivable {
  readonly verdict: VerdictView;
  readonly check: CheckView;
}

/** What stands in the way of a gate and may be set aside. */
export function waivable({ gates }: RotationDetailView): readonly Waivable[] {
  return gates.flatMap((verdict) =>
    againstIt(verdict)
      .filter(({ id }) => !UNWAIVABLE.includes(id))
      .map((check) => ({ verdict, check })),
  );
}

function choiceOf({ verdict, check }: Waivable): Choice {
  return { value: `${verdict.gate}/${check.id}`, label: `${verdict.gate}: ${check.id}` };
}

function waiverConsequences({ verdict, check }: Waivable, until: string): readonly Consequence[] {
  const others = againstIt(verdict).filter(({ id }) => id !== check.id);
  return [
    {
      tone: 'danger',
      text: `Until ${until}, gate ${verdict.gate} does not look at this any more:`,
      items: [`${check.id}: ${check.message}`],
    },
    ...whoCouldBreak([check]),
    others.length === 0
      ? {
          tone: 'danger',
          text: `Nothing else is in the way: gate ${verdict.gate} opens with this.`,
        }
      : {
          tone: 'plain',
          text: `Still in the way of gate ${verdict.gate}:`,
          items: others.map(({ id, message }) => `${id}: ${message}`),
        },
  ];
}

const FACT: Field = {
  kind: 'choice',
  name: 'fact',
  label: 'You vouch that it',
  choices: [
    { value: 'holds_new', label: 'holds the new key' },
    { value: 'rejects_old', label: 'rejects the old key' },
  ],
};

/** Vouching for a service that cannot report. */
export function attestForm(detail: RotationDetailView, values: Values, nowMs: number): ActForm {
  const { rotation } = detail;
  const byWord = detail.dependents.toSorted(
    (a, b) => Number(b.judged_by === 'attested') - Number(a.judged_by === 'attested'),
  );
  const service: Field = {
    kind: 'choice',
    name: 'service',
    label: 'Service',
    choices: byWord.map((one) => ({
      value: one.service,
      label: `${one.service} (judged by ${judgeOf(one.judged_by)})`,
    })),
  };
  const name = chosen(values, service);
  const isNew = chosen(values, FACT) === 'holds_new';
  const instance = values['instance']?.trim() ?? '';
  const until = untilText(spanOf(values, WORD_SPAN), nowMs);
  const what = isNew ? `holds ${rotation.new_key.kid}` : `rejects ${rotation.old_key.kid}`;
  const whose = instance === '' ? `every instance of ${name}` : `${name}/${instance}`;
  const judged = detail.dependents.find((one) => one.service === name)?.judged_by;
  return {
    label: 'Vouch for it',
    heading: `Vouch for a service: ${rotation.old_key.kid} → ${rotation.new_key.kid}`,
    isDangerous: true,
    consequences: [
      {
        tone: 'warning',
        text: `Until ${until} you vouch that ${whose} ${what}. Gates take your word for it; nobody checks it.`,
      },
      ...(isNew && judged === 'evidence'
        ? [
            {
              tone: 'warning' as const,
              text: `${name} is judged by evidence, which a person's word does not replace: the collector refuses this.`,
            },
          ]
        : []),
    ],
    blocked: name === '' ? 'The rotation depends on no service that is known.' : null,
    fields: [
      service,
      FACT,
      {
        kind: 'text',
        name: 'instance',
        label: 'Instance',
        hint: 'Left empty: every instance.',
        required: false,
        charsMax: 128,
      },
      WORD_SPAN,
      { ...REASON, label: 'How you know' },
    ],
    typed: null,
    basis: `${rotation.phase}|${name}`,
    request: {
      method: 'POST',
      path: `/v1${pathOf('rotations', rotation.id, 'attestations')}`,
      fields: {
        service: name,
        ...(instance === '' ? {} : { instance }),
        fact: chosen(values, FACT),
        reason: values['reason'] ?? '',
        valid_for_s: spanOf(values, WORD_SPAN),
      },
    },
    said: () => `You vouch that ${whose} ${what}, until ${until}.`,
  };
}

function judgeOf(judge: RotationDetailView['dependents'][number]['judged_by']): string {
  return judge === 'attested' ? "a person's word" : judge;
}

/** A dry run of going back. */
export function rehearseForm({ rotation }: RotationDetailView): ActForm {
  const old = rotation.old_key.kid;
  return {
    label: 'Rehearse going back',
    heading: `Rehearse going back to ${old}`,
    isDangerous: false,
    consequences: [
      { tone: 'good', text: 'Changes nothing but the record of itself.' },
      {
        tone: 'plain',
        text: `Asks now what gate rollback will ask after the switch. Whether the private key of ${old} is really there only you can know.`,
      },
    ],
    blocked: null,
    fields: [
      {
        kind: 'confirmed',
        name: 'available',
        label: `I have seen that the private key of ${old} is there to sign with`,
      },
    ],
    typed: null,
    basis: rotation.phase,
    request: {
      method: 'POST',
      path: `/v1${pathOf('rotations', rotation.id, 'rehearsals')}`,
      fields: { old_key_available: true },
    },
    said: (body) => rehearsedText((body as { readonly rehearsal: RehearsalView }).rehearsal),
  };
}

function rehearsedText({ number, status, checks }: RehearsalView): string {
  const against = checks.filter((check) => check.status !== 'pass');
  const why = against.map(({ message }) => ` ${message}.`).join('');
  switch (status) {
    case 'passed':
      return `Rehearsal ${number}: going back would be possible.`;
    case 'failed':
      return `Rehearsal ${number}: going back would NOT be possible.${why}`;
    case 'unknown':
      return `Rehearsal ${number}: going back cannot be judged.${why}`;
  }
}
