import { counted } from '@keyturn/shared/model/counted.ts';
import type { PropagationView } from '../../../api/schemas/propagation.ts';
import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import { Card } from '../../ui/card.tsx';
import { formatDuration } from '../../ui/duration.ts';
import { Ago, Until } from '../../ui/moment.tsx';
import { Sentence } from '../../ui/sentence.tsx';

/** What a key that appeared by itself means for the verifiers; nothing for a rotation of ours. */
export function ObservedPart({ detail }: { readonly detail: RotationDetailView }) {
  const { rotation, propagation } = detail;
  if (rotation.origin !== 'observed') return null;
  return (
    <Card title="What the issuer does" tone={propagation?.risk === 'high' ? 'alarm' : 'quiet'}>
      <p class="soft">
        Nobody here takes these steps and the issuer does not ask: the verdicts are advice.
      </p>
      {propagation === null ? null : <Risk propagation={propagation} />}
      {rotation.findings.length === 0 ? null : (
        <>
          <h3>Findings</h3>
          <ul>
            {rotation.findings.map((finding) => (
              <li key={finding.id}>
                <Sentence text={finding.message} />{' '}
                <span class="soft">
                  <Ago at={finding.at} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function Risk({ propagation }: { readonly propagation: PropagationView }) {
  const { risk, reasons, verifiers, knowing, refusing, doubtful, unheard } = propagation;
  return (
    <>
      <p>
        <strong class={`risk ${risk}`}>Risk {risk}</strong>
        {reasons.length === 0 ? null : (
          <>
            : <Sentence text={reasons.join('; ')} />
          </>
        )}
        .
      </p>
      <ul class="fact-line">
        <li>
          {knowing} of {counted(verifiers, 'verifier')} would accept the new key
        </li>
        <li>{refusing} would refuse it</li>
        <li>{doubtful} doubtful</li>
        <li>{unheard} unheard</li>
        {propagation.unseen_services > 0 ? (
          <li>{counted(propagation.unseen_services, 'service')} nobody hears</li>
        ) : null}
        {propagation.known_by === null ? null : (
          <li>
            by their profiles all have it <Until at={propagation.known_by} />
          </li>
        )}
        {propagation.failures > 0 ? (
          <li>{counted(propagation.failures, 'failure')} of its tokens</li>
        ) : null}
      </ul>
      <p class="soft">{leadSentence(propagation)}</p>
    </>
  );
}

function leadSentence({ lead_s, needed_lead_s }: PropagationView): string {
  const needed =
    needed_lead_s === null
      ? 'some verifier may need any time'
      : `verifiers may need ${formatDuration(needed_lead_s * 1_000)}`;
  if (lead_s === null) return `The key is not served everywhere; ${needed}.`;
  if (lead_s < 0) return `The key was used before it was served everywhere; ${needed}.`;
  return `The issuer gave ${formatDuration(lead_s * 1_000)} of lead so far; ${needed}.`;
}
