import type { ContainmentView } from '../../../api/schemas/emergency.ts';
import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import { Card } from '../../ui/card.tsx';
import { Until } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';

const PENDING_WORDS: Readonly<
  Record<ContainmentView['services'][number]['pending'][number]['state'], string>
> = {
  not_withdrawn: 'until the key is withdrawn',
  holds_old: 'hold the old key',
  waiting: 'wait for their bound',
  unbounded: 'may keep it without a bound',
  unheard: 'not heard',
  unvouched: 'nobody vouches',
};

const COLUMNS: readonly Column<ContainmentView['services'][number]>[] = [
  { label: 'Service', cell: ({ service }) => <Name text={service} /> },
  { label: 'Contained', cell: ({ contained, total }) => `${contained}/${total}` },
  { label: 'Still open', cell: ({ pending }) => pending.map(pendingLine) },
  { label: 'To end it at once', cell: (service) => <Sentence text={service.drop_now} /> },
];

/** How far a tainted key is out of use, and what ends the rest at once. */
export function TaintedPart({ detail }: { readonly detail: RotationDetailView }) {
  const { containment, rotation } = detail;
  if (containment === null) return null;
  const pending = containment.services.filter(({ pending: left }) => left.length > 0);
  return (
    <Card
      title="Containment of the tainted key"
      tone="alarm"
      aside={
        <StateBadge
          standing={standingOf(containment)}
          word={`${containment.percent} % CONTAINED`}
        />
      }
    >
      <p>
        <strong>
          {containment.contained} of {containment.total}
        </strong>{' '}
        verifiers no longer accept <Name text={rotation.old_key.kid} />.
        {containment.withdrawn_at === null ? ' It is still served.' : ''}
      </p>
      {pending.length === 0 ? null : (
        <Rows
          caption="Services that may still accept the tainted key"
          columns={COLUMNS}
          rows={pending}
          keyOf={({ service }) => service}
        />
      )}
    </Card>
  );
}

function pendingLine({
  state,
  count,
  until_at: until,
}: ContainmentView['services'][number]['pending'][number]) {
  return (
    <div key={state}>
      {count} {PENDING_WORDS[state]}
      {until === null ? null : (
        <>
          , over <Until at={until} />
        </>
      )}
    </div>
  );
}

function standingOf({ status }: ContainmentView): 'open' | 'closed' | 'unknown' {
  if (status === 'contained') return 'open';
  return status === 'unknown' ? 'unknown' : 'closed';
}
