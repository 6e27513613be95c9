import type { VerifierView } from '../../api/schemas/fleet.ts';
import { pathOf } from '../route.ts';
import type { ActForm, Field, Values } from './act-form.ts';
import { chosen, REASON } from './act-form.ts';

/** What of a verifier the act is decided by. */
export type RemovableVerifier = Pick<
  VerifierView,
  'service' | 'instance' | 'cache' | 'states' | 'reported_at'
>;

const SCOPE: Field = {
  kind: 'choice',
  name: 'scope',
  label: 'What is gone',
  choices: [
    { value: 'cache', label: 'This cache' },
    { value: 'instance', label: 'The whole instance, every cache of it' },
  ],
};

/** Saying that a verifier is gone for good. */
export function removeForm(verifier: RemovableVerifier, values: Values): ActForm {
  const { service, instance, cache, states, reported_at: reportedAt } = verifier;
  const isWhole = chosen(values, SCOPE) === 'instance';
  const name = isWhole ? `${service}/${instance}` : `${service}/${instance}/${cache}`;
  return {
    label: 'Remove the verifier',
    heading: `Remove ${name}`,
    isDangerous: true,
    consequences: [
      {
        tone: 'danger',
        text: `Gates no longer wait for ${name}. Should it still run, it can refuse tokens, or accept the old key, and nothing here shows it.`,
      },
      {
        tone: 'plain',
        text:
          reportedAt === null
            ? 'It never reported.'
            : `It reported last at ${reportedAt.slice(0, 10)} ${reportedAt.slice(11, 19)} UTC. If it reports again, it is back.`,
      },
    ],
    blocked: states.includes('reporting')
      ? 'It is reporting: stop it first, it would only return.'
      : null,
    fields: [SCOPE, REASON],
    typed: null,
    basis: states.join('|'),
    request: {
      method: 'DELETE',
      path: `/v1${pathOf('verifiers', service, instance, ...(isWhole ? [] : [cache]))}`,
      fields: { reason: values['reason'] ?? '' },
    },
    said(body) {
      const { removed } = body as { readonly removed: number };
      return `Removed ${removed} ${removed === 1 ? 'verifier' : 'verifiers'}.`;
    },
  };
}
