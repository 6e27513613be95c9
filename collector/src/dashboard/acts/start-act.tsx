import type { StatusView } from '../../api/schemas/status.ts';
import { ActBar } from './act-bar.tsx';
import { ActDialog } from './act-dialog.tsx';
import { startForm } from './start-form.ts';
import { lackOf, useFetched } from './use-fetched.ts';

/** Starting a rotation. */
export function StartAct() {
  return (
    <ActBar
      label="Acts on rotations"
      offers={[
        {
          id: 'start',
          label: 'Start a rotation',
          dialog: (onClosed) => <StartDialog onClosed={onClosed} />,
        },
      ]}
    />
  );
}

function StartDialog({ onClosed }: { readonly onClosed: () => void }) {
  const { answer, lookAgain } = useFetched<StatusView>('/v1/status');
  const status = answer.kind === 'here' ? answer.body : null;
  const why = lackOf(answer, 'what the issuers publish');
  return (
    <ActDialog
      describe={(values) => startForm(status, values, why)}
      onLookAgain={lookAgain}
      onClosed={onClosed}
    />
  );
}
