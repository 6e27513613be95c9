import type { TabView } from '../../api/schemas/tab.ts';
import type { VerdictView } from '../../api/schemas/verdict.ts';
import type { Freshness } from '../live/freshness.ts';

/** What the picture of a tab tells; each has a shape and a colour of its own. */
export type TabKind =
  | 'stale'
  | 'alert'
  | 'back'
  | 'aborted'
  | 'closed'
  | 'unknown'
  | 'open'
  | 'calm';

/** What a tab says without being looked into. */
export interface TabState {
  readonly kind: TabKind;
  /** Stands first in the title; empty: nothing is under way. */
  readonly words: string;
}

type Alerted = TabView['alerts'][number];
type Judged = TabView['rotations'][number];

/** What a tab is judged by. */
export interface TabFacts {
  readonly freshness: Freshness['kind'];
  /** undefined: not here yet; null: the collector could not say. */
  readonly overview: TabView | null | undefined;
  /** The rotation a page is about, likewise; absent on other pages. */
  readonly rotation?: Judged | null | undefined;
}

const LOADING: TabState = { kind: 'stale', words: '… connecting' };
const UNKNOWN: TabState = { kind: 'unknown', words: '◆ UNKNOWN' };
const ABORTED: TabState = { kind: 'aborted', words: '⊘ ABORTED' };
const CALM: TabState = { kind: 'calm', words: '' };

/** The worst of what matters, the most pressing first. What is old or missing is never open. */
export function tabState(facts: TabFacts): TabState {
  if (facts.freshness === 'stale') return { kind: 'stale', words: '? stale' };
  if (facts.freshness === 'connecting' || facts.overview === undefined) return LOADING;
  if (facts.overview === null) return UNKNOWN;
  if ('rotation' in facts) return ofRotation(facts.overview.alerts, facts.rotation);
  const { alerts, rotations, more_rotations: unsaid } = facts.overview;
  return worst([alertState(alerts), ...rotations.map(gateState), ...(unsaid > 0 ? [UNKNOWN] : [])]);
}

function ofRotation(alerts: readonly Alerted[], judged: Judged | null | undefined): TabState {
  if (judged === undefined) return LOADING;
  // There is none, or it could not be looked at.
  if (judged === null) return worst([alertState(alerts), UNKNOWN]);
  const { rotation } = judged;
  if (!rotation.open) {
    const its = alerts.filter(({ labels }) => labels.rotation === rotation.id);
    return worst([alertState(its), rotation.phase === 'aborted' ? ABORTED : CALM]);
  }
  return worst([
    alertState(alerts.filter((alert) => concerns(alert, rotation))),
    gateState(judged),
  ]);
}

/** An alert without a rotation concerns all rotations of its issuer; one without either, everything. */
function concerns({ labels }: Alerted, { id, issuer }: Judged['rotation']): boolean {
  if (labels.rotation !== undefined) return labels.rotation === id;
  return labels.issuer === undefined || labels.issuer === issuer;
}

function alertState(alerts: readonly Alerted[]): TabState {
  const pressing = alerts.filter(({ firing, severity }) => firing && severity === 'critical');
  if (pressing.length === 0) return CALM;
  const noun = pressing.length === 1 ? 'alert' : 'alerts';
  return { kind: 'alert', words: `▲ ${pressing.length} ${noun}` };
}

function gateState({ next_gate: awaited, gates }: Judged): TabState {
  if (gates.some(({ gate, advised }) => gate === 'rollback' && advised)) {
    return { kind: 'back', words: '↩ GO BACK' };
  }
  const verdict = gates.find(({ gate }) => gate === awaited);
  if (verdict === undefined) return UNKNOWN;
  const progress = verdict.progress === '' ? '' : ` ${verdict.progress}`;
  return {
    kind: verdict.status,
    words: `${MARKS[verdict.status]} ${verdict.status.toUpperCase()}${progress}`,
  };
}

const MARKS: Readonly<Record<VerdictView['status'], string>> = {
  open: '✓',
  closed: '✕',
  unknown: '◆',
  aborted: '⊘',
};

const RANK: readonly TabKind[] = [
  'stale',
  'alert',
  'back',
  'aborted',
  'closed',
  'unknown',
  'open',
  'calm',
];

function worst(states: readonly TabState[]): TabState {
  return states.reduce(
    (one, other) => (RANK.indexOf(other.kind) < RANK.indexOf(one.kind) ? other : one),
    CALM,
  );
}

/** The title of a tab: the state first, as a narrow tab shows only its beginning. */
export function tabTitle({ words }: TabState, subject: string): string {
  return [words, subject, 'Keyturn'].filter((part) => part !== '').join(' · ');
}
