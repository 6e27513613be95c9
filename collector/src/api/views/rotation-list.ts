import { NEXT_GATE } from '../../core/rotation.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import type { LiveContext } from '../live/live-views.ts';
import type { RotationListView } from '../schemas/rotation-list.ts';
import type { RotationGlances } from './rotation-glance.ts';
import { rotationView } from './rotation.ts';

const OPEN_SHOWN_MAX = 100;

const ENDED_SHOWN_MAX = 200;

/** Rotations, newest first. */
export function rotationListView({ engine, glances }: LiveContext): RotationListView {
  const all = [...engine.state().rotations.values()].sort((a, b) => b.startedAtMs - a.startedAtMs);
  const open = all.filter((rotation) => rotation.endedAtMs === null);
  const ended = all.filter((rotation) => rotation.endedAtMs !== null);
  return {
    open: open
      .slice(0, OPEN_SHOWN_MAX)
      .map((rotation) => openView(engine.state(), glances, rotation)),
    ended: ended
      .slice(0, ENDED_SHOWN_MAX)
      .map((rotation) => rotationView(engine.state(), rotation)),
    more_open: Math.max(0, open.length - OPEN_SHOWN_MAX),
    more_ended: Math.max(0, ended.length - ENDED_SHOWN_MAX),
  };
}

function openView(
  state: Readonly<State>,
  glances: RotationGlances,
  rotation: RotationRecord,
): RotationListView['open'][number] {
  const view = rotationView(state, rotation);
  const gate = NEXT_GATE[view.phase];
  const verdict = gate === null ? null : glances.verdict(rotation.id, gate);
  return {
    rotation: view,
    next:
      verdict === null
        ? null
        : {
            gate: verdict.gate,
            status: verdict.status,
            summary: verdict.summary,
            clears_at: verdict.clears_at,
          },
    rollback_advised: glances.verdict(rotation.id, 'rollback').advised,
  };
}
