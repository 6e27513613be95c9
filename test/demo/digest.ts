import type {
  CheckView,
  OffenderView,
  VerdictView,
} from '@keyturn/collector/api/schemas/verdict.ts';

/** One line of a gate's answer, shortened for reading along. */
export interface DigestLine {
  readonly text: string;
  readonly indent: 0 | 2 | 4;
}

/** The checks that keep a gate from opening, failing ones first. */
export function reasonsOf(verdict: VerdictView): readonly CheckView[] {
  return [
    ...verdict.checks.filter((check) => check.status === 'fail'),
    ...verdict.checks.filter((check) => check.status === 'unknown'),
  ];
}

/** What keeps a gate shut, who, and until when. Passing checks are left out. */
export function digest(verdict: VerdictView): readonly DigestLine[] {
  const lines: DigestLine[] = [{ indent: 0, text: headline(verdict) }];
  const failures = verdict.checks.find((check) => check.id === 'new_key_failures');
  if (verdict.advised && failures !== undefined) lines.push({ indent: 2, text: failures.message });
  for (const check of reasonsOf(verdict)) {
    const mark = check.status === 'fail' ? '✗' : '?';
    const clears = clearsIn(check.clears_at, verdict.evaluated_at_ms);
    lines.push({ indent: 2, text: `${mark} ${check.class}: ${check.message}${clears}` });
    for (const line of offenderLines(check)) lines.push({ indent: 4, text: line });
    if (check.help !== '') lines.push({ indent: 4, text: `try: ${check.help}` });
  }
  return lines;
}

function headline(verdict: VerdictView): string {
  const [satisfied, expected] = verdict.progress.split('/');
  const progress = expected === undefined ? '' : `, ${satisfied} of ${expected} verifiers`;
  const grade =
    verdict.ready && verdict.weakest_grade !== null
      ? `, weakest evidence: ${verdict.weakest_grade}`
      : '';
  const advice = verdict.advised ? '; going back is advised' : '';
  return `${verdict.status.toUpperCase()}${progress}${grade}${advice}`;
}

function clearsIn(clearsAt: string | null, nowMs: number): string {
  if (clearsAt === null) return '';
  const seconds = Math.max(1, Math.ceil((Date.parse(clearsAt) - nowMs) / 1_000));
  return ` (clears in ${seconds} s)`;
}

/** Offenders of one kind on one line. */
function offenderLines(check: CheckView): readonly string[] {
  const kinds = new Map<string, string[]>();
  for (const offender of check.offenders) {
    const kind = `${offender.state}: ${offender.detail}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), nameOf(offender)]);
  }
  return [...kinds].map(([kind, names]) => `${names.sort().join(', ')} ${kind}`);
}

function nameOf(offender: OffenderView): string {
  return offender.instance === '' ? offender.service : offender.instance;
}
