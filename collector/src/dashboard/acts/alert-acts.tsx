import type { AlertView, SilenceView } from '../../api/schemas/alert.ts';
import { nowMs } from '../live/live.ts';
import { ActBar, offer, type Offer } from './act-bar.tsx';
import { ActDialog } from './act-dialog.tsx';
import { acknowledgeForm, endSilenceForm, silenceForm } from './alert-forms.ts';
import { lackOf, useFetched } from './use-fetched.ts';

/** What can be done about one alert. None of it ends the alert, or opens a gate it shuts. */
export function AlertActs({ alert }: { readonly alert: AlertView }) {
  const silenceId = alert.silenced_by;
  const all: Offer[] = [
    offer('acknowledge', 'Take it on', (values) => acknowledgeForm(alert, values), 'primary'),
    {
      id: 'silence',
      label: 'Silence it',
      dialog: (onClosed) => <SilenceDialog alert={alert} onClosed={onClosed} />,
    },
    endSilence(silenceId ?? ''),
  ];
  const offered = all.filter(({ id }) => {
    if (id === 'acknowledge') return alert.firing && alert.acknowledged === null;
    return id === 'silence' ? alert.firing && silenceId === null : silenceId !== null;
  });
  return <ActBar label="Acts on this alert" offers={offered} all={all} />;
}

function SilenceDialog({
  alert,
  onClosed,
}: {
  readonly alert: AlertView;
  readonly onClosed: () => void;
}) {
  const { answer, lookAgain } = useFetched<{ readonly alerts: readonly AlertView[] }>(
    `/v1/alerts?firing=true&limit=500&name=${encodeURIComponent(alert.name)}`,
  );
  const firing = answer.kind === 'here' ? answer.body.alerts : null;
  const why = lackOf(answer, 'what it would cover');
  return (
    <ActDialog
      describe={(values) => silenceForm(alert, values, firing, why, nowMs.value)}
      onLookAgain={lookAgain}
      onClosed={onClosed}
    />
  );
}

/** What can be done about a silence: end it before its time. */
export function SilenceActs({ silenceId }: { readonly silenceId: string }) {
  return <ActBar label="Acts on this silence" offers={[endSilence(silenceId)]} />;
}

function endSilence(silenceId: string): Offer {
  return {
    id: 'end_silence',
    label: 'End the silence',
    dialog: (onClosed) => <EndSilenceDialog silenceId={silenceId} onClosed={onClosed} />,
  };
}

function EndSilenceDialog({
  silenceId,
  onClosed,
}: {
  readonly silenceId: string;
  readonly onClosed: () => void;
}) {
  const { answer } = useFetched<{ readonly silences: readonly SilenceView[] }>('/v1/silences');
  const found =
    answer.kind === 'here' ? answer.body.silences.find(({ id }) => id === silenceId) : undefined;
  const why =
    answer.kind === 'here' ? 'The silence is over already.' : lackOf(answer, 'the silence');
  return (
    <ActDialog
      describe={(values) => endSilenceForm(silenceId, values, found ?? null, why)}
      onClosed={onClosed}
    />
  );
}
