import type { CheckView, OffenderView, VerdictView } from '../../../api/schemas/verdict.ts';
import { reasonsOf } from './verdict-words.ts';

/** One that is in the way of a gate. */
export interface Laggard extends OffenderView {
  /** Checks that name it. */
  readonly checks: readonly string[];
}

export interface Laggards {
  /** Each once, the worst first. */
  readonly listed: readonly Laggard[];
  /** The collector lists a hundred a check; so many more there are, some perhaps twice. */
  readonly unlisted: number;
}

/** The worst come first: who breaks something, then who lacks something, then who says nothing. */
const WORST_FIRST = [
  'accepts_bogus',
  'accepts_late',
  'accepts_old',
  'jwks_too_large',
  'absent',
  'dropped_old',
  'holds_old',
  'served_old',
  'stale',
  'duplicate',
  'undecided',
  'kid_missing',
  'silent',
  'never_seen',
  'unattested',
  'unseen',
  'uncovered',
  'unmanaged',
  'timed',
];

/** Who is in the way of a gate. */
export function laggardsOf(verdict: VerdictView): Laggards {
  const found = new Map<string, Laggard>();
  let unlisted = 0;
  for (const check of reasonsOf(verdict.checks)) {
    unlisted += Math.max(0, check.offender_count - check.offenders.length);
    for (const offender of check.offenders) take(found, check, offender);
  }
  return { listed: [...found.values()].sort(worse), unlisted };
}

/** Those in whose name, state or detail every word of `filter` occurs. */
export function filterLaggards(laggards: readonly Laggard[], filter: string): readonly Laggard[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return laggards;
  return laggards.filter((laggard) => {
    const text = [nameOf(laggard), laggard.state, laggard.detail, ...laggard.checks]
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** `service/instance/cache`, as far as it goes. */
export function nameOf({ service, instance, cache }: OffenderView): string {
  return [service, instance, cache].filter((part) => part !== '').join('/');
}

function take(found: Map<string, Laggard>, check: CheckView, offender: OffenderView): void {
  const key = JSON.stringify([offender.service, offender.instance, offender.cache]);
  const known = found.get(key);
  if (known === undefined) {
    found.set(key, { ...offender, checks: [check.id] });
    return;
  }
  const checks = known.checks.includes(check.id) ? known.checks : [...known.checks, check.id];
  found.set(key, rank(offender) < rank(known) ? { ...offender, checks } : { ...known, checks });
}

function worse(a: Laggard, b: Laggard): number {
  return (
    rank(a) - rank(b) ||
    (a.since_at ?? '9').localeCompare(b.since_at ?? '9') ||
    nameOf(a).localeCompare(nameOf(b))
  );
}

function rank({ state }: OffenderView): number {
  const at = WORST_FIRST.indexOf(state);
  return at < 0 ? WORST_FIRST.length : at;
}
