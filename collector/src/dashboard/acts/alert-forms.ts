import type { AlertView, SilenceView } from '../../api/schemas/alert.ts';
import { counted } from '@keyturn/shared/model/counted.ts';
import { pathOf } from '../route.ts';
import type { ActForm, Consequence, Field, Values } from './act-form.ts';
import { chosen, REASON } from './act-form.ts';
import { expiryField, spanOf, untilText } from './expiry.ts';
import { shownNames } from './verdict-words.ts';

const SPAN = expiryField(
  'For how long',
  '2 hours',
  '30 minutes',
  '1 hour',
  '8 hours',
  '1 day',
  '7 days',
  '30 days',
);

/** Taking an alert on. */
export function acknowledgeForm(alert: AlertView, values: Values): ActForm {
  return {
    label: 'Take it on',
    heading: `Take on alert ${alert.name}`,
    isDangerous: false,
    consequences: [
      firesOn(alert),
      {
        tone: 'plain',
        text: 'Whoever was told of it is told that you took it on, and again only if it gets worse or is over.',
      },
    ],
    blocked: alert.firing ? null : `The alert is ${wordOf(alert)}, not firing.`,
    fields: [{ ...REASON, label: 'What you do about it' }],
    typed: null,
    basis: `${alert.id}|${alert.status}|${alert.severity}`,
    request: {
      method: 'POST',
      path: `/v1${pathOf('alerts', alert.id, 'acknowledge')}`,
      fields: { reason: values['reason'] ?? '' },
    },
    said: () => 'You have taken it on. It fires until what it is about is over.',
  };
}

function wordOf({ status }: AlertView): string {
  return status.replace('_', ' ');
}

function firesOn({ shuts_gates: shuts }: AlertView): Consequence {
  return {
    tone: 'plain',
    text: shuts
      ? 'It fires all the same, and the gates it shuts stay shut.'
      : 'It fires all the same.',
  };
}

/** Which alerts a silence is of: from this one alone to all of its name. */
function scopesOf({ name, labels }: AlertView): readonly {
  readonly value: string;
  readonly label: string;
  readonly labels: AlertView['labels'];
}[] {
  const { issuer, rotation, service } = labels;
  return [
    { value: 'this', label: 'This alert alone', labels },
    ...(service === undefined
      ? []
      : [{ value: 'service', label: `${name} of service ${service}`, labels: { service } }]),
    ...(rotation === undefined
      ? []
      : [{ value: 'rotation', label: `${name} of rotation ${rotation}`, labels: { rotation } }]),
    ...(issuer === undefined
      ? []
      : [{ value: 'issuer', label: `${name} of issuer ${issuer}`, labels: { issuer } }]),
    { value: 'name', label: `Every ${name}`, labels: {} },
  ];
}

/** Keeping alerts from being told. `firing`: those of this name that fire now; null: not known yet. */
export function silenceForm(
  alert: AlertView,
  values: Values,
  firing: readonly AlertView[] | null,
  why: string,
  nowMs: number,
): ActForm {
  const scopes = scopesOf(alert);
  const field: Field = { kind: 'choice', name: 'scope', label: 'Which alerts', choices: scopes };
  const scope = scopes.find(({ value }) => value === chosen(values, field));
  const labels = scope?.labels ?? alert.labels;
  const covered = (firing ?? []).filter((one) => isCovered(one, labels));
  const until = untilText(spanOf(values, SPAN), nowMs);
  return {
    label: 'Silence it',
    heading: `Silence ${alert.name}`,
    isDangerous: alert.severity === 'critical',
    consequences: [
      {
        tone: alert.severity === 'critical' ? 'danger' : 'warning',
        text: `Until ${until} nobody is told of this. It fires all the same, and gates that are shut stay shut. What fires still is told then.`,
      },
      ...(firing === null
        ? []
        : [
            {
              tone: 'plain' as const,
              text: `${counted(covered.length, 'firing alert')} covered now${covered.length === 0 ? '.' : ':'}`,
              items: shownNames(covered.map(({ summary }) => summary)),
            },
          ]),
    ],
    blocked: firing === null ? why : null,
    fields: [field, SPAN, REASON],
    typed: null,
    basis: `${alert.id}|${alert.severity}`,
    request: {
      method: 'POST',
      path: '/v1/silences',
      fields: {
        name: alert.name,
        labels,
        reason: values['reason'] ?? '',
        valid_for_s: spanOf(values, SPAN),
      },
    },
    said: () => `Silenced until ${until}. Gates stay as they are.`,
  };
}

/** All of these labels have to be the alert's. */
export function isCovered(alert: AlertView, labels: AlertView['labels']): boolean {
  return Object.entries(labels).every(
    ([label, value]) => alert.labels[label as keyof AlertView['labels']] === value,
  );
}

/** Ending a silence before its time. */
export function endSilenceForm(
  silenceId: string,
  values: Values,
  silence: SilenceView | null,
  why: string,
): ActForm {
  return {
    label: 'End the silence',
    heading: 'End a silence',
    isDangerous: false,
    consequences: [
      { tone: 'plain', text: 'What still fires is told now.' },
      ...(silence === null
        ? []
        : [
            {
              tone: 'plain' as const,
              text: `${matched(silence)}: silenced by ${silence.by} until ${silence.expires_at}, because: ${silence.reason}`,
            },
          ]),
    ],
    blocked: silence === null ? why : null,
    fields: [REASON],
    typed: null,
    basis: silenceId,
    request: {
      method: 'DELETE',
      path: `/v1${pathOf('silences', silenceId)}`,
      fields: { reason: values['reason'] ?? '' },
    },
    said: () => 'The silence is over.',
  };
}

function matched({ name, labels }: SilenceView): string {
  const wanted = Object.entries(labels).map(([label, value]) => `${label} ${value}`);
  return [name ?? 'every alert', ...wanted].join(', ');
}
