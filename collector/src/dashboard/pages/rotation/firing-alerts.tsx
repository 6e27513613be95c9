import type { AlertView } from '../../../api/schemas/alert.ts';
import { useView } from '../../live/use-view.ts';
import { pathOf } from '../../route.ts';
import { Ago } from '../../ui/moment.tsx';
import { Sentence } from '../../ui/sentence.tsx';

const SHOWN_MAX = 3;

/** What is breaking now, by the alerts that fire about this rotation. */
export function FiringAlerts({ rotationId }: { readonly rotationId: string }) {
  const alerts = useView('rotation-alerts', rotationId);
  if (alerts === null) {
    return (
      <p class="strip hatched" role="alert">
        Which alerts fire about this rotation is not known.
      </p>
    );
  }
  const firing = (alerts ?? []).filter((alert) => alert.firing && alert.name !== 'Watchdog');
  if (firing.length === 0) return null;
  return (
    <div class="strip alarm">
      <h2>{firing.length === 1 ? 'One alert fires' : `${firing.length} alerts fire`}</h2>
      <ul>
        {firing.slice(0, SHOWN_MAX).map((alert) => (
          <Alert key={alert.id} alert={alert} />
        ))}
      </ul>
      {firing.length > SHOWN_MAX ? (
        <p>
          <a href={pathOf('alerts')}>and {firing.length - SHOWN_MAX} more</a>
        </p>
      ) : null}
    </div>
  );
}

function Alert({ alert }: { readonly alert: AlertView }) {
  return (
    <li>
      <a href={pathOf('alerts', alert.id)}>{alert.name}</a>{' '}
      <span class="soft">
        {alert.severity}, since <Ago at={alert.since_at} />
        {alert.status === 'no_data' ? ', no data now' : ''}
        {alert.silenced_by === null ? '' : ', silenced'}
      </span>
      <br />
      <Sentence text={alert.summary} />
    </li>
  );
}
