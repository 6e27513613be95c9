import type { ReceiverView } from '../../../api/schemas/receiver.ts';
import { Card } from '../../ui/card.tsx';
import { Command } from '../../ui/command.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';

const COLUMNS: readonly Column<ReceiverView>[] = [
  {
    label: 'Receiver',
    cell: ({ name, type }) => (
      <>
        <Name text={name} /> <span class="soft">{type}</span>
      </>
    ),
  },
  { label: 'Takes what it is sent', cell: (receiver) => <Taking receiver={receiver} /> },
  {
    label: 'Last arrived',
    cell: ({ delivered_at: at }) =>
      at === null ? <span class="soft">nothing since the start</span> : <Ago at={at} />,
  },
  { label: 'Waiting', isNumber: true, cell: ({ waiting }) => waiting },
  { label: 'Given up', isNumber: true, cell: ({ given_up: count }) => count },
  {
    label: 'Where',
    cell: ({ hosts }) => <Name text={hosts.join(', ')} />,
  },
  { label: 'Try it', cell: ({ name }) => <Command text={`keyturn alerts test ${name}`} /> },
];

/** Who is told of alerts, and what came of it. */
export function Receivers({ receivers }: { readonly receivers: readonly ReceiverView[] }) {
  return (
    <Card title="Who is told">
      {receivers.length === 0 ? (
        <p class="soft">
          Nobody: the settings name no receiver of alerts. This page and <code>keyturn alerts</code>{' '}
          show them.
        </p>
      ) : (
        <Rows
          caption="Receivers of alerts and what came of deliveries"
          columns={COLUMNS}
          rows={receivers}
          keyOf={({ name }) => name}
        />
      )}
    </Card>
  );
}

function Taking({ receiver }: { readonly receiver: ReceiverView }) {
  const { delivered_at: delivered, error, failing_since_at: since } = receiver;
  if (since !== null) {
    return (
      <>
        <StateBadge standing="closed" word="FAILS" />{' '}
        <span class="soft">
          since <Ago at={since} />
        </span>
        {error === null ? null : (
          <p class="why">
            <Sentence text={error} />
          </p>
        )}
      </>
    );
  }
  return delivered === null ? (
    <StateBadge standing="unknown" word="NOT TRIED" />
  ) : (
    <StateBadge standing="open" word="TAKES" />
  );
}
