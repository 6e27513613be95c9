import type { StatusView } from '../../api/schemas/status.ts';
import { ActBar, offer } from './act-bar.tsx';
import { startForm } from './start-form.ts';

/** Starting a rotation. */
export function StartAct({ status }: { readonly status: StatusView }) {
  return (
    <ActBar
      label="Acts"
      offers={[offer('start', 'Start a rotation', (values) => startForm(status, values))]}
    />
  );
}
