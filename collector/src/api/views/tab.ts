import { NEXT_GATE, openRotations, phaseOf } from '../../core/rotation.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { Engine } from '../../engine-port.ts';
import type { TabView } from '../schemas/tab.ts';
import { alarms, alertViews } from './alert.ts';
import { gateView, verdictNow } from './gate.ts';

const ALERTS_MAX = 100;

const ROTATIONS_MAX = 50;

/** What a tab says without being looked into. */
export function tabView(engine: Engine): TabView {
  const state = engine.state();
  const critical = alarms(state)
    .slice(0, ALERTS_MAX)
    .map(alertViews(state, engine.nowMs()))
    .filter(({ severity }) => severity === 'critical');
  return {
    alerts: critical.map(({ severity, firing, name, labels }) => ({
      severity,
      firing,
      name,
      labels,
    })),
    rotations: [...openRotations(state)]
      .slice(0, ROTATIONS_MAX)
      .map((rotation) => judged(engine, rotation)),
  };
}

function judged(engine: Engine, rotation: RotationRecord): TabView['rotations'][number] {
  const { id, issuer, origin } = rotation;
  const phase = phaseOf(engine.state(), rotation);
  const next = NEXT_GATE[phase];
  const asked = next === null ? (['rollback'] as const) : ([next, 'rollback'] as const);
  return {
    rotation: { id, issuer, origin, phase, open: true },
    gates: asked.map((gate) => {
      const { status, progress, advised } = gateView(engine, verdictNow(engine, id, gate));
      return { gate, status, progress, advised };
    }),
  };
}
