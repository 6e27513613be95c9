import type { IssuerHistoryView } from '../../../api/schemas/history.ts';
import { formatDuration } from '../../ui/duration.ts';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';

type Event = IssuerHistoryView['events'][number];

/** What changed at one address of a JWKS, with signs beside colours. */
export function JwksChange({ event }: { readonly event: Event }) {
  switch (event.what) {
    case 'failing':
      return (
        <>
          <strong class="closed-word">could not be read:</strong> <Sentence text={event.message} />
        </>
      );
    case 'readable':
      return <>could be read again</>;
    case 'document':
      return <DocumentChange event={event} />;
  }
}

function DocumentChange({ event }: { readonly event: Extract<Event, { what: 'document' }> }) {
  const {
    added,
    changed,
    first,
    key_count: count,
    keys,
    max_age_s: maxAgeS,
    more,
    removed,
  } = event;
  const shown = keys.map(({ kid }) => kid);
  return (
    <>
      {first ? 'first seen, with ' : null}
      {first ? <Kids sign="" kids={shown} /> : null}
      <Kids sign="+" kids={added} />
      <Kids sign="−" kids={removed} />
      <Kids sign="≠" kids={changed} />
      {more === 0 ? null : <span>and {more} more </span>}
      <span class="soft">
        {count} {count === 1 ? 'key' : 'keys'}, {event.bytes} bytes,{' '}
        {maxAgeS === null ? 'no max-age' : `max-age ${formatDuration(maxAgeS * 1_000)}`}
      </span>
    </>
  );
}

const WORDS: Readonly<Record<string, string>> = { '+': 'new', '−': 'gone', '≠': 'another key' };

function Kids({ sign, kids }: { readonly sign: string; readonly kids: readonly string[] }) {
  return (
    <>
      {kids.map((kid) => (
        <span key={kid} class={`tag kid-change ${sign === '−' || sign === '≠' ? 'closed' : ''}`}>
          {sign === '' ? null : <span>{`${sign} ${WORDS[sign] ?? ''}: `}</span>}
          <Name text={kid} charsMax={40} />
        </span>
      ))}{' '}
    </>
  );
}
