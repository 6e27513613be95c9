import type { NextGateView, RotationGlanceView } from '../../../api/schemas/glance.ts';
import { pathOf } from '../../route.ts';
import { Card } from '../../ui/card.tsx';
import { Help } from '../../ui/help.tsx';
import { Ago, Until } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { GATE_QUESTIONS, phaseWords } from '../rotation/words.ts';
import { issuerPath } from '../view-filter.ts';

/** An open rotation: how every gate stands, and why the next one is not open. */
export function RotationCard({ rotation }: { readonly rotation: RotationGlanceView }) {
  const { gates, next } = rotation;
  return (
    <Card
      level={3}
      title={
        <a href={pathOf('rotations', rotation.id)}>
          <Name text={rotation.old_kid} charsMax={40} /> →{' '}
          <Name text={rotation.new_kid} charsMax={40} />
        </a>
      }
      aside={rotation.tainted ? <span class="tag closed">old key tainted</span> : undefined}
    >
      <p class="soft facts-line">
        <a href={issuerPath(rotation.issuer)}>
          <Name text={rotation.issuer} charsMax={60} />
        </a>
        <span>
          <Name text={rotation.algs} />
          {rotation.key_kind === 'secret' ? ', shared secret' : ''}
        </span>
        <span title={phaseWords(rotation)}>phase {rotation.phase}</span>
        <span>
          {rotation.origin === 'observed' ? 'seen ' : 'started '}
          <Ago at={rotation.started_at} />
          {rotation.origin === 'observed' ? null : (
            <>
              {' by '}
              <Name text={rotation.started_by} charsMax={40} />
            </>
          )}
        </span>
      </p>
      <ul class="gate-row" aria-label="Gates">
        {gates.map(({ advised, gate, status }) => (
          <li key={gate} class={gate === next?.gate ? 'next' : ''}>
            <span class="soft" title={GATE_QUESTIONS[gate]}>
              {gate}
            </span>
            <StateBadge standing={status} />
            {advised ? <strong class="closed-word">advised</strong> : null}
          </li>
        ))}
      </ul>
      {next === null ? <p class="soft">No gate is left to wait for.</p> : <Next next={next} />}
      {rotation.findings.map((finding) => (
        <p key={finding} class="finding">
          <Sentence text={finding} />
        </p>
      ))}
    </Card>
  );
}

function Next({ next }: { readonly next: NextGateView }) {
  return (
    <div class="next-gate">
      <p class="facts-line">
        <span>
          <strong>Next: {next.gate}</strong> <span class="soft">{GATE_QUESTIONS[next.gate]}</span>
        </span>
        <Progress next={next} />
        {next.clears_at === null ? null : (
          <span>
            clears <Until at={next.clears_at} />
          </span>
        )}
        {next.open_since_at === null ? null : (
          <span>
            open since <Ago at={next.open_since_at} />
          </span>
        )}
      </p>
      {next.reason === '' ? null : (
        <p class="reason">
          <Sentence text={next.reason} />
          {next.more_reasons === 0 ? null : <span class="soft"> and {next.more_reasons} more</span>}
        </p>
      )}
      <Help text={next.help} />
    </div>
  );
}

function Progress({ next: { expected, satisfied } }: { readonly next: NextGateView }) {
  if (expected === null || satisfied === null || expected === 0) return null;
  return (
    <span class="progress">
      <progress
        value={satisfied}
        max={expected}
        aria-label="Verifiers that know what this gate needs"
      />
      <span>
        {satisfied} of {expected} verifiers
      </span>
    </span>
  );
}
