import type { RehearsalView } from '../../api/schemas/rehearsal.ts';
import type { Paint } from '../paint.ts';
import { ago, toTheSecond } from './time.ts';

type Checked = RehearsalView['checks'][number];

/** A rehearsal with each of its checks. */
export function rehearsalText(rehearsal: RehearsalView, paint: Paint): string {
  const lines = [
    `rehearsal ${rehearsal.number} of rotation ${rehearsal.rotation_id}: going back ${outcome(rehearsal.status, paint)} (by ${rehearsal.by} at ${toTheSecond(rehearsal.rehearsed_at)})`,
    ...rehearsal.checks.flatMap((check) => [
      `  ${mark(check.status, paint)} ${check.id}: ${check.message}`,
      ...offenders(check),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** One line for a list. */
export function rehearsalLine(rehearsal: RehearsalView, nowMs: number): string {
  const failing = rehearsal.checks.filter(({ status }) => status !== 'pass').map(({ id }) => id);
  const why = failing.length === 0 ? '' : ` (${failing.join(', ')})`;
  return `rehearsed: ${rehearsal.status}${why} ${ago(rehearsal.rehearsed_at, nowMs)} by ${rehearsal.by}`;
}

function outcome(status: RehearsalView['status'], paint: Paint): string {
  switch (status) {
    case 'passed':
      return paint.green('would be possible');
    case 'failed':
      return paint.red('would NOT be possible');
    case 'unknown':
      return paint.yellow('cannot be judged');
  }
}

// Padded before painted: colours have no width.
function mark(status: Checked['status'], paint: Paint): string {
  if (status === 'pass') return 'pass   ';
  return status === 'fail' ? paint.red('FAIL   ') : paint.yellow(status.toUpperCase().padEnd(7));
}

function offenders({ offenders: names, offender_count: count }: Checked): string[] {
  if (names.length === 0) return [];
  const more = count - names.length;
  return [`          ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}
