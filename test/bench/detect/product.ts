import { allComparisons } from '@keyturn/collector/core/detectors/comparisons.ts';
import { noteOutcomes } from '@keyturn/collector/core/detectors/note-outcomes.ts';
import { watchSeries } from '@keyturn/collector/core/detectors/watch-series.ts';
import type { Verifier } from '@keyturn/collector/core/fleet.ts';
import type { HeldCounts } from '@keyturn/collector/core/records.ts';
import type { Now, State } from '@keyturn/collector/core/state.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { Detector } from './rivals.ts';
import type { Scene } from './scenes.ts';
import type { Arm, Second } from './stream.ts';
import { cutoverState, ISSUER, START_MS } from './cutover-state.ts';

export const KEYTURN = 'Keyturn';

/** Which of its two paging detectors is asked. */
export type Asked = 'both' | 'attributable' | 'control';

/**
 * Keyturn's own detectors at all their tiers: what `step` calls for every row of a report and at every
 * tick, on a state that real inputs made. The verifiers report in turn, one a second.
 */
export function keyturn(
  scene: Scene,
  { asked = 'both', binMs }: { readonly asked?: Asked; readonly binMs?: number } = {},
): Detector & { floods(): number } {
  const made = cutoverState(scene.newShare !== null, scene.rate < 1 ? 1 : 10);
  const { verifiers } = made;
  const detectors = binMs === undefined ? {} : { binMs };
  const state = { ...made.state, detectors: { ...made.state.detectors, ...detectors } };
  const rows = verifiers.map(() => new Map<string, HeldCounts>());
  let seconds = 0;
  let floods = 0;
  let wasFlood = false;
  return {
    name: KEYTURN,
    floods: () => floods,
    take(second) {
      seconds += 1;
      const atMs = START_MS + seconds * 1_000;
      const now = { atMs, earliestMs: atMs };
      const at = seconds % verifiers.length;
      const [verifier, held] = [verifiers[at], rows[at]];
      if (verifier === undefined || held === undefined) throw new Error('no verifier');
      count(state, verifier, held, second, now);
      watchSeries(state, now, []);
      const isFlood = state.detectors.issuers.get(ISSUER)?.foreign.firing != null;
      if (isFlood && !wasFlood) floods += 1;
      wasFlood = isFlood;
      return (
        (asked !== 'control' && failures(state)) || (asked !== 'attributable' && control(state))
      );
    },
  };
}

function failures(state: State): boolean {
  for (const series of state.detectors.firing) {
    if (series.kind.name === 'attributable' && series.firing?.isOwn === true) return true;
  }
  return false;
}

function control(state: State): boolean {
  const of = state.detectors.issuers.get(ISSUER);
  if (of === undefined) return false;
  return allComparisons(of).some(
    ({ verifier, firing }) => firing !== null && (verifier === null || firing.isOwn),
  );
}

function count(
  state: State,
  verifier: Verifier,
  rows: Map<string, HeldCounts>,
  second: Second,
  now: Now,
): void {
  add(state, verifier, rows, 'current', outcomesOf(second.old), now);
  add(state, verifier, rows, 'new', outcomesOf(second.new), now);
  add(state, verifier, rows, 'invented', [['unknown_kid', second.foreign]], now);
  add(state, verifier, rows, 'gone', [['unknown_kid', second.spent]], now);
}

type Outcomes = readonly (readonly [Outcome, number])[];

function outcomesOf({ tokens, attributable, other }: Arm): Outcomes {
  return [
    ['ok', tokens - attributable - other],
    ['unknown_kid', attributable],
    ['claims', other],
  ];
}

function add(
  state: State,
  verifier: Verifier,
  rows: Map<string, HeldCounts>,
  kid: string,
  more: Outcomes,
  now: Now,
): void {
  if (more.every(([, times]) => times === 0)) return;
  const previous = rows.get(kid);
  const outcomes: Partial<Record<Outcome, number>> = { ...previous?.outcomes };
  for (const [outcome, times] of more) {
    if (times > 0) outcomes[outcome] = (outcomes[outcome] ?? 0) + times;
  }
  const row: HeldCounts = {
    issuer: ISSUER,
    key: { kind: 'kid', kid },
    outcomes,
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAtMs: null,
  };
  rows.set(kid, row);
  noteOutcomes(state, verifier, row, previous, now.atMs - 1_000, now, []);
}
