import { plainText } from '@keyturn/shared/shown.ts';
import { GATES, type Gate, type VerdictStatus } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../core/records.ts';
import type { State } from '../core/state.ts';
import type { AuditQuery, StoredAuditEntry } from '../store/store.ts';
import type { EventLog } from './event-log.ts';
import { FINEST_S } from './resolutions.ts';
import { GATE_EVENTS, STATUSES } from './gate-events.ts';
import { ROTATION } from './rotation-bucket.ts';
import type { Tracks } from './tracks.ts';

const PAGE = 200;
const REASON_BYTES_MAX = 500;

export interface Audited {
  audit(query: AuditQuery): readonly StoredAuditEntry[];
  auditHead(): { readonly number: number };
}

interface Known {
  /** The last audit entry that was read. */
  number: number;
  readonly statuses: Map<Gate, VerdictStatus>;
}

/**
 * Follows what gates say. Every change of a status is in the audit trail with its moment and reason,
 * so nothing is evaluated here, and what came and went between two looks is seen too.
 */
export class GateWatch {
  readonly #audited: Audited;
  readonly #log: EventLog;
  readonly #tracks: Tracks;
  readonly #known = new Map<string, Known>();

  constructor(audited: Audited, log: EventLog, tracks: Tracks) {
    this.#audited = audited;
    this.#log = log;
    this.#tracks = tracks;
  }

  look(state: Readonly<State>, nowMs: number): void {
    for (const rotation of state.rotations.values()) {
      const known = this.#known.get(rotation.id);
      if (rotation.endedAtMs !== null && known === undefined) continue;
      this.#follow(state, rotation, known ?? this.#meet(state, rotation), nowMs);
      if (rotation.endedAtMs !== null) this.#known.delete(rotation.id);
    }
    for (const id of this.#known.keys()) if (!state.rotations.has(id)) this.#known.delete(id);
  }

  /** Since `sinceMs` nobody has looked; what gates say now is said anew. */
  blind(state: Readonly<State>, sinceMs: number, nowMs: number): void {
    for (const [id, { statuses }] of this.#known) {
      const events = this.#log.read(GATE_EVENTS, { track: id, fromMs: 0, toMs: nowMs, limit: 50 });
      this.#log.add(GATE_EVENTS, id, sinceMs, { v: 1, blind: true });
      for (const [gate, status] of statuses) {
        if (state.gates.get(id)?.get(gate)?.status !== status) continue;
        const last = events.findLast(({ event }) => 'gate' in event && event.gate === gate)?.event;
        const reason = last !== undefined && 'reason' in last ? last.reason : '';
        this.#log.add(GATE_EVENTS, id, nowMs, { v: 1, gate, status, reason });
      }
    }
  }

  #meet(state: Readonly<State>, { id }: RotationRecord): Known {
    const isNew = (state.gates.get(id)?.size ?? 0) > 0;
    const known = { number: isNew ? 0 : this.#audited.auditHead().number, statuses: new Map() };
    this.#known.set(id, known);
    const watchedUntilS = this.#tracks.watchedUntilS(ROTATION, id, FINEST_S);
    if (watchedUntilS !== null) {
      this.#log.add(GATE_EVENTS, id, watchedUntilS * 1_000, { v: 1, blind: true });
    }
    return known;
  }

  #follow(state: Readonly<State>, { id }: RotationRecord, known: Known, nowMs: number): void {
    const memos = state.gates.get(id);
    const hasChanged = GATES.some((gate) => {
      const status = memos?.get(gate)?.status;
      return status !== undefined && status !== known.statuses.get(gate);
    });
    if (!hasChanged) return;
    this.#readTrail(id, known);
    for (const [gate, { status, changedAtMs }] of memos ?? []) {
      if (known.statuses.get(gate) === status) continue;
      // The trail does not have it yet: a store that refuses writes has it in memory.
      known.statuses.set(gate, status);
      const atMs = Math.min(changedAtMs, nowMs);
      this.#log.add(GATE_EVENTS, id, atMs, { v: 1, gate, status, reason: '' });
    }
  }

  #readTrail(rotationId: string, known: Known): void {
    for (;;) {
      const page = this.#audited.audit({ rotationId, after: known.number, limit: PAGE });
      for (const entry of page) {
        known.number = entry.number;
        if (entry.kind === 'decision') this.#note(rotationId, known, entry);
      }
      if (page.length < PAGE) return;
    }
  }

  #note(
    rotationId: string,
    known: Known,
    { atMs, number, message, detail }: StoredAuditEntry,
  ): void {
    const gate = GATES.find((each) => each === detail['gate']);
    const status = STATUSES.find((each) => each === detail['status']);
    if (gate === undefined || status === undefined) return;
    known.statuses.set(gate, status);
    const reason = status === 'open' ? '' : reasonIn(message, gate, status);
    this.#log.add(GATE_EVENTS, rotationId, atMs, { v: 1, gate, status, reason }, number);
  }
}

/** `gate activate is closed: reason` */
function reasonIn(message: string, gate: Gate, status: VerdictStatus): string {
  const start = `gate ${gate} is ${status}: `;
  return plainText(
    message.startsWith(start) ? message.slice(start.length) : message,
    REASON_BYTES_MAX,
  );
}
