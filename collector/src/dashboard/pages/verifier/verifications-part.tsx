import type { VerifierDetailView } from '../../../api/schemas/verifier-detail.ts';
import { Card } from '../../ui/card.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { MinutesChart } from './minutes-chart.tsx';
import type { HeardHistory } from './use-history.ts';

/** What came of the tokens it met: by minute, and by key since its process started. */
export function VerificationsPart({
  detail,
  heard,
}: {
  readonly detail: VerifierDetailView;
  readonly heard: HeardHistory;
}) {
  const { counts, verifier } = detail;
  return (
    <Card title="Verifications">
      {verifier.source === 'proxy' ? (
        <p class="empty">It is known by its proxy alone, which sees no verification.</p>
      ) : (
        <MinutesChart heard={heard} />
      )}
      {counts.length === 0 ? null : (
        <div class="scroll">
          <table>
            <caption class="soft">Since its process started</caption>
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col">Accepted</th>
                <th scope="col">Refused</th>
                <th scope="col">Last accepted</th>
              </tr>
            </thead>
            <tbody>
              {counts.map((row, at) => (
                <tr key={`${at} ${row.issuer} ${row.kid ?? ''}`}>
                  <th scope="row">
                    {row.kid === null ? (
                      'no kid, or one of many'
                    ) : (
                      <Name text={row.kid} charsMax={40} />
                    )}
                  </th>
                  <td>{(row.outcomes.ok ?? 0).toLocaleString('en')}</td>
                  <td>{refusals(row.outcomes)}</td>
                  <td>
                    {row.last_accepted_at === null ? 'never' : <Ago at={row.last_accepted_at} />}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {detail.counts_left_out > 0 ? (
            <p class="soft">and {detail.counts_left_out} more rows</p>
          ) : null}
        </div>
      )}
    </Card>
  );
}

function refusals(outcomes: VerifierDetailView['counts'][number]['outcomes']): string {
  const parts = Object.entries(outcomes)
    .filter(([outcome, count]) => outcome !== 'ok' && count > 0)
    .map(([outcome, count]) => `${count.toLocaleString('en')} ${outcome.replaceAll('_', ' ')}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
