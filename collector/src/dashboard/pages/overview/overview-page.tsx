import type { StatusView } from '../../../api/schemas/status.ts';
import { useView } from '../../live/use-view.ts';
import { useTitle } from '../../use-title.ts';
import { Card } from '../../ui/card.tsx';
import { Name } from '../../ui/name.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { pathOf } from '../../route.ts';

/** Everything at a glance. */
export function OverviewPage() {
  useTitle('Overview');
  const status = useView('overview');
  if (status === undefined || status === null) {
    return <Waiting value={status} missing="The collector could not say how it is." />;
  }
  return (
    <>
      <h1>Overview</h1>
      {status.rotations.map((entry) => (
        <RotationCard key={entry.rotation.id} entry={entry} />
      ))}
    </>
  );
}

function RotationCard({ entry }: { readonly entry: StatusView['rotations'][number] }) {
  const { rotation, gates } = entry;
  return (
    <Card
      title={
        <a href={pathOf('rotations', rotation.id)}>
          <Name text={rotation.old_key.kid} /> → <Name text={rotation.new_key.kid} />
        </a>
      }
    >
      <p class="soft">
        <Name text={rotation.issuer} /> · phase {rotation.phase}
      </p>
      <ul class="gates">
        {gates.map((verdict) => (
          <li key={verdict.gate} class={verdict.status}>
            <span class="soft">{verdict.gate}</span>
            <StateBadge standing={verdict.status} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
