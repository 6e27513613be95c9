import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import { RotationActs } from '../../acts/rotation-acts.tsx';
import { pathOf } from '../../route.ts';
import { Ago, At } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { CollectorHealth } from './collector-health.tsx';
import { FiringAlerts } from './firing-alerts.tsx';
import { GateCards, GoBack } from './gate-cards.tsx';
import { VerdictAnnouncer } from './verdict-announcer.tsx';
import { algWords, phaseWords } from './words.ts';

/** What somebody sees first: which keys, how it stands, and every verdict with its first reason. */
export function Banner({ detail }: { readonly detail: RotationDetailView }) {
  const { rotation, gates } = detail;
  return (
    <section class="banner" aria-labelledby="rotation-heading">
      <div class="banner-head">
        <h1 id="rotation-heading">
          <span class="visually-hidden">Rotation from </span>
          <span class="kid old">
            <Name text={rotation.old_key.kid} charsMax={64} />
          </span>{' '}
          <span aria-hidden="true">→</span>
          <span class="visually-hidden">to</span>{' '}
          <span class="kid new">
            <Name text={rotation.new_key.kid} charsMax={64} />
          </span>
        </h1>
        <Chips detail={detail} />
      </div>
      <p class="phase">
        <strong>{rotation.phase}</strong>: {phaseWords(rotation)}
      </p>
      <Facts detail={detail} />
      <CollectorHealth />
      <GoBack gates={gates} />
      <FiringAlerts rotationId={rotation.id} />
      <GateCards detail={detail} />
      <RotationActs detail={detail} />
      <VerdictAnnouncer gates={gates} />
    </section>
  );
}

function Chips({ detail: { rotation } }: { readonly detail: RotationDetailView }) {
  const chips = [
    ...(rotation.tainted ? ['old key tainted'] : []),
    ...(rotation.origin === 'observed' ? ['observed, verdicts are advice'] : []),
    ...(rotation.key_kind === 'secret' ? ['shared secret'] : []),
    ...(rotation.old_key_destroyed_at === null ? [] : ['old private key destroyed']),
  ];
  if (chips.length === 0) return null;
  return (
    <ul class="chips">
      {chips.map((chip) => (
        <li key={chip} class={chip === 'old key tainted' ? 'chip tainted' : 'chip'}>
          {chip}
        </li>
      ))}
    </ul>
  );
}

function Facts({ detail: { rotation } }: { readonly detail: RotationDetailView }) {
  const report = `/v1/rotations/${encodeURIComponent(rotation.id)}/report`;
  return (
    <ul class="fact-line">
      <li>
        <Name text={rotation.issuer} />
      </li>
      <li>{algWords(rotation)}</li>
      <li>
        {rotation.origin === 'observed' ? (
          <>
            observed <Ago at={rotation.started_at} />
          </>
        ) : (
          <>
            started <Ago at={rotation.started_at} /> by <Name text={rotation.started_by} />
          </>
        )}
      </li>
      {rotation.ended_at === null ? null : (
        <li>
          {rotation.outcome} <At at={rotation.ended_at} />
          {rotation.ended_because === null ? null : (
            <>
              {' '}
              (<Sentence text={rotation.ended_because} />)
            </>
          )}
        </li>
      )}
      {rotation.rolled_back_at === null ? null : (
        <li>
          went back <Ago at={rotation.rolled_back_at} />
        </li>
      )}
      <li>
        <a href={`${pathOf('verifiers')}?rotation=${encodeURIComponent(rotation.id)}`}>Verifiers</a>
      </li>
      <li>
        Report:{' '}
        <a href={`${report}?format=md`} target="_blank" rel="noreferrer">
          text
        </a>
        ,{' '}
        <a href={`${report}?format=json`} target="_blank" rel="noreferrer">
          JSON
        </a>
        ,{' '}
        <a href={`${report}?format=jws`} target="_blank" rel="noreferrer">
          signed receipt
        </a>
      </li>
      <li class="soft">
        <Name text={rotation.id} />
      </li>
    </ul>
  );
}
