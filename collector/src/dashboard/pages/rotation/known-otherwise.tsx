import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import { nowMs } from '../../live/live.ts';
import { Card } from '../../ui/card.tsx';
import { Ago, At, Until } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { Sentence } from '../../ui/sentence.tsx';

/** What is known otherwise than by reports of verifiers: words, waivers, time, canaries, rehearsals. */
export function KnownOtherwise({ detail }: { readonly detail: RotationDetailView }) {
  const dependents = detail.dependents.filter(({ judged_by: way }) => way !== 'evidence');
  const { attestations, waivers, canaries, rehearsals } = detail;
  const isNothing =
    dependents.length + attestations.length + waivers.length + rehearsals.length === 0 &&
    canaries === null;
  if (isNothing) return null;
  return (
    <Card title="Known by word, by time or by trial">
      <Part
        title="Services that are not judged by reports"
        columns={DEPENDENT_COLUMNS}
        rows={dependents}
        keyOf={({ service }) => service}
      />
      <Part
        title="Attestations"
        columns={ATTESTATION_COLUMNS}
        rows={attestations.toReversed()}
        keyOf={({ id }) => id}
      />
      <Part
        title="Waivers"
        columns={WAIVER_COLUMNS}
        rows={waivers.toReversed()}
        keyOf={({ id }) => id}
      />
      {canaries === null || !detail.rotation.open ? null : <CanaryPart canaries={canaries} />}
      <Part
        title="Rehearsals of going back"
        columns={REHEARSAL_COLUMNS}
        rows={rehearsals.toReversed()}
        keyOf={({ number }) => String(number)}
      />
    </Card>
  );
}

const DEPENDENT_COLUMNS: readonly Column<RotationDetailView['dependents'][number]>[] = [
  { label: 'Service', cell: ({ service }) => <Name text={service} /> },
  { label: 'Kind', cell: ({ kind, required }) => `${kind}${required ? '' : ', optional'}` },
  { label: 'Judged by', cell: ({ judged_by: way }) => way },
  {
    label: 'Waits for',
    cell: ({ waits_for: what, uncovered_percent: left }) => (
      <>
        {what.length === 0 ? 'nothing' : <Sentence text={what.join('; ')} />}
        {(left ?? 0) > 0 ? `; ${left} % of it is left out` : ''}
      </>
    ),
  },
];

const ATTESTATION_COLUMNS: readonly Column<RotationDetailView['attestations'][number]>[] = [
  {
    label: 'Service',
    cell: ({ service, instance }) => (
      <Name text={instance === null ? service : `${service}/${instance}`} />
    ),
  },
  {
    label: 'Says',
    cell: ({ fact }) => (fact === 'holds_new' ? 'holds the new key' : 'rejects the old key'),
  },
  { label: 'By', cell: ({ by }) => <Name text={by} /> },
  { label: 'Why', cell: ({ reason }) => <Sentence text={reason} /> },
  { label: 'In force', cell: ({ expires_at: at }) => <Expiry at={at} /> },
];

const WAIVER_COLUMNS: readonly Column<RotationDetailView['waivers'][number]>[] = [
  {
    label: 'Check',
    cell: ({ gate, check_id: id }) => (
      <>
        {gate}:{' '}
        <code>
          <Name text={id} />
        </code>
      </>
    ),
  },
  { label: 'By', cell: ({ by }) => <Name text={by} /> },
  { label: 'Why', cell: ({ reason }) => <Sentence text={reason} /> },
  { label: 'In force', cell: ({ expires_at: at }) => <Expiry at={at} /> },
];

const REHEARSAL_COLUMNS: readonly Column<RotationDetailView['rehearsals'][number]>[] = [
  { label: 'Number', cell: ({ number }) => number },
  { label: 'Result', cell: ({ status }) => status },
  { label: 'When', cell: ({ rehearsed_at: at }) => <At at={at} /> },
  { label: 'By', cell: ({ by }) => <Name text={by} /> },
  {
    label: 'In the way',
    cell: ({ checks }) => {
      const reasons = checks.filter(({ status }) => status === 'fail' || status === 'unknown');
      return reasons.length === 0 ? (
        'nothing'
      ) : (
        <Sentence text={reasons.map(({ message }) => message).join('; ')} />
      );
    },
  },
];

/** A table with a heading; nothing where there is nothing to tell. */
function Part<R>({
  title,
  columns,
  rows,
  keyOf,
}: {
  readonly title: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string;
}) {
  if (rows.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <Rows caption={title} columns={columns} rows={rows} keyOf={keyOf} />
    </>
  );
}

function Expiry({ at }: { readonly at: string }) {
  return Date.parse(at) > nowMs.value ? (
    <>
      ends <Until at={at} />
    </>
  ) : (
    <>
      expired <Ago at={at} />
    </>
  );
}

function CanaryPart({
  canaries,
}: {
  readonly canaries: NonNullable<RotationDetailView['canaries']>;
}) {
  const { knows_new, lacks_new, takes_anything, unclear } = canaries.verifiers;
  return (
    <>
      <h3>Canaries</h3>
      <p>
        {canaries.held_until_at === null ? (
          'None at hand. '
        ) : (
          <>
            At hand, gone <Until at={canaries.held_until_at} />.{' '}
          </>
        )}
        {canaries.held_until_at === null || canaries.not_presented_because === null ? null : (
          <>
            Not presented now: <Sentence text={canaries.not_presented_because} />.{' '}
          </>
        )}
      </p>
      <ul class="fact-line">
        <li>{knows_new} take the new key</li>
        <li>{lacks_new} lack it</li>
        <li>{takes_anything} take any signature</li>
        <li>{unclear} unclear</li>
      </ul>
    </>
  );
}
