import { NEXT_GATE, openRotations, phaseOf } from '../../core/rotation.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import type { LiveContext } from '../live/live-views.ts';
import type { TabView } from '../schemas/tab.ts';
import { alarms, alertViews } from './alert.ts';
import type { RotationGlances } from './rotation-glance.ts';

const ALERTS_MAX = 100;

const ROTATIONS_MAX = 50;

/** What a tab says without being looked into. */
export function tabView({ engine, glances }: Pick<LiveContext, 'engine' | 'glances'>): TabView {
  const state = engine.state();
  const critical = alarms(state)
    .slice(0, ALERTS_MAX)
    .map(alertViews(state, engine.nowMs()))
    .filter(({ severity }) => severity === 'critical');
  // Of a rotation that was only observed nobody here takes a step.
  const ours = openRotations(state).filter(({ origin }) => origin === 'declared');
  return {
    alerts: critical.map(({ severity, firing, name, labels }) => ({
      severity,
      firing,
      name,
      labels,
    })),
    rotations: ours.slice(0, ROTATIONS_MAX).map((rotation) => judged(state, glances, rotation)),
    more_rotations: Math.max(0, ours.length - ROTATIONS_MAX),
  };
}

function judged(
  state: Readonly<State>,
  glances: RotationGlances,
  rotation: RotationRecord,
): TabView['rotations'][number] {
  const { id, issuer } = rotation;
  const phase = phaseOf(state, rotation);
  const next = NEXT_GATE[phase];
  const asked = next === null ? (['rollback'] as const) : ([next, 'rollback'] as const);
  return {
    rotation: { id, issuer, phase, open: true },
    next_gate: next,
    gates: asked.map((gate) => {
      const { status, progress, advised } = glances.verdict(id, gate);
      return { gate, status, progress, advised };
    }),
  };
}
