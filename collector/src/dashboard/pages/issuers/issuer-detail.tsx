import { counted } from '@keyturn/shared/model/counted.ts';
import type { IssuerDetailView } from '../../../api/schemas/live-issuers.ts';
import { Card } from '../../ui/card.tsx';
import { formatDuration } from '../../ui/duration.ts';
import { type Fact, Facts } from '../../ui/facts.tsx';
import { FleetBar } from '../../ui/fleet-bar.tsx';
import { Name } from '../../ui/name.tsx';
import { RotationLinks } from '../../ui/rotation-links.tsx';
import { IssuerDifferences } from './issuer-differences.tsx';
import { IssuerStanding } from './issuer-standing.tsx';
import { JwksHistory } from './jwks-history.tsx';
import { KeyTable } from './key-table.tsx';
import { Vantages } from './vantages.tsx';

/** One issuer: what each address of its JWKS shows, and every key it ever had. */
export function IssuerDetail({ detail }: { readonly detail: IssuerDetailView }) {
  const { glance } = detail;
  return (
    <>
      <h1 class="alert-heading">
        <Name text={glance.issuer} charsMax={120} />
        <IssuerStanding issuer={glance} />
      </h1>
      <IssuerDifferences detail={detail} />
      <Vantages detail={detail} />
      <KeyTable detail={detail} />
      <JwksHistory detail={detail} />
      <Card title="About this issuer">
        <Facts facts={factsOf(detail)} />
      </Card>
    </>
  );
}

function factsOf(detail: IssuerDetailView): readonly Fact[] {
  const { glance, max_token_lifetime_s: lifetimeS, rotations } = detail;
  return [
    ['verifiers', <FleetBar key="fleet" totals={glance.fleet} />],
    [
      'services',
      <a key="services" href={`/inventory?${new URLSearchParams({ issuer: glance.issuer })}`}>
        {counted(glance.fleet.services, 'service')}
      </a>,
    ],
    [
      'open rotations',
      rotations.length === 0 ? 'none' : <RotationLinks key="rotations" of={rotations} />,
    ],
    [
      'rotated',
      glance.control === 'ours' ? 'by us' : 'by a third party: its rotations are observed',
    ],
    [
      'longest token lifetime',
      lifetimeS === null
        ? 'not known: neither declared nor seen, so gate retire cannot open'
        : `${formatDuration(lifetimeS * 1_000)}, declared or seen`,
    ],
    detail.watch_interval_s === null
      ? null
      : [
          'looked at',
          `every ${detail.watch_interval_s < 1 ? `${detail.watch_interval_s * 1_000} ms` : formatDuration(detail.watch_interval_s * 1_000)}`,
        ],
    detail.skew_s === null
      ? null
      : ['clock skew allowed for', formatDuration(detail.skew_s * 1_000)],
    glance.shared_secrets ? ['shared secrets', 'tokens may be signed with them'] : null,
  ];
}
