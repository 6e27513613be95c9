import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import type { CheckView, VerdictView } from '../../../api/schemas/verdict.ts';
import { fresh } from '../../live/live.ts';
import { Command } from '../../ui/command.tsx';
import { Help } from '../../ui/help.tsx';
import { Ago, Until } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { caveatsOf, moreReasons, reasonOf, reasonsOf, whereOf } from './verdict-words.ts';
import { GRADE_MEANINGS } from './grade-counts.ts';
import { GATE_QUESTIONS } from './words.ts';

/** Every verdict with its first reason: what is waited for now large, the others beside it. */
export function GateCards({ detail }: { readonly detail: RotationDetailView }) {
  const { gates, next_gate: nextGate } = detail;
  const next = gates.find(({ gate }) => gate === nextGate);
  const others = gates.filter(({ gate }) => gate !== nextGate);
  return (
    <>
      {next === undefined ? null : <NextGate verdict={next} />}
      <ul class="gate-grid">
        {others.map((verdict) => (
          <li key={verdict.gate} class="gate-card">
            <Question verdict={verdict} />
            <div>
              <Reason verdict={verdict} />
              <Caveats verdict={verdict} />
            </div>
            <Meta verdict={verdict} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** Prominent, for it is what somebody has been woken up for. */
export function GoBack({ gates }: Pick<RotationDetailView, 'gates'>) {
  const verdict = gates.find(({ gate }) => gate === 'rollback');
  if (verdict?.advised !== true) return null;
  const why = verdict.checks.find(({ id }) => id === 'new_key_failures')?.message;
  return (
    <div class="strip alarm go-back" role="alert">
      <h2>Going back is advised</h2>
      <p>
        {why === undefined ? null : (
          <>
            <Sentence text={why} />.{' '}
          </>
        )}
        Gate rollback is <StateBadge standing={verdict.status} />
        {verdict.ready ? null : (
          <>
            {' '}
            <Sentence text={reasonOf(verdict)} />
          </>
        )}
      </p>
      <Command text={`keyturn rotation rollback ${verdict.rotation_id}`} />
    </div>
  );
}

function NextGate({ verdict }: { readonly verdict: VerdictView }) {
  const reasons = reasonsOf(verdict.checks);
  const helping = reasons.filter(({ help }) => help !== '');
  return (
    <div class={`next-verdict ${lookOf(verdict)}`}>
      <Question verdict={verdict} isNext />
      <div>
        <Reason verdict={verdict} />
        <Caveats verdict={verdict} />
      </div>
      <Meta verdict={verdict} />
      {helping.length === 0 ? null : (
        <div class="helps">
          <h3>What would help</h3>
          <ul>
            {distinctHelp(helping).map((check) => (
              <li key={check.id}>
                <Help text={check.help} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function distinctHelp(checks: readonly CheckView[]): readonly CheckView[] {
  const seen = new Set<string>();
  return checks.filter(({ help }) => !seen.has(help) && seen.add(help));
}

function Question({
  verdict,
  isNext = false,
}: {
  readonly verdict: VerdictView;
  readonly isNext?: boolean;
}) {
  return (
    <div class="question">
      <h2>{GATE_QUESTIONS[verdict.gate]}</h2>
      <span class="gate-name">
        {verdict.gate}
        {isNext ? <span class="next-mark">next</span> : null}
      </span>
      <StateBadge standing={verdict.status} />
    </div>
  );
}

function Reason({ verdict }: { readonly verdict: VerdictView }) {
  const [first] = reasonsOf(verdict.checks);
  const where = whereOf(first);
  const more = moreReasons(verdict);
  return (
    <p class="reason-line">
      <Sentence text={reasonOf(verdict)} />
      {where === '' ? null : (
        <>
          : <Name text={where} charsMax={200} />
        </>
      )}
      {more === 0 ? null : (
        <>
          {' '}
          <a href={`#gate-${verdict.gate}`}>
            and {more} more {more === 1 ? 'reason' : 'reasons'}
          </a>
        </>
      )}
    </p>
  );
}

/** It is open, and yet. */
function Caveats({ verdict }: { readonly verdict: VerdictView }) {
  return (
    <>
      {caveatsOf(verdict).map((check) => (
        <p key={check.id} class="caveat">
          But: <Sentence text={check.message} />
        </p>
      ))}
    </>
  );
}

function Meta({ verdict }: { readonly verdict: VerdictView }) {
  const [first] = reasonsOf(verdict.checks);
  return (
    <ul class="fact-line small">
      {verdict.progress === '' ? null : <li>{verdict.progress} verifiers</li>}
      {first?.since_at == null ? null : (
        <li>
          since <Ago at={first.since_at} />
        </li>
      )}
      {verdict.open_since_at === null ? null : (
        <li>
          open since <Ago at={verdict.open_since_at} />
        </li>
      )}
      {verdict.ready ? null : <li>{clearsWords(verdict)}</li>}
      {verdict.weakest_grade === null || !verdict.ready ? null : (
        <li>weakest evidence: {weakestWords(verdict.gate, verdict.weakest_grade)}</li>
      )}
      <li>
        judged <Ago at={verdict.evaluated_at} />
      </li>
    </ul>
  );
}

/** Only for activate do grades speak of the new key. */
function weakestWords(gate: VerdictView['gate'], grade: string): string {
  const meaning = gate === 'activate' ? GRADE_MEANINGS[grade] : undefined;
  return meaning === undefined ? grade : `${grade} (${meaning})`;
}

function clearsWords(verdict: VerdictView) {
  if (verdict.clears_at === null) return 'no clearing time known';
  return (
    <>
      clears <Until at={verdict.clears_at} />
    </>
  );
}

/** Old news has no colour of its own. */
function lookOf(verdict: VerdictView): VerdictView['status'] {
  return fresh.value.kind === 'live' ? verdict.status : 'unknown';
}
