import type { z } from 'zod';
import type {
  HistoryEvent,
  HistoryEventKind,
  HistoryEventQuery,
  HistoryStore,
} from '../store/history-store.ts';

/** Events that wait for a store that takes none; beyond it the oldest go. */
const WAITING_MAX = 20_000;

/** Written in one transaction: what is more waits for the next. */
const WRITTEN_AT_ONCE = 1_000;

/** An event with the moment it is of, Unix ms. */
export interface Dated<E> {
  readonly atMs: number;
  readonly event: E;
}

/** One kind of event: what its bodies look like. */
export interface EventKind<S extends z.ZodType> {
  readonly kind: HistoryEventKind;
  readonly schema: S;
}

/** Things that happened once, on record or on their way there. */
export class EventLog {
  /** Events that found no room while the store took none. */
  dropped = 0;
  /** Events that could not be read and are left out. */
  damaged = 0;
  readonly #store: HistoryStore;
  // Those before `#first` are gone; they are cut off seldom, for it moves all others.
  #waiting: HistoryEvent[] = [];
  #first = 0;
  #number = 0;

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  /** `number` tells events of one moment apart: the same one again replaces what is there. */
  add<S extends z.ZodType>(
    { kind }: EventKind<S>,
    track: string,
    atMs: number,
    event: z.input<S>,
    number: number = (this.#number +=
      1),
  ): void {
    this.#waiting.push({ kind, track, atMs, number, body: JSON.stringify(event) });
    if (this.waiting <= WAITING_MAX) return;
    this.dropped += 1;
    this.#drop(1);
  }

  /** The latest events of a track in a stretch, oldest first. */
  read<S extends z.ZodType>(
    { kind, schema }: EventKind<S>,
    query: Omit<HistoryEventQuery, 'kind'>,
  ): readonly Dated<z.output<S>>[] {
    const { track, fromMs, toMs, limit } = query;
    const stored = this.#store.events({ kind, ...query });
    const waiting = this.#waiting.filter(
      (each, at) =>
        at >= this.#first &&
        each.track === track &&
        each.kind === kind &&
        each.atMs >= fromMs &&
        each.atMs <= toMs,
    );
    const all = [...stored, ...waiting].sort((a, b) => a.atMs - b.atMs || a.number - b.number);
    return all.slice(-limit).flatMap((each) => this.#parsed(schema, each));
  }

  get waiting(): number {
    return this.#waiting.length - this.#first;
  }

  /** What is to be written next, and how to say that it was. */
  unwritten(): { readonly events: readonly HistoryEvent[]; readonly written: () => void } {
    const events = this.#waiting.slice(this.#first, this.#first + WRITTEN_AT_ONCE);
    return { events, written: () => this.#drop(events.length) };
  }

  #drop(count: number): void {
    this.#first += count;
    if (this.#first < WAITING_MAX && this.#first < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }

  #parsed<S extends z.ZodType>(schema: S, { atMs, body }: HistoryEvent): Dated<z.output<S>>[] {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      value = undefined;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return [{ atMs, event: parsed.data }];
    this.damaged += 1;
    return [];
  }
}
