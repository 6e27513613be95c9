import type { RetirementView, VerifierDetailView } from '../../../api/schemas/verifier-detail.ts';
import { Card } from '../../ui/card.tsx';
import { formatDuration } from '../../ui/duration.ts';
import { At, Until } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';

const WORDS: Readonly<Record<RetirementView['would'], string>> = {
  refuse: 'refuses it',
  accept_for_a_time: 'accepts it for a time',
  accept_without_end: 'accepts it without a known end',
};

function Would({ would }: Pick<RetirementView, 'would'>) {
  if (would === 'accept_for_a_time') return <span class="badge plain">{WORDS[would]}</span>;
  return <StateBadge standing={would === 'refuse' ? 'open' : 'unknown'} word={WORDS[would]} />;
}

/** What it does once a key is removed: whether it refuses it, for how long not, and what ends that now. */
export function RetirementPart({ detail }: { readonly detail: VerifierDetailView }) {
  return (
    <Card title="When the old key is removed">
      {detail.retirement.length === 0 ? (
        <p class="empty">It takes tokens of no issuer that is known here.</p>
      ) : null}
      {detail.retirement.map((one) => {
        return (
          <div key={`${one.issuer} ${one.rotation_id ?? ''}`}>
            <p>
              {one.kid === null ? null : (
                <>
                  <Name text={one.kid} charsMax={40} />{' '}
                </>
              )}
              <span class="soft">
                of <Name text={one.issuer} />
              </span>{' '}
              <Would would={one.would} />
            </p>
            {one.sentences.map((sentence) => (
              <p key={sentence}>
                <Name text={sentence} charsMax={400} />
              </p>
            ))}
            <dl class="verifier-facts">
              <dt>Longest after the removal</dt>
              <dd>
                {one.drop_bound_s === null
                  ? 'no bound is known'
                  : formatDuration(one.drop_bound_s * 1_000)}
              </dd>
              {one.may_accept_until === null ? null : (
                <>
                  <dt>So until</dt>
                  <dd>
                    <At at={one.may_accept_until} />, <Until at={one.may_accept_until} />
                  </dd>
                </>
              )}
              <dt>To end it now</dt>
              <dd>
                <Name text={one.drop_now} charsMax={600} />
              </dd>
            </dl>
          </div>
        );
      })}
    </Card>
  );
}
