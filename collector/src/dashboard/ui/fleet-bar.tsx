import { counted } from '@keyturn/shared/model/counted.ts';
import type { FleetTotalsView } from '../../api/schemas/glance.ts';
import { fresh } from '../live/live.ts';

type Totals = Pick<FleetTotalsView, 'verifiers' | 'reporting' | 'silent' | 'joined'>;

const PARTS = [
  ['reporting', 'reporting'],
  ['silent', 'silent'],
  ['joined', 'yet to report'],
] as const;

/** Verifiers by whether they are heard, as a bar with its numbers. Who is not heard is hatched. */
export function FleetBar({ totals }: { readonly totals: Totals }) {
  if (totals.verifiers === 0) return <span class="soft">no verifier known</span>;
  const parts = PARTS.filter(([part]) => totals[part] > 0);
  const isOld = fresh.value.kind !== 'live';
  return (
    <div class="fleet-totals">
      <div class="fleet-bar" aria-hidden="true">
        {parts.map(([part]) => (
          <span
            key={part}
            class={isOld ? 'silent' : part}
            style={{ flexGrow: String(totals[part]) }}
          />
        ))}
      </div>
      <span class="fleet-words">
        {parts.map(([part, word]) => `${totals[part]} ${word}`).join(' · ')}
        {parts.length > 1 ? (
          <span class="soft"> of {counted(totals.verifiers, 'verifier')}</span>
        ) : null}
      </span>
    </div>
  );
}
