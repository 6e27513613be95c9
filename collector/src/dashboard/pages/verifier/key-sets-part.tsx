import type { VerifierDetailView } from '../../../api/schemas/verifier-detail.ts';
import { Card } from '../../ui/card.tsx';
import { Ago, Until } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';

const KIDS_SHOWN_MAX = 20;

/** The key sets as its last report had them. */
export function KeySetsPart({ detail }: { readonly detail: VerifierDetailView }) {
  const { key_sets: sets, states } = detail.verifier;
  return (
    <Card title={states.includes('reporting') ? 'Keys it holds' : 'Keys it held when last heard'}>
      {sets.length === 0 ? <p class="empty">It has said nothing of its keys.</p> : null}
      {sets.map((set) => (
        <div key={set.issuer}>
          <p>
            <Name text={set.issuer} />
          </p>
          <ul class="kids">
            {set.kids.slice(0, KIDS_SHOWN_MAX).map((kid, at) => (
              // A set may hold a kid twice.
              <li key={`${at} ${kid}`}>
                <Name text={kid} charsMax={40} />
              </li>
            ))}
            {set.kids.length > KIDS_SHOWN_MAX ? (
              <li class="soft">and {set.kids.length - KIDS_SHOWN_MAX} more</li>
            ) : null}
            {set.kids.length === 0 ? <li class="soft">no key</li> : null}
          </ul>
          <dl class="verifier-facts">
            <dt>Fetched</dt>
            <dd>{set.data_at === null ? 'never' : <Ago at={set.data_at} />}</dd>
            <dt>Last try</dt>
            <dd>
              {set.attempt_at === null ? 'not said' : <Ago at={set.attempt_at} />}
              {set.consecutive_failures > 0 ? (
                <span class="late">
                  , failed {set.consecutive_failures}{' '}
                  {set.consecutive_failures === 1 ? 'time' : 'times'} in a row
                  {set.last_error === null ? null : (
                    <>
                      : <Name text={set.last_error} />
                    </>
                  )}
                </span>
              ) : null}
            </dd>
            <dt>Next refresh</dt>
            <dd>
              {set.next_refresh_at === null ? 'not said' : <Until at={set.next_refresh_at} />}
            </dd>
            {set.served_at === null ? null : (
              <>
                <dt>Served by the proxy</dt>
                <dd>
                  <Ago at={set.served_at} />
                </dd>
              </>
            )}
          </dl>
        </div>
      ))}
    </Card>
  );
}
