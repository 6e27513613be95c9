import { useState } from 'preact/hooks';
import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import { query } from '../../navigation.ts';
import { pathOf } from '../../route.ts';
import { Card } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { ChoiceFilter, FilterBar, TextFilter } from '../../ui/filter-bar.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { filterLaggards, type Laggard, laggardsOf, nameOf } from './laggards.ts';

/** Rows put into the page at once; more come when asked for. */
const SHOWN_FIRST = 50;

/** Who is in the way of the next gate, or of another one, the worst first. */
export function LaggardTable({ detail }: { readonly detail: RotationDetailView }) {
  const [shownMax, setShownMax] = useState(SHOWN_FIRST);
  const asked = query.value.get('gate');
  const verdict =
    detail.gates.find(({ gate }) => gate === asked) ??
    detail.gates.find(({ gate }) => gate === detail.next_gate);
  if (verdict === undefined) return null;
  const filter = query.value.get('who') ?? '';
  const { listed, unlisted } = laggardsOf(verdict);
  const matching = filterLaggards(listed, filter);
  const shown = matching.slice(0, shownMax);
  return (
    <Card
      title={`In the way of ${verdict.gate}`}
      aside={
        <span role="status">
          {shown.length} of {listed.length + unlisted} shown
        </span>
      }
    >
      <FilterBar label="Filter who is in the way" fields={['gate', 'who']}>
        <ChoiceFilter
          field="gate"
          label="Gate"
          any={`next: ${detail.next_gate ?? verdict.gate}`}
          choices={detail.gates.map(({ gate }) => ({ value: gate, text: gate }))}
        />
        <TextFilter field="who" label="Service, instance, state or text" />
        <CopyButton label="Copy as JSON" text={() => JSON.stringify(matching, null, 2)} />
      </FilterBar>
      {listed.length === 0 ? (
        <p class="empty">
          {verdict.ready
            ? `Nobody is in the way of ${verdict.gate}.`
            : `No single verifier is in the way of ${verdict.gate}; see its checks.`}
        </p>
      ) : (
        <Rows
          caption={`In the way of ${verdict.gate}`}
          columns={COLUMNS}
          rows={shown}
          keyOf={nameOf}
        />
      )}
      {matching.length > shown.length ? (
        <button type="button" onClick={() => setShownMax(shownMax + 200)}>
          Show {Math.min(200, matching.length - shown.length)} more
        </button>
      ) : null}
      {unlisted > 0 ? (
        <p class="soft">
          {unlisted} more are not listed here:{' '}
          <a href={`/verifiers?rotation=${encodeURIComponent(detail.rotation.id)}`}>
            all verifiers of this rotation
          </a>
        </p>
      ) : null}
    </Card>
  );
}

/** Of these nothing is known now. */
const SILENT: ReadonlySet<string> = new Set([
  'silent',
  'never_seen',
  'unseen',
  'undecided',
  'stale',
]);

const COLUMNS: readonly Column<Laggard>[] = [
  { label: 'Verifier', cell: (laggard) => <Verifier laggard={laggard} /> },
  {
    label: 'State',
    cell: ({ state }) => (
      <span class={SILENT.has(state) ? 'state-word hatched' : 'state-word'}>
        <Name text={state.replaceAll('_', ' ')} />
      </span>
    ),
  },
  {
    label: 'Since',
    cell: ({ since_at: since }) => (since === null ? '–' : <Ago at={since} />),
  },
  { label: 'Detail', cell: ({ detail }) => <Sentence text={detail} /> },
];

function Verifier({ laggard }: { readonly laggard: Laggard }) {
  const { service, instance, cache } = laggard;
  const name = <Name text={nameOf(laggard)} />;
  return instance === '' || cache === '' ? (
    name
  ) : (
    <a href={pathOf('verifiers', service, instance, cache)}>{name}</a>
  );
}
