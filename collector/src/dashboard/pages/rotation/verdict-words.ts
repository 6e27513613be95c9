import { counted } from '@keyturn/shared/model/counted.ts';
import type { CheckView, VerdictView } from '../../../api/schemas/verdict.ts';

/** What keeps a gate shut, worst first: what fails, then what nobody can say. */
export function reasonsOf(checks: readonly CheckView[]): readonly CheckView[] {
  return [
    ...checks.filter((check) => check.status === 'fail'),
    ...checks.filter((check) => check.status === 'unknown'),
  ];
}

/** What passes and still has something to say: a share left out, a word that ends soon. */
export function notesOf(checks: readonly CheckView[]): readonly CheckView[] {
  return checks.filter(
    (check) => check.status === 'pass' && (check.help !== '' || check.offenders.length > 0),
  );
}

/** Passes, and says what happens to those who still have good tokens of a tainted key. */
const CUTS_OFF = 'tainted_tokens';

/** What somebody should know before they go through an open gate. */
export function caveatsOf(verdict: VerdictView): readonly CheckView[] {
  if (verdict.status !== 'open') return [];
  const notes = new Set(notesOf(verdict.checks));
  return verdict.checks.filter(
    (check) => check.status === 'pass' && (notes.has(check) || check.id === CUTS_OFF),
  );
}

/** A gate in one sentence: its first reason, or that nothing is in the way. */
export function reasonOf(verdict: VerdictView): string {
  const [first] = reasonsOf(verdict.checks);
  if (first !== undefined) return first.message;
  if (verdict.status !== 'open') return 'no reason was given';
  const waived = verdict.checks.filter((check) => check.status === 'waived');
  if (waived.length === 0) return 'every check passes';
  return `every check passes but what people waived: ${waived.map(({ id }) => id).join(', ')}`;
}

const SERVICES_NAMED_MAX = 3;

/** `orders 3, search 2 and 4 more services`: where those are that a check names; empty when it names nobody. */
export function whereOf(check: CheckView | undefined): string {
  const counts = new Map<string, number>();
  for (const { service, instance } of check?.offenders ?? []) {
    // A service that is meant as a whole has no number.
    counts.set(service, (counts.get(service) ?? 0) + (instance === '' ? 0 : 1));
  }
  const rows = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  const named = rows
    .slice(0, SERVICES_NAMED_MAX)
    .map(([service, count]) => (count === 0 ? service : `${service} ${count}`))
    .join(', ');
  const others = rows.length - SERVICES_NAMED_MAX;
  const unlisted = (check?.offender_count ?? 0) - (check?.offenders.length ?? 0);
  if (unlisted > 0) return `${named} and ${unlisted} more, not listed here`;
  return others > 0 ? `${named} and ${counted(others, 'more service')}` : named;
}

/** How many reasons there are beside the first. */
export function moreReasons(verdict: VerdictView): number {
  return Math.max(0, reasonsOf(verdict.checks).length - 1);
}

/** What a listener should hear: gates whose verdict is another one now. */
export function changesOf(
  before: ReadonlyMap<string, string>,
  gates: readonly VerdictView[],
): readonly string[] {
  return gates.flatMap((verdict) => {
    const was = before.get(verdict.gate);
    if (was === undefined || was === wordOf(verdict)) return [];
    return [`Gate ${verdict.gate} is now ${wordOf(verdict)}: ${reasonOf(verdict)}.`];
  });
}

/** What counts as another verdict to a listener. */
export function wordOf(verdict: Pick<VerdictView, 'status' | 'advised'>): string {
  return `${verdict.status}${verdict.advised ? ', going back is advised' : ''}`;
}
