import { counted } from '@keyturn/shared/model/counted.ts';
import type { CollectorGlanceView } from '../../../api/schemas/overview.ts';
import { nowMs } from '../../live/live.ts';
import { Card } from '../../ui/card.tsx';
import { formatDuration } from '../../ui/duration.ts';
import { Help } from '../../ui/help.tsx';
import { Ago, Until } from '../../ui/moment.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { collectorProblems, type CollectorProblem } from './attention.ts';

/** What is not well with the collector; nothing when it is. */
export function CollectorProblems({ health }: { readonly health: CollectorGlanceView }) {
  const problems = collectorProblems(health);
  if (problems.length === 0) return null;
  return (
    <Card
      title="The collector itself"
      {...(problems.some(({ isGrave }) => isGrave) ? { tone: 'alarm' as const } : {})}
    >
      <ul class="plain-list">
        {problems.map((problem) => (
          <Problem key={problem.id} problem={problem} />
        ))}
      </ul>
    </Card>
  );
}

function Problem({
  problem: { at, help, isGrave, isUntil, text },
}: {
  readonly problem: CollectorProblem;
}) {
  return (
    <li>
      <span class={isGrave ? 'grave' : ''}>
        <Sentence text={text} />
      </span>
      {at === null ? null : (
        <span class="soft">
          {' '}
          {isUntil ? (
            <Until at={at} />
          ) : (
            <>
              since <Ago at={at} />
            </>
          )}
        </span>
      )}
      {help === '' ? null : (
        <>
          {' '}
          <Help text={help} />
        </>
      )}
    </li>
  );
}

/** Which collector this is, in one line. */
export function CollectorFacts({ health }: { readonly health: CollectorGlanceView }) {
  const upMs = nowMs.value - Date.parse(health.started_at);
  return (
    <p class="soft facts-line">
      <span>collector {health.version}</span>
      <span>
        up <time dateTime={health.started_at}>{formatDuration(upMs)}</time>
      </span>
      <span>
        {counted(health.verifiers_known, 'verifier')} known, room for {health.verifiers_max}
      </span>
      <span>
        {health.receivers === 0
          ? 'nobody is told of alerts'
          : `${counted(health.receivers, 'receiver')} of alerts`}
      </span>
      <span>watchdog {health.watchdog === 'fires' ? 'fires, as it should' : 'does not fire'}</span>
    </p>
  );
}
