import type { z } from 'zod';
import type { RotationRecord } from '../../core/records.ts';
import { rehearsalsOf } from '../../core/rehearsals.ts';
import { NEXT_GATE } from '../../core/rotation.ts';
import type { Canaries } from '../../canary/canaries.ts';
import type { Engine } from '../../engine-port.ts';
import type { RotationDetailSchema } from '../schemas/rotation.ts';
import { canariesView } from './canaries.ts';
import { taintedContainment } from './emergency.ts';
import { gateViews } from './gate.ts';
import { propagationView } from './propagation.ts';
import { rehearsalView } from './rehearsal.ts';
import { attestationView, rotationView, waiverView } from './rotation.ts';
import { dependentViews } from './services.ts';

const SHOWN_MAX = 200;

const REHEARSALS_SHOWN_MAX = 20;

/** One rotation with its verdicts and what people said about it, as JSON. */
export function rotationDetailView(
  engine: Engine,
  canaries: Canaries,
  rotation: RotationRecord,
): z.infer<typeof RotationDetailSchema> {
  const { id } = rotation;
  const gates = gateViews(engine, id);
  const state = engine.state();
  const nowMs = engine.nowMs();
  const view = rotationView(state, rotation);
  return {
    rotation: view,
    next_gate: NEXT_GATE[view.phase],
    gates,
    propagation: propagationView(engine, rotation),
    attestations: latest(state.attestations.values(), id).map((record) =>
      attestationView(record, nowMs),
    ),
    waivers: latest(state.waivers.values(), id).map((record) => waiverView(record, nowMs)),
    dependents: dependentViews(state, rotation, nowMs).slice(0, SHOWN_MAX),
    canaries: canariesView(engine, canaries, id),
    containment: taintedContainment(engine, rotation),
    rehearsals: rehearsalsOf(state, id).slice(-REHEARSALS_SHOWN_MAX).map(rehearsalView),
  };
}

/** What people said last about one rotation. */
function latest<R extends { readonly rotationId: string; readonly atMs: number }>(
  records: Iterable<R>,
  rotationId: string,
): R[] {
  return [...records]
    .filter((record) => record.rotationId === rotationId)
    .sort((a, b) => a.atMs - b.atMs)
    .slice(-SHOWN_MAX);
}
