import type { AuditEntryView } from '../../../api/schemas/status.ts';
import { useRefetched } from '../../live/use-refetched.ts';
import { Card } from '../../ui/card.tsx';
import { At } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { Sentence } from '../../ui/sentence.tsx';

const SHOWN_MAX = 100;

const COLUMNS: readonly Column<AuditEntryView>[] = [
  { label: 'When', cell: ({ at }) => <At at={at} /> },
  { label: 'Who', cell: ({ actor }) => <Name text={actor} /> },
  {
    label: 'What',
    cell: ({ kind, message }) => (
      <>
        {kind === 'refusal' ? <span class="tag closed">refused</span> : null}{' '}
        <Sentence text={message} />
      </>
    ),
  },
  {
    label: 'Entry',
    isNumber: true,
    cell: ({ number }) => number,
  },
];

interface Trail {
  readonly entries: readonly AuditEntryView[];
  readonly next: number | null;
}

/** What the audit trail holds of one alert: every transition, and what people said. */
export function AlertTrail({
  id,
  transition,
}: {
  readonly id: string;
  readonly transition: number;
}) {
  const asked = new URLSearchParams({ alert: id, order: 'newest', limit: String(SHOWN_MAX) });
  const answer = useRefetched<Trail>(`/v1/audit?${asked}`, transition);
  return (
    <Card title="History">
      {answer.kind === 'here' ? (
        <Entries entries={answer.body.entries} isMore={answer.body.next !== null} />
      ) : (
        <p class="empty" role="status">
          {answer.kind === 'failed'
            ? `The history could not be loaded: ${answer.why}`
            : 'Loading the history…'}
        </p>
      )}
    </Card>
  );
}

function Entries({
  entries,
  isMore,
}: {
  readonly entries: readonly AuditEntryView[];
  readonly isMore: boolean;
}) {
  if (entries.length === 0) {
    return <p class="empty">Nothing is on record under this id.</p>;
  }
  return (
    <>
      <Rows
        caption="Entries of the audit trail about this alert, newest first"
        columns={COLUMNS}
        rows={entries}
        keyOf={({ number }) => String(number)}
      />
      {isMore ? <p class="soft left-out">Only the latest {SHOWN_MAX} are shown.</p> : null}
    </>
  );
}
