import type { AlertDetailView } from '../../../api/schemas/live-alerts.ts';
import { pathOf } from '../../route.ts';
import { Facts } from '../../ui/facts.tsx';
import { Ago, At } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { issuerPath } from '../view-filter.ts';

/** What an alert is about, and since when. */
export function AlertFactList({ detail }: { readonly detail: AlertDetailView }) {
  const { alert } = detail;
  return (
    <Facts
      facts={[
        ...Object.entries(alert.labels).map(
          ([label, value]) => [label, <Label key={label} {...{ detail, label, value }} />] as const,
        ),
        ['first seen', <Moment key="since" at={alert.since_at} />],
        alert.fired_at === null
          ? null
          : ['fires since', <Moment key="fired" at={alert.fired_at} />],
        alert.resolved_at === null
          ? null
          : ['over since', <Moment key="resolved" at={alert.resolved_at} />],
        ['id', <Name key="id" text={alert.id} />],
      ]}
    />
  );
}

function Moment({ at }: { readonly at: string }) {
  return (
    <>
      <Ago at={at} />{' '}
      <span class="soft">
        <At at={at} />
      </span>
    </>
  );
}

/** A name, with a link to what it names where there is a page of it. */
function Label({
  detail,
  label,
  value,
}: {
  readonly detail: AlertDetailView;
  readonly label: string;
  readonly value: string;
}) {
  const to = linkOf(detail, label, value);
  return to === null ? (
    <Name text={value} />
  ) : (
    <a href={to}>
      <Name text={value} />
    </a>
  );
}

function linkOf(detail: AlertDetailView, label: string, value: string): string | null {
  const { cache, instance, service } = detail.alert.labels;
  switch (label) {
    case 'rotation':
      return detail.rotation === null ? null : pathOf('rotations', value);
    case 'issuer':
      return detail.has_issuer ? issuerPath(value) : null;
    case 'service':
      return `/inventory?${new URLSearchParams({ q: value })}`;
    case 'instance':
    case 'cache':
      return detail.has_verifier && service !== undefined && instance !== undefined
        ? pathOf('verifiers', service, instance, cache ?? '')
        : null;
    default:
      return null;
  }
}
