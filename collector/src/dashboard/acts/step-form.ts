import type { RotationDetailView } from '../../api/schemas/rotation.ts';
import type { VerdictView } from '../../api/schemas/verdict.ts';
import { pathOf } from '../route.ts';
import type { ActForm, ActRequest, Consequence, Values } from './act-form.ts';
import { REASON } from './act-form.ts';
import { basisOf, gateConsequences } from './verdict-words.ts';

/** Steps that are taken under a gate. */
export type GatedStep = 'publish' | 'activate' | 'retire' | 'rollback' | 'complete';

const GATE_OF: Readonly<Record<GatedStep, VerdictView['gate']>> = {
  publish: 'publish',
  activate: 'activate',
  retire: 'retire',
  rollback: 'rollback',
  complete: 'purge',
};

export const STEP_LABEL: Readonly<Record<GatedStep, string>> = {
  publish: 'Declare the publication',
  activate: 'Declare the switch',
  retire: 'Declare the removal',
  rollback: 'Declare the rollback',
  complete: 'Complete the rotation',
};

/** The step a rotation waits for, by its gate; null: none. */
export function nextStep(phase: RotationDetailView['rotation']['phase']): GatedStep | null {
  switch (phase) {
    case 'staged':
      return 'publish';
    case 'published':
    case 'ready':
      return 'activate';
    case 'active':
    case 'drained':
      return 'retire';
    case 'withdrawn':
      return 'complete';
    case 'gone':
    case 'aborted':
      return null;
  }
}

/** A step with its gate: what the gate says now, what follows, and what an override would pass over. */
export function stepForm(detail: RotationDetailView, step: GatedStep, values: Values): ActForm {
  const { rotation } = detail;
  const verdict = detail.gates.find(({ gate }) => gate === GATE_OF[step]);
  const label = STEP_LABEL[step];
  const isOverride = verdict?.status !== 'open';
  const reason = values['reason'] ?? '';
  return {
    label: isOverride ? `${label} against the gate` : label,
    heading: `${label}: ${rotation.old_key.kid} → ${rotation.new_key.kid}`,
    isDangerous: isOverride,
    consequences: [
      ...(verdict === undefined ? [] : gateConsequences(verdict)),
      ...(step === 'rollback' && verdict !== undefined ? [adviceOf(verdict)] : []),
      ...followsFrom(detail, step),
      INTENT,
    ],
    blocked: verdict === undefined ? 'The collector says nothing of this gate now.' : null,
    fields: [
      isOverride
        ? { ...REASON, label: 'Reason for the override', hint: 'Recorded with your name.' }
        : REASON,
    ],
    typed: isOverride ? kidAtStake(detail, step) : null,
    basis: verdict === undefined ? 'none' : basisOf(verdict),
    request: stepRequest(detail, step, isOverride ? { override_reason: reason } : { reason }),
    said: (body) => declaredText(body, label),
  };
}

/** The key an override puts at risk. */
function kidAtStake({ rotation }: RotationDetailView, step: GatedStep): string {
  return step === 'publish' || step === 'activate' ? rotation.new_key.kid : rotation.old_key.kid;
}

export const INTENT: Consequence = {
  tone: 'plain',
  text: 'Keyturn records what you say and watches whether it happens; it changes neither the JWKS nor the signer.',
};

export function stepRequest(
  { rotation }: RotationDetailView,
  step: string,
  fields: Readonly<Record<string, unknown>>,
): ActRequest {
  return {
    method: 'POST',
    path: `/v1${pathOf('rotations', rotation.id, 'steps')}`,
    fields: { step, ...fields },
  };
}

/** What was recorded, and under which verdict. */
export function declaredText(body: unknown, label: string): string {
  const { verdict, rotation } = body as {
    readonly verdict: VerdictView | null;
    readonly rotation: { readonly phase: string };
  };
  const under = verdict === null ? '' : `, gate ${verdict.gate} ${verdict.status}`;
  const how = verdict !== null && !verdict.ready ? ' as an override' : '';
  return `${label}: recorded${how}${under}; phase ${rotation.phase}.`;
}

function adviceOf({ advised }: VerdictView): Consequence {
  return advised
    ? { tone: 'warning', text: 'Going back to the old key is advised.' }
    : { tone: 'plain', text: 'Nothing that is seen advises going back.' };
}

function followsFrom({ rotation }: RotationDetailView, step: GatedStep): readonly Consequence[] {
  const [old, next] = [rotation.old_key.kid, rotation.new_key.kid];
  const isSecret = rotation.key_kind === 'secret';
  const plain = (text: string): Consequence => ({ tone: 'plain', text });
  switch (step) {
    case 'publish':
      return [
        plain(
          isSecret
            ? `You say that verifiers are given the new secret ${next}.`
            : `You say that ${next} enters the JWKS. Verifiers may hold it; nothing is signed with it yet.`,
        ),
      ];
    case 'activate':
      return [
        plain(
          `You say that the signer switches to ${next} now. A verifier without ${next} refuses every token it signs.`,
        ),
        plain(`The wait before ${old} may be removed begins with this.`),
      ];
    case 'retire':
      return [
        plain(
          isSecret
            ? `You say that verifiers may drop the old secret ${old}.`
            : `You say that ${old} leaves the JWKS.`,
        ),
        plain(`Tokens signed by ${old} that are still valid are refused from then on.`),
      ];
    case 'rollback':
      return [
        plain(`You say that the signer switches back to ${old}.`),
        plain(
          `Tokens signed by ${next} live on: keep it published. What verifiers showed of ${next} counts no more.`,
        ),
      ];
    case 'complete':
      return [
        plain(
          `This ends the rotation: ${old} is gone everywhere. Its kid is retired for good and must never come back.`,
        ),
      ];
  }
}
