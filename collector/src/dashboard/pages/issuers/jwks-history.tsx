import { useMemo } from 'preact/hooks';
import type { IssuerHistoryView } from '../../../api/schemas/history.ts';
import type { IssuerDetailView } from '../../../api/schemas/live-issuers.ts';
import { nowMs, tick } from '../../live/live.ts';
import { type Refetched, useRefetched } from '../../live/use-refetched.ts';
import { query, setQuery } from '../../navigation.ts';
import { Card } from '../../ui/card.tsx';
import { ChoiceFilter, FilterBar } from '../../ui/filter-bar.tsx';
import { At } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { fixedStretch, jwksHistoryPath, STRETCHES } from './history-stretch.ts';
import { JwksChange } from './jwks-change.tsx';

/** How the JWKS changed at each of its addresses, the latest change first. */
export function JwksHistory({ detail }: { readonly detail: IssuerDetailView }) {
  const { issuer } = detail.glance;
  const address = query.value;
  // From when it was opened on: another path each minute would take away what is being read.
  const path = useMemo(() => jwksHistoryPath(issuer, address, nowMs.peek()), [issuer, address]);
  const answer = useRefetched<IssuerHistoryView>(path, tick.value?.versions['history'] ?? 0);
  const { from, to } = fixedStretch(address);
  return (
    <Card title="How its JWKS changed">
      <FilterBar label="Stretch of time" fields={['range', 'from', 'to']}>
        {from === null && to === null ? (
          <ChoiceFilter field="range" label="Since" any="all that is kept" choices={STRETCHES} />
        ) : (
          <p class="soft">
            {from === null ? 'Until ' : 'From '}
            {from === null ? null : <At at={from} />}
            {from !== null && to !== null ? ' to ' : null}
            {to === null ? null : <At at={to} />}
          </p>
        )}
      </FilterBar>
      <Changes answer={answer} />
    </Card>
  );
}

function Changes({ answer }: { readonly answer: Refetched<IssuerHistoryView> }) {
  if (answer.kind !== 'here') {
    return (
      <p class="empty" role="status">
        {answer.kind === 'failed'
          ? `The changes could not be loaded: ${answer.why}`
          : 'Loading the changes…'}
      </p>
    );
  }
  const { earlier, events } = answer.body;
  if (events.length === 0) return <p class="empty">No change is on record in this time.</p>;
  const oldest = events[0]?.at;
  return (
    <>
      <ol class="jwks-changes">
        {events.toReversed().map((event) => (
          <li key={`${event.at} ${event.vantage} ${event.what}`}>
            <At at={event.at} /> <Name text={event.vantage} /> <JwksChange event={event} />
          </li>
        ))}
      </ol>
      {earlier && oldest !== undefined ? (
        <p class="soft left-out">
          There are earlier ones.{' '}
          <button type="button" onClick={() => setQuery({ range: null, from: null, to: oldest })}>
            Show what was before
          </button>
        </p>
      ) : null}
    </>
  );
}
