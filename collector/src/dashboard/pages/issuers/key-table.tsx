import type { IssuerDetailView } from '../../../api/schemas/live-issuers.ts';
import { Card } from '../../ui/card.tsx';
import { LeftOut } from '../../ui/left-out.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { Thumbprint } from '../../ui/thumbprint.tsx';

type Key = IssuerDetailView['keys'][number];

const COLUMNS: readonly Column<Key>[] = [
  {
    label: 'kid',
    cell: (key) => (
      <>
        <Name text={key.kid} /> <Flags of={key} />
      </>
    ),
  },
  { label: 'alg', cell: ({ alg }) => <Name text={alg} /> },
  { label: 'Thumbprint', cell: ({ thumbprint }) => <Thumbprint text={thumbprint} /> },
  { label: 'First seen', cell: ({ first_seen_at: at }) => <Ago at={at} /> },
  {
    label: 'Published',
    cell: ({ published_at: at, thumbprint }) =>
      at === null ? (
        <span class="soft">{thumbprint === '' ? 'never: a secret' : 'not everywhere'}</span>
      ) : (
        <Ago at={at} />
      ),
  },
  {
    label: 'Withdrawn',
    cell: ({ withdrawn_at: at }) => (at === null ? <span class="soft">–</span> : <Ago at={at} />),
  },
  {
    label: 'Last accepted',
    cell: ({ last_accepted_at: at }) =>
      at === null ? <span class="soft">not seen</span> : <Ago at={at} />,
  },
];

/** Every key an issuer ever had, those it serves first. */
export function KeyTable({ detail }: { readonly detail: IssuerDetailView }) {
  return (
    <Card title="Keys, now and ever">
      {detail.keys.length === 0 ? (
        <p class="empty">No key has been seen yet.</p>
      ) : (
        <Rows
          caption="Keys of this issuer, those served now first"
          columns={COLUMNS}
          rows={detail.keys}
          keyOf={({ kid, thumbprint }) => `${kid} ${thumbprint}`}
        />
      )}
      <LeftOut count={detail.more_keys} what="keys" where="GET /v1/issuers lists all" />
    </Card>
  );
}

function Flags({ of: key }: { readonly of: Key }) {
  return (
    <>
      {key.served ? <span class="tag">served</span> : null}{' '}
      {key.reused || key.tombstone === 'reused' ? <span class="tag closed">kid reused</span> : null}
      {key.tombstone === 'retired' ? <span class="tag">retired for ever</span> : null}
    </>
  );
}
