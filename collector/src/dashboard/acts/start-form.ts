import type { StatusView } from '../../api/schemas/status.ts';
import { pathOf } from '../route.ts';
import type { ActForm, Consequence, Field, Values } from './act-form.ts';
import { chosen } from './act-form.ts';

const TEXT = { kind: 'text', charsMax: 128 } as const;

/** Opening a rotation to a new key. `status` null: not known yet, for the reason in `why`. */
export function startForm(status: StatusView | null, values: Values, why: string): ActForm {
  const issuers = status?.issuers ?? [];
  const ours = issuers.filter(({ control }) => control === 'ours');
  const issuer: Field = {
    kind: 'choice',
    name: 'issuer',
    label: 'Issuer',
    choices: ours.map((one) => ({ value: one.issuer, label: one.issuer })),
  };
  const iss = chosen(values, issuer);
  const text = (name: string): string => values[name]?.trim() ?? '';
  const published = ours
    .find((one) => one.issuer === iss)
    ?.keys.filter(({ withdrawn_at: gone, published_at: seen }) => gone === null && seen !== null);
  return {
    label: 'Start the rotation',
    heading: 'Start a rotation to a new key',
    isDangerous: false,
    consequences: [
      {
        tone: 'plain',
        text: 'Keyturn begins to follow it and to judge its gates. Nothing is published and nothing is switched by this.',
      },
      ...(published === undefined ? [] : [publishedNow(published)]),
      ...(status === null ? [] : openRotations(status, iss)),
    ],
    blocked: status === null ? why : iss === '' ? 'No issuer of our own is configured.' : null,
    fields: [
      issuer,
      {
        ...TEXT,
        name: 'alg',
        label: 'Algorithm',
        hint: 'Such as RS256 or ES256.',
        required: true,
        charsMax: 16,
      },
      { ...TEXT, name: 'new_kid', label: 'kid of the new key', required: true },
      {
        ...TEXT,
        name: 'old_kid',
        label: 'kid of the old key',
        hint: 'Left empty: the one key of this algorithm the issuer publishes now. Needed where the algorithm changes.',
        required: false,
      },
      {
        ...TEXT,
        name: 'new_thumbprint',
        label: 'Thumbprint of the new key',
        hint: 'RFC 7638, SHA-256, 43 characters; may be left empty.',
        required: false,
        charsMax: 43,
      },
    ],
    typed: null,
    basis: iss,
    request: {
      method: 'POST',
      path: '/v1/rotations',
      fields: {
        issuer: iss,
        alg: text('alg'),
        new_kid: text('new_kid'),
        ...(text('old_kid') === '' ? {} : { old_kid: text('old_kid') }),
        ...(text('new_thumbprint') === '' ? {} : { new_thumbprint: text('new_thumbprint') }),
      },
    },
    said(body) {
      const { rotation } = body as { readonly rotation: { readonly id: string } };
      return `Rotation ${rotation.id} started.`;
    },
    leadsTo(body) {
      const { rotation } = body as { readonly rotation: { readonly id: string } };
      return pathOf('rotations', rotation.id);
    },
  };
}

function publishedNow(
  keys: readonly { readonly kid: string; readonly alg: string }[],
): Consequence {
  return {
    tone: 'plain',
    text: keys.length === 0 ? 'The issuer publishes no key now.' : 'The issuer publishes now:',
    items: keys.map(({ kid, alg }) => `${kid}${alg === '' ? '' : ` (${alg})`}`),
  };
}

function openRotations(status: StatusView, iss: string): readonly Consequence[] {
  const open = status.rotations.filter(
    ({ rotation }) => rotation.issuer === iss && rotation.origin === 'declared',
  );
  if (open.length === 0) return [];
  return [
    {
      tone: 'warning',
      text: 'Open at this issuer, where an algorithm can have one rotation at a time:',
      items: open.map(
        ({ rotation }) =>
          `${rotation.old_key.kid} → ${rotation.new_key.kid}, ${rotation.alg} (${rotation.id})`,
      ),
    },
  ];
}
