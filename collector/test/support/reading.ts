import type { Check, Offender, Verdict } from '@keyturn/shared/model/verdict.ts';
import { moment } from '@keyturn/shared/model/moment.ts';

/** The day the test world begins on; moments of that day are told without it. */
const FIRST_DAY = '2026-01-01T';

/** Every word a person reads of a check, with its moments: a line for it, then one per offender. */
export function readingOf(check: Check): readonly string[] {
  const { status, class: checkClass, id, message, sinceMs, clearsAtMs, help } = check;
  const hidden = check.offenderCount - check.offenders.length;
  return [
    [
      `${status} ${checkClass} ${id}: ${message}`,
      ...(sinceMs === null ? [] : [`since ${moment(sinceMs)}`]),
      ...(clearsAtMs === null ? [] : [`clears ${moment(clearsAtMs)}`]),
      ...(help === '' ? [] : [`help: ${help}`]),
    ].join(' | '),
    ...check.offenders.map(offenderLine),
    ...(hidden === 0 ? [] : [`  and ${hidden} more`]),
  ].map((line) => line.replaceAll(FIRST_DAY, ''));
}

/** The same of some checks of a verdict, in its order; by default of those that do not pass. */
export function reading(verdict: Verdict, of?: readonly string[] | 'all'): readonly string[] {
  const isWanted = ({ id, status }: Check): boolean =>
    of === undefined ? status !== 'pass' : of === 'all' || of.includes(id);
  return verdict.checks.filter(isWanted).flatMap(readingOf);
}

function offenderLine({ service, instance, cache, state, sinceMs, detail }: Offender): string {
  const name = [service, instance, cache].join('/').replace(/\/+$/, '');
  const since = sinceMs === null ? '' : ` since ${moment(sinceMs)}`;
  return `  ${name} ${state}${since}: ${detail}`;
}
