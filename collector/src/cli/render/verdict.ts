import type { CheckView, OffenderView, VerdictView } from '../../api/schemas/verdict.ts';
import { notesOf, reasonsOf } from '../../api/views/verdict.ts';
import { type Paint, statusWord } from '../paint.ts';
import { table } from './table.ts';
import { ago, toTheSecond, until } from './time.ts';

const OFFENDERS_SHOWN_MAX = 20;

/** A verdict in full: every reason in a sentence, with who, since when, until when and what helps. */
export function verdictText(verdict: VerdictView, paint: Paint): string {
  const nowMs = verdict.evaluated_at_ms;
  const lines = [
    `gate ${paint.bold(verdict.gate)} of rotation ${verdict.rotation_id} is ${statusWord(verdict.status, paint)}${progressNote(verdict)}`,
  ];
  if (verdict.advised) lines.push(paint.red('going back to the old key is advised'));
  if (verdict.advisory) {
    lines.push('advisory: nobody here takes this step; the rotation was observed, not started');
  }
  for (const check of reasonsOf(verdict.checks))
    lines.push('', ...reasonLines(check, nowMs, paint));
  if (!verdict.ready) lines.push('', clearsLine(verdict, nowMs));
  lines.push(...settledLines(verdict, paint));
  return `${lines.join('\n')}\n`;
}

/** One line that says what a verdict says, for logs. */
export function verdictLine(verdict: VerdictView): string {
  const clears =
    verdict.clears_at === null || verdict.ready
      ? ''
      : `; clears ${until(verdict.clears_at, verdict.evaluated_at_ms)}`;
  const progress = verdict.progress === '' ? '' : ` [${verdict.progress}]`;
  return `${verdict.summary}${progress}${clears}`;
}

function progressNote(verdict: VerdictView): string {
  const parts: string[] = [];
  if (verdict.progress !== '') parts.push(`${verdict.progress} verifiers`);
  if (verdict.ready && verdict.weakest_grade !== null) {
    parts.push(`weakest evidence ${verdict.weakest_grade}`);
  }
  parts.push(`as of ${toTheSecond(verdict.evaluated_at)}`);
  return ` (${parts.join(', ')})`;
}

function reasonLines(check: CheckView, nowMs: number, paint: Paint): string[] {
  const status = check.status === 'fail' ? paint.red('fails') : paint.yellow('unknown');
  const since = check.since_at === null ? '' : `, since ${ago(check.since_at, nowMs)}`;
  const lines = [
    `  ${check.class}: ${check.message} ${paint.dim(`(check ${check.id} ${check.status === 'fail' ? '' : 'is '}`)}${status}${paint.dim(`${since})`)}`,
  ];
  lines.push(...offenderLines(check, nowMs).map((line) => `      ${line}`));
  if (check.clears_at !== null) lines.push(`      clears ${until(check.clears_at, nowMs)}`);
  if (check.help !== '') lines.push(`      ${paint.dim('try:')} ${paint.bold(check.help)}`);
  return lines;
}

function offenderLines(check: CheckView, nowMs: number): string[] {
  const shown = check.offenders.slice(0, OFFENDERS_SHOWN_MAX);
  const lines = table(
    shown.map((offender) => [
      nameOf(offender),
      offender.state,
      offender.since_at === null ? '' : `since ${ago(offender.since_at, nowMs)}`,
      offender.detail,
    ]),
  );
  const more = check.offender_count - shown.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** `service/instance/cache`, or what of it is meant. */
export function nameOf(id: Pick<OffenderView, 'service' | 'instance' | 'cache'>): string {
  return [id.service, id.instance, id.cache].filter((part) => part !== '').join('/');
}

/** Whether a rotation that is open says aborted because an alert fires. */
export function isStoppedByAlert({ checks }: Pick<VerdictView, 'checks'>): boolean {
  return checks.some(({ id, status }) => id === 'no_alert' && status === 'fail');
}

function clearsLine(verdict: VerdictView, nowMs: number): string {
  if (verdict.status === 'aborted') {
    return isStoppedByAlert(verdict)
      ? 'An alert stops this rotation: do not wait, look at the alert.'
      : 'The rotation has ended; this gate will not open.';
  }
  return verdict.clears_at === null
    ? 'No time is known at which this clears by itself.'
    : `All of this clears ${until(verdict.clears_at, nowMs)}, if nothing else changes.`;
}

function settledLines(verdict: VerdictView, paint: Paint): string[] {
  const lines: string[] = [];
  const waived = verdict.checks.filter((check) => check.status === 'waived');
  for (const check of notesOf(verdict.checks)) {
    lines.push(`note: ${check.message} ${paint.dim(`(check ${check.id})`)}`);
    if (check.help !== '') lines.push(`      ${paint.dim('try:')} ${paint.bold(check.help)}`);
  }
  const passing = verdict.checks.filter((check) => check.status === 'pass');
  for (const check of waived) lines.push(`${paint.yellow('waived:')} ${check.message}`);
  if (passing.length > 0) {
    lines.push(paint.dim(`passing: ${passing.map((check) => check.id).join(', ')}`));
  }
  return lines;
}
