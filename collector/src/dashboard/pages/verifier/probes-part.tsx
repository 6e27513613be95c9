import type { VerifierDetailView } from '../../../api/schemas/verifier-detail.ts';
import { Card } from '../../ui/card.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';

type Reading = NonNullable<VerifierDetailView['verifier']['probes'][number]['reading']>;

const READINGS: Readonly<Record<Reading, string>> = {
  knows_new: 'It accepts the new key.',
  lacks_new: 'It refuses the new key.',
  takes_anything: 'It accepts signatures that nobody made: its answers prove nothing.',
  unclear: 'Its answers prove nothing.',
};

/** What canary tokens showed of it; nothing where it was never shown one. */
export function ProbesPart({ detail }: { readonly detail: VerifierDetailView }) {
  const { probes } = detail.verifier;
  if (probes.length === 0) return null;
  return (
    <Card title="Canary tokens">
      {probes.map((probe) => (
        <div key={probe.issuer}>
          <p>
            <Name text={probe.issuer} />
            {probe.probed_at === null ? ' by an earlier process' : null}{' '}
            {probe.probed_at === null ? null : <Ago at={probe.probed_at} />}
          </p>
          {probe.reading === null ? null : <p>{READINGS[probe.reading]}</p>}
          <ul>
            {probe.answers.map(({ role, outcome, status }) => (
              <li key={role}>
                {role}: {outcome}
                {status === null ? '' : ` (HTTP ${status})`}
              </li>
            ))}
          </ul>
          {probe.bogus_accepted_at === null ? null : (
            <p class="late">
              It accepted a bogus signature <Ago at={probe.bogus_accepted_at} />.
            </p>
          )}
        </div>
      ))}
    </Card>
  );
}
