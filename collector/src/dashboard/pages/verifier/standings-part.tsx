import type { VerifierDetailView } from '../../../api/schemas/verifier-detail.ts';
import { Card } from '../../ui/card.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { GRADE_MEANINGS } from '../rotation/grade-counts.ts';
import { pathOf } from '../../route.ts';

const UNKNOWN = new Set(['stale', 'silent', 'never_seen']);

/** What is known of it about each open rotation, against what its service requires. */
export function StandingsPart({ detail }: { readonly detail: VerifierDetailView }) {
  const { rotations } = detail.verifier;
  return (
    <Card title="Open rotations">
      {rotations.length === 0 ? <p class="empty">No open rotation concerns it.</p> : null}
      {rotations.map((standing) => (
        <div key={standing.rotation_id} class="standing">
          <p>
            <a href={pathOf('rotations', standing.rotation_id)}>
              <Name text={standing.rotation_id} />
            </a>
          </p>
          <dl class="verifier-facts">
            <dt>New key</dt>
            <dd>
              <StateBadge
                standing={
                  standing.sufficient
                    ? 'open'
                    : UNKNOWN.has(standing.holds_new)
                      ? 'unknown'
                      : 'closed'
                }
                word={standing.holds_new.replace('_', ' ')}
              />{' '}
              since <Ago at={standing.holds_new_since_at} />
              <div>
                It <Name text={standing.detail} charsMax={300} />; its service requires{' '}
                <strong>{detail.service.evidence}</strong> or better (
                {GRADE_MEANINGS[detail.service.evidence]})
                {detail.service.required ? '' : ', and is listed without blocking'}.
              </div>
            </dd>
            <dt>Old key</dt>
            <dd>
              {standing.holds_old === 'unknown'
                ? 'nothing shows whether it holds it'
                : standing.holds_old}{' '}
              since <Ago at={standing.holds_old_since_at} />
            </dd>
          </dl>
        </div>
      ))}
    </Card>
  );
}
