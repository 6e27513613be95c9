import type { BlastRadiusView } from '../../api/schemas/emergency.ts';
import type { RotationDetailView } from '../../api/schemas/rotation.ts';
import { nowMs } from '../live/live.ts';
import { PrintButton } from '../print/print-button.tsx';
import { pathOf } from '../route.ts';
import { ActBar, offer, type Offer } from './act-bar.tsx';
import { ActDialog } from './act-dialog.tsx';
import { abortForm, destroyForm, taintForm } from './ending-forms.ts';
import { type GatedStep, nextStep, STEP_LABEL, stepForm } from './step-form.ts';
import { lackOf, useFetched } from './use-fetched.ts';
import { attestForm, rehearseForm, waivable, waiveForm } from './word-forms.ts';

const STEPS: readonly GatedStep[] = ['publish', 'activate', 'retire', 'complete', 'rollback'];

/** What can be done to one rotation. Read-only until somebody unlocks; the server decides. */
export function RotationActs({ detail }: { readonly detail: RotationDetailView }) {
  const { rotation } = detail;
  const all = everyOffer(detail);
  const offered = rotation.open ? all.filter(({ id }) => isOffered(detail, id)) : [];
  return (
    <ActBar label="Acts on this rotation" offers={offered} all={all}>
      <PrintButton />
    </ActBar>
  );
}

function everyOffer(detail: RotationDetailView): readonly Offer[] {
  const { rotation } = detail;
  const urged = urgedStep(detail);
  const abortLabel = rotation.origin === 'observed' ? 'Dismiss the rotation' : 'Abort the rotation';
  return [
    ...STEPS.map((step) =>
      offer(
        step,
        STEP_LABEL[step],
        (values) => stepForm(detail, step, values),
        step === urged ? 'primary' : undefined,
      ),
    ),
    offer('rehearse', 'Rehearse going back', () => rehearseForm(detail)),
    offer('waive', 'Waive a check', (values) => waiveForm(detail, values, nowMs.value)),
    offer('attest', 'Vouch for a service', (values) => attestForm(detail, values, nowMs.value)),
    offer(
      'destroy_old_key',
      'Declare the old key destroyed',
      (values) => destroyForm(detail, values),
      'danger',
    ),
    offer('abort', abortLabel, (values) => abortForm(detail, values), 'danger'),
    {
      id: 'taint',
      label: 'Taint the old key',
      tone: 'danger',
      dialog: (onClosed) => <TaintDialog detail={detail} onClosed={onClosed} />,
    },
  ];
}

/** The one step that stands out: going back where that is advised, else the next one once its gate is open. */
function urgedStep(detail: RotationDetailView): (typeof STEPS)[number] | null {
  if (isAdvised(detail)) return 'rollback';
  const verdict = detail.gates.find(({ gate }) => gate === detail.next_gate);
  return verdict?.ready === true ? nextStep(detail.rotation.phase) : null;
}

function isAdvised({ gates }: RotationDetailView): boolean {
  return gates.some(({ gate, advised }) => gate === 'rollback' && advised);
}

/** What makes sense at this point; the collector refuses the rest with a reason. */
function isOffered(detail: RotationDetailView, id: string): boolean {
  const { rotation } = detail;
  const isSwitched = rotation.switched_at !== null;
  if (rotation.origin === 'observed') return id === 'abort';
  switch (id) {
    case 'publish':
      return rotation.published_at === null;
    case 'activate':
    case 'rehearse':
      return !isSwitched;
    case 'retire':
      return isSwitched && rotation.withdrawn_at === null;
    case 'complete':
    case 'rollback':
      return isSwitched;
    case 'waive':
      return waivable(detail).length > 0;
    case 'attest':
      return detail.dependents.length > 0;
    case 'destroy_old_key':
      return isSwitched && rotation.old_key_destroyed_at === null;
    case 'taint':
      return !rotation.tainted;
    default:
      return true;
  }
}

function TaintDialog({
  detail,
  onClosed,
}: {
  readonly detail: RotationDetailView;
  readonly onClosed: () => void;
}) {
  const path = `/v1${pathOf('rotations', detail.rotation.id, 'blast-radius')}`;
  const { answer, lookAgain } = useFetched<BlastRadiusView>(path);
  const radius = answer.kind === 'here' ? answer.body : null;
  const why = lackOf(answer, 'who uses the key');
  return (
    <ActDialog
      describe={(values) => taintForm(detail, values, radius, why, nowMs.value)}
      onLookAgain={lookAgain}
      onClosed={onClosed}
    />
  );
}
