import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import type { CheckView, VerdictView } from '../../../api/schemas/verdict.ts';
import { fresh } from '../../live/live.ts';
import { Card } from '../../ui/card.tsx';
import { Help } from '../../ui/help.tsx';
import { Ago, Until } from '../../ui/moment.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { notesOf, reasonsOf } from './verdict-words.ts';

/** Every check of every gate; those of what is waited for now are laid open. */
export function AllChecks({ detail }: { readonly detail: RotationDetailView }) {
  return (
    <Card title="Checks of every gate">
      {detail.gates.map((verdict) => (
        <GateChecks
          key={verdict.gate}
          verdict={verdict}
          isOpen={verdict.gate === detail.next_gate || verdict.advised}
        />
      ))}
    </Card>
  );
}

function GateChecks({
  verdict,
  isOpen,
}: {
  readonly verdict: VerdictView;
  readonly isOpen: boolean;
}) {
  const reasons = reasonsOf(verdict.checks);
  const waived = verdict.checks.filter(({ status }) => status === 'waived');
  const notes = notesOf(verdict.checks);
  const told = new Set([...reasons, ...waived, ...notes]);
  const passing = verdict.checks.filter((check) => !told.has(check));
  return (
    <details class="gate-checks" id={`gate-${verdict.gate}`} open={isOpen}>
      <summary>
        <h3>{verdict.gate}</h3> <StateBadge standing={verdict.status} />{' '}
        <span class="soft">
          {reasons.length === 0
            ? `${verdict.checks.length} checks, nothing in the way`
            : `${reasons.length} of ${verdict.checks.length} checks in the way`}
          {waived.length === 0 ? '' : `, ${waived.length} waived`}
        </span>
      </summary>
      <ul class="checks">
        {[...reasons, ...waived, ...notes].map((check) => (
          <Check key={check.id} check={check} />
        ))}
      </ul>
      {passing.length === 0 ? null : (
        <details>
          <summary>
            {passing.length} {passing.length === 1 ? 'check passes' : 'checks pass'}
            {fresh.value.kind === 'live' ? '' : ', as last heard'}
          </summary>
          <ul class="checks">
            {passing.map((check) => (
              <Check key={check.id} check={check} />
            ))}
          </ul>
        </details>
      )}
    </details>
  );
}

const STATUS_WORDS: Readonly<Record<CheckView['status'], string>> = {
  pass: '✓ pass',
  fail: '■ fail',
  unknown: '◆ unknown',
  waived: '△ waived',
};

function Check({ check }: { readonly check: CheckView }) {
  return (
    <li class={`check ${check.status}`}>
      <span class={check.status === 'unknown' ? 'check-word hatched' : 'check-word'}>
        {STATUS_WORDS[check.status]}
      </span>
      <div>
        <Sentence text={check.message} />
        <ul class="fact-line small">
          <li>
            <code>{check.id}</code>
          </li>
          <li>{check.class}</li>
          {check.offender_count === 0 ? null : <li>names {check.offender_count}</li>}
          {check.since_at === null ? null : (
            <li>
              since <Ago at={check.since_at} />
            </li>
          )}
          {check.clears_at === null ? null : (
            <li>
              clears <Until at={check.clears_at} />
            </li>
          )}
        </ul>
        <Help text={check.help} />
      </div>
    </li>
  );
}
