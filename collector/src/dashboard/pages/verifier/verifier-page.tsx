import type { VerifierDetailView } from '../../../api/schemas/verifier-detail.ts';
import { VerifierActs } from '../../acts/verifier-acts.tsx';
import { worstCondition, WORDING } from '../../fleet/condition.ts';
import { useView } from '../../live/use-view.ts';
import { Card } from '../../ui/card.tsx';
import { Command } from '../../ui/command.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { visibleText } from '../../ui/visible-text.ts';
import { Waiting } from '../../ui/waiting.tsx';
import { pathOf } from '../../route.ts';
import { useTitle } from '../../use-title.ts';
import { KeySetsPart } from './key-sets-part.tsx';
import { KeyHistoryPart } from './key-history-part.tsx';
import { ProbesPart } from './probes-part.tsx';
import { ProfilePart } from './profile-part.tsx';
import { recentFailures } from './recent-failures.ts';
import { RetirementPart } from './retirement-part.tsx';
import { StandingsPart } from './standings-part.tsx';
import { type HeardHistory, useVerifierHistory } from './use-history.ts';
import { VerificationsPart } from './verifications-part.tsx';

/** One verifier: what it holds and shows, what became of it, what it would do, and what helps. */
export function VerifierPage({
  service,
  instance,
  cache,
}: {
  readonly service: string;
  readonly instance: string;
  readonly cache: string;
}) {
  const name = `${service}/${instance}/${cache}`;
  useTitle(name);
  const detail = useView('verifier', name);
  const heard = useVerifierHistory(service, instance, cache);
  if (detail === undefined || detail === null) {
    return (
      <>
        <h1>
          <Name text={name} />
        </h1>
        <Waiting
          value={detail}
          missing={`The collector knows no verifier ${visibleText(name)}: it was never heard of, was removed, or is long gone.`}
        />
        {detail === null ? <a href="/verifiers">All verifiers</a> : null}
        {detail === null ? <KeyHistoryPart heard={heard} detail={null} /> : null}
      </>
    );
  }
  return (
    <>
      <header>
        <p class="soft">
          <a href="/verifiers">Verifiers</a> ·{' '}
          <a href={`/verifiers?service=${encodeURIComponent(service)}`}>
            <Name text={service} />
          </a>
        </p>
        <h1>
          <Name text={name} />
        </h1>
        <StateSentence detail={detail} heard={heard} />
        <VerifierActs verifier={detail.verifier} />
      </header>
      <div class="verifier-columns">
        <StandingsPart detail={detail} />
        <KeySetsPart detail={detail} />
      </div>
      <KeyHistoryPart heard={heard} detail={detail} />
      <VerificationsPart detail={detail} heard={heard} />
      <div class="verifier-columns">
        <RetirementPart detail={detail} />
        <HelpPart detail={detail} />
        <ProfilePart detail={detail} />
        <AlertsPart detail={detail} />
        <ProbesPart detail={detail} />
      </div>
    </>
  );
}

function StateSentence({
  detail,
  heard,
}: {
  readonly detail: VerifierDetailView;
  readonly heard: HeardHistory;
}) {
  const { verifier, service } = detail;
  const failures = recentFailures(heard.history, heard.failed);
  const condition = worstCondition({
    has: (flag) =>
      flag === 'duplicate'
        ? detail.contested
        : flag === 'stale'
          ? detail.stale
          : flag === 'replaced'
            ? detail.replaced
            : verifier.states.includes(flag),
    failures: failures ?? 0,
    required: service.required,
  });
  const { word, tone, sentence } = WORDING[condition];
  return (
    <>
      <p class="state-sentence">
        {tone === 'plain' ? (
          <span class="badge plain">{word}</span>
        ) : (
          // Good is only what is known not to refuse tokens.
          <StateBadge
            standing={tone === 'open' && failures === null ? 'unknown' : tone}
            word={word}
          />
        )}{' '}
        {sentence}
        {failures === null ? ' Whether it refuses tokens is not known now.' : ''}
      </p>
      <p class="soft">
        {verifier.states[0] ?? ''} since <Ago at={verifier.state_since_at} /> · last report{' '}
        {verifier.reported_at === null ? 'never' : <Ago at={verifier.reported_at} />} · known since{' '}
        <Ago at={verifier.first_seen_at} />
        {verifier.duplicate_at === null ? null : (
          <>
            {' '}
            · two under this name last seen <Ago at={verifier.duplicate_at} />
          </>
        )}
        {Math.abs(detail.clock_ahead_s ?? 0) < 5 ? null : (
          <> · its clock is {detail.clock_ahead_s} s ahead</>
        )}
      </p>
    </>
  );
}

function HelpPart({ detail }: { readonly detail: VerifierDetailView }) {
  return (
    <Card title="What helps">
      <dl>
        {detail.help.map(({ why, command }) => (
          <div key={command}>
            <dt>
              <Name text={why} charsMax={200} />
            </dt>
            <dd>
              <Command text={command} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function AlertsPart({ detail: { alerts } }: { readonly detail: VerifierDetailView }) {
  const firing = alerts.filter((alert) => alert.firing);
  return (
    <Card title="Alerts" {...(firing.length > 0 ? { tone: 'alarm' as const } : {})}>
      {alerts.length === 0 ? <p class="empty">No alert names it or its service.</p> : null}
      <ul>
        {alerts.map((alert) => (
          <li key={alert.id}>
            <StateBadge
              standing={alert.firing ? 'closed' : 'unknown'}
              word={alert.firing ? 'firing' : alert.status}
            />{' '}
            <a href={pathOf('alerts', alert.id)}>{alert.title}</a>
            <div>
              <Name text={alert.summary} charsMax={300} />
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
