import type { IssuerGlanceView } from '../../../api/schemas/glance.ts';
import { FleetBar } from '../../ui/fleet-bar.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { issuerPath } from '../view-filter.ts';
import { IssuerStanding } from './issuer-standing.tsx';

const COLUMNS: readonly Column<IssuerGlanceView>[] = [
  {
    label: 'Issuer',
    cell: ({ control, issuer }) => (
      <>
        <a href={issuerPath(issuer)}>
          <Name text={issuer} />
        </a>
        {control === 'third_party' ? <span class="soft"> third party</span> : null}
      </>
    ),
  },
  { label: 'JWKS', cell: (issuer) => <Jwks issuer={issuer} /> },
  {
    label: 'Keys',
    isNumber: true,
    cell: ({ keys_published: published, shared_secrets: secret, standing }) =>
      standing === 'none' && secret ? '–' : published,
  },
  {
    label: 'Rotations',
    isNumber: true,
    cell: ({ open_rotations: open }) => (open === 0 ? '–' : `${open} open`),
  },
  { label: 'Services', isNumber: true, cell: ({ fleet }) => fleet.services },
  { label: 'Verifiers', cell: ({ fleet }) => <FleetBar totals={fleet} /> },
];

/** Issuers in a line each, with their verifiers. */
export function IssuerRows({ issuers }: { readonly issuers: readonly IssuerGlanceView[] }) {
  return (
    <Rows
      caption="Issuers, how their JWKS stands, and their verifiers"
      columns={COLUMNS}
      rows={issuers}
      keyOf={({ issuer }) => issuer}
    />
  );
}

function Jwks({ issuer }: { readonly issuer: IssuerGlanceView }) {
  const { differs, failing, more_failing: more } = issuer;
  return (
    <>
      <IssuerStanding issuer={issuer} />
      {failing.map(({ message, since_at: since, url }) => (
        <p key={url} class="why">
          <Name text={url} />: <Sentence text={message} />
          {since === null ? null : (
            <span class="soft">
              {' '}
              since <Ago at={since} />
            </span>
          )}
        </p>
      ))}
      {more === 0 ? null : <p class="why soft">and {more} more addresses</p>}
      {differs ? <p class="why">Its addresses serve different keys.</p> : null}
    </>
  );
}
