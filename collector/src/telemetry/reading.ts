import type { AttributesOf, InstrumentId } from '../metric-names.ts';

/** One value of one series, read when somebody asks. */
export interface Reading {
  readonly instrument: InstrumentId;
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

export function reading<Id extends InstrumentId>(
  instrument: Id,
  value: number,
  attributes: AttributesOf<Id>,
): Reading {
  return { instrument, value, attributes };
}

/** One reading for every state, 1 for the one that holds and 0 for the others. */
export function stateSet<State extends string>(
  states: readonly State[],
  current: State,
  of: (state: State, value: 0 | 1) => Reading,
): Reading[] {
  return states.map((state) => of(state, state === current ? 1 : 0));
}

/** Adds up what has the same attributes. */
export class Sums {
  readonly #readings = new Map<string, Reading>();

  add(more: Reading): void {
    const key = JSON.stringify([more.instrument, Object.entries(more.attributes)]);
    const before = this.#readings.get(key);
    this.#readings.set(
      key,
      before === undefined ? more : { ...more, value: before.value + more.value },
    );
  }

  values(): Iterable<Reading> {
    return this.#readings.values();
  }
}
