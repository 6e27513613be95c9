import { useView } from '../../live/use-view.ts';
import { Ago, Until } from '../../ui/moment.tsx';

/** Says so when the collector itself is in no state to give verdicts; else nothing. */
export function CollectorHealth() {
  const health = useView('health');
  if (health === undefined || health === null) return null;
  const { hold_down_until_at: holdDown, store_failing_since_at: failing } = health;
  if (holdDown === null && failing === null) return null;
  return (
    <div class="strip hatched">
      {failing === null ? null : (
        <p>
          <strong>The collector's store refuses writes</strong> since <Ago at={failing} />: every
          gate is unknown until it takes them again.
        </p>
      )}
      {holdDown === null ? null : (
        <p>
          <strong>The collector has just started</strong> and has not heard the fleet yet: every
          gate is unknown for now; that ends <Until at={holdDown} />.
        </p>
      )}
    </div>
  );
}
