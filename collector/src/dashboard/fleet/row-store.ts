import type { FleetRow, FleetRowsView } from '../../api/schemas/fleet-rows.ts';
import { type FleetHead, type VerifierRow, verifierRow } from './verifier-row.ts';

/** One verifier's place in lists: what is known of it is replaced, its place stays. */
export interface Held {
  row: VerifierRow;
}

/** What one answer did to one verifier. */
export interface RowChange {
  readonly held: Held;
  /** Null: it is new. */
  readonly before: VerifierRow | null;
  /** Null: it is gone. */
  readonly after: VerifierRow | null;
}

/** What an answer brings besides its rows. */
export type AnswerFrame = Omit<FleetRowsView, 'rows'>;

const NO_HEAD: FleetHead = { issuers: [], keys: [], rotations: [] };

/**
 * All verifiers as far as they were heard of. An answer is taken in three steps, so that a long one can
 * be taken a part at a time: `begin`, `take` for its rows, `end`.
 */
export class RowStore {
  #held = new Map<number, Held>();
  #services: FleetRowsView['services']['entries'] = [];
  #profiles: FleetRowsView['profiles']['entries'] = [];
  #words: string[] = [];
  #baseMs = 0;
  #head: FleetHead = NO_HEAD;
  /** What a complete answer has not named again so far; null: the answer says what changed. */
  #unnamed: Map<string, Held> | null = null;
  /** Pass as `since`; null: ask for everything. */
  cursor: string | null = null;

  get size(): number {
    return this.#held.size;
  }

  get head(): FleetHead {
    return this.#head;
  }

  /** From here on, failures are counted, Unix ms. */
  get countingSinceMs(): number {
    return this.#baseMs;
  }

  all(): Iterable<Held> {
    return this.#held.values();
  }

  /** Takes in what the rows of an answer name. A complete answer starts the lists anew. */
  begin(answer: AnswerFrame): void {
    // Half an answer must not pass for one: until its end, everything would be asked for again.
    this.cursor = null;
    this.#baseMs = Date.parse(answer.base_at);
    this.#unnamed = null;
    if (answer.complete) {
      // A collector that started anew numbers its rows anew; verifiers keep their places by name.
      this.#unnamed = new Map([...this.#held.values()].map((held) => [held.row.name, held]));
      this.#held = new Map();
    }
    this.#services = grown(this.#services, answer.services);
    this.#profiles = grown(this.#profiles, answer.profiles);
    this.#words = grown(this.#words, answer.words);
    if (answer.head !== null) this.#head = answer.head;
  }

  /** Takes in some rows, each at most once for an answer. Costs what they are, not what there is. */
  take(rows: readonly FleetRow[]): RowChange[] {
    const lists = {
      baseMs: this.#baseMs,
      services: this.#services,
      profiles: this.#profiles,
      words: this.#words,
    };
    const changes: RowChange[] = [];
    for (const text of rows) {
      const after = verifierRow(text, lists);
      if (after === undefined) continue;
      const held = this.#unnamed?.get(after.name) ?? this.#held.get(after.id);
      this.#unnamed?.delete(after.name);
      if (held === undefined) {
        const fresh = { row: after };
        this.#held.set(after.id, fresh);
        changes.push({ held: fresh, before: null, after });
      } else {
        this.#held.set(after.id, held);
        const before = held.row;
        held.row = after;
        changes.push({ held, before, after });
      }
    }
    return changes;
  }

  /** Takes out what is gone, and remembers how far this copy is. */
  end(answer: AnswerFrame): RowChange[] {
    const changes = [...(this.#unnamed?.values() ?? [])].map(left);
    this.#unnamed = null;
    this.cursor = answer.cursor;
    for (const id of answer.gone) {
      const held = this.#held.get(id);
      if (held === undefined) continue;
      this.#held.delete(id);
      changes.push(left(held));
    }
    return changes;
  }
}

function grown<T>(list: readonly T[], more: { readonly from: number; readonly entries: T[] }): T[] {
  return [...list.slice(0, more.from), ...more.entries];
}

function left(held: Held): RowChange {
  return { held, before: held.row, after: null };
}
