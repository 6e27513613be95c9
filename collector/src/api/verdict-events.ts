import { GATES } from '@keyturn/shared/model/verdict.ts';
import type { Engine } from '../engine-port.ts';
import { gateView } from './views/gate.ts';

/**
 * Makes a reader's source of server-sent events: each call gives one event for every verdict that
 * differs from what the last call gave, the first call one for every gate of every open rotation.
 * A rotation that ended is told once more, then forgotten.
 */
export function verdictEvents(engine: Engine): () => string[] {
  const seen = new Map<string, Map<string, number>>();
  return () => {
    const events: string[] = [];
    const state = engine.state();
    for (const rotation of state.rotations.values()) {
      const revisions = seen.get(rotation.id) ?? new Map<string, number>();
      if (rotation.endedAtMs !== null && revisions.size === 0) continue;
      for (const gate of GATES) {
        const kept = state.gates.get(rotation.id)?.get(gate);
        if (kept !== undefined && kept.revision === revisions.get(gate)) continue;
        const verdict = engine.checkGate(rotation.id, gate);
        if (verdict === undefined || verdict.revision === revisions.get(gate)) continue;
        revisions.set(gate, verdict.revision);
        events.push(eventText(verdict.revision, JSON.stringify(gateView(engine, verdict))));
      }
      if (rotation.endedAtMs === null) seen.set(rotation.id, revisions);
      else seen.delete(rotation.id);
    }
    return events;
  };
}

function eventText(id: number, data: string): string {
  return `event: verdict\nid: ${id}\ndata: ${data}\n\n`;
}
