import type { Check, Offender, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { CheckView, CountsView, OffenderView, VerdictView } from '../schemas/verdict.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';

/** What is known of a verdict beside the verdict. */
export interface VerdictSetting {
  readonly counts: CountsView | null;
  readonly validUntilMs: number | null;
  readonly openSinceMs: number | null;
}

const NO_SETTING: VerdictSetting = { counts: null, validUntilMs: null, openSinceMs: null };

/** A verdict as JSON. */
export function verdictView(verdict: Verdict, setting: VerdictSetting = NO_SETTING): VerdictView {
  const { counts } = setting;
  return {
    rotation_id: verdict.rotationId,
    gate: verdict.gate,
    ready: verdict.status === 'open',
    status: verdict.status,
    summary: summaryOf(verdict),
    checks: verdict.checks.map(checkView),
    progress: counts === null ? '' : `${counts.satisfied}/${counts.expected}`,
    counts,
    weakest_grade: verdict.weakestGrade,
    clears_at: isoMomentOrNull(verdict.clearsAtMs),
    clears_at_ms: verdict.clearsAtMs,
    evaluated_at: isoMoment(verdict.evaluatedAtMs),
    evaluated_at_ms: verdict.evaluatedAtMs,
    valid_until: isoMomentOrNull(setting.validUntilMs),
    open_since_at: verdict.status === 'open' ? isoMomentOrNull(setting.openSinceMs) : null,
    revision: verdict.revision,
    advised: verdict.advised,
    advisory: verdict.advisory,
  };
}

/** The checks that keep a gate from opening, failing ones first. */
export function reasonsOf<C extends { readonly status: Check['status'] }>(
  checks: readonly C[],
): C[] {
  return [
    ...checks.filter((check) => check.status === 'fail'),
    ...checks.filter((check) => check.status === 'unknown'),
  ];
}

/** One sentence: the status and the first reason. */
export function summaryOf(
  verdict: Pick<Verdict, 'status' | 'gate' | 'checks' | 'advised' | 'advisory'>,
): string {
  const [first, ...others] = reasonsOf(verdict.checks);
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const advice = `${verdict.advised ? '; going back is advised' : ''}${verdict.advisory ? ' (advisory)' : ''}`;
  if (verdict.status === 'open') {
    const waived = verdict.checks.filter((check) => check.status === 'waived');
    const how =
      waived.length === 0
        ? 'every check passes'
        : `every check passes but what people waived: ${waived.map((check) => check.id).join(', ')}`;
    return `${verdict.gate} is open: ${how}${advice}`;
  }
  return `${verdict.gate} is ${verdict.status}: ${first?.message ?? 'no reason was given'}${more}${advice}`;
}

/** What passes and still has something to say: a share left out, a word that ends soon. */
export function notesOf(checks: readonly CheckView[]): readonly CheckView[] {
  return checks.filter(
    (check) => check.status === 'pass' && (check.help !== '' || check.offenders.length > 0),
  );
}

/** A check as JSON. */
export function checkView(check: Check): CheckView {
  return {
    id: check.id,
    status: check.status,
    class: check.class,
    message: check.message,
    offenders: check.offenders.map(offenderView),
    offender_count: check.offenderCount,
    since_at: isoMomentOrNull(check.sinceMs),
    clears_at: isoMomentOrNull(check.clearsAtMs),
    help: check.help,
  };
}

export function offenderView(offender: Offender): OffenderView {
  return {
    service: offender.service,
    instance: offender.instance,
    cache: offender.cache,
    state: offender.state,
    since_at: isoMomentOrNull(offender.sinceMs),
    detail: offender.detail,
  };
}
