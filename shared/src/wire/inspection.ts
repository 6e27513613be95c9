import { shown } from '../shown.ts';

/** What reading a peer's message gives: the value, or the first thing wrong with it. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /** Where, such as `reports[3].key_sets[0].keys[2].kid`. */
      readonly field: string;
      /** What was expected and what came; safe to log, show and send back. */
      readonly message: string;
    };

/** A message whose fields are not trusted to have their declared types. */
export type Fields = Readonly<Record<string, unknown>>;

const UINT32_MAX = 0xffff_ffff;

/**
 * Reads one untrusted message. The first problem is kept with its path; after it, reads return
 * stand-ins that are thrown away with the rest.
 */
export class Inspection {
  readonly #path: string[] = [];
  #problem: { readonly field: string; readonly message: string } | undefined;

  /** `read`'s value, or the first problem found while it ran. */
  static of<T>(read: (inspection: Inspection) => T): Checked<T> {
    const inspection = new Inspection();
    const value = read(inspection);
    return inspection.#problem === undefined
      ? { ok: true, value }
      : { ok: false, ...inspection.#problem };
  }

  refuse(name: string, message: string): void {
    this.#problem ??= { field: [...this.#path, name].join('.'), message };
  }

  fields(name: string, value: unknown): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Fields;
    }
    this.refuse(name, `expected a message, got ${shown(value)}`);
    return {};
  }

  /** One nested message; `name` joins the path while `read` runs. */
  nested<T>(name: string, value: unknown, read: (fields: Fields) => T): T {
    const fields = this.fields(name, value);
    this.#path.push(name);
    const result = read(fields);
    this.#path.pop();
    return result;
  }

  /** At most `max` messages. */
  messages<T>(name: string, value: unknown, max: number, read: (fields: Fields) => T): T[] {
    return this.list(name, value, max, (item, place) => this.nested(place, item, read));
  }

  /** At most `max` items; `place` is the item's path, such as `issuers[2]`. */
  list<T>(
    name: string,
    value: unknown,
    max: number,
    read: (item: unknown, place: string) => T,
  ): T[] {
    if (!Array.isArray(value)) {
      this.refuse(name, `expected a list, got ${shown(value)}`);
      return [];
    }
    if (value.length > max) {
      this.refuse(name, `expected at most ${max} entries, got ${value.length}`);
      return [];
    }
    const items: T[] = [];
    for (let index = 0; index < value.length && this.#problem === undefined; index += 1) {
      items.push(read(value[index], `${name}[${index}]`));
    }
    return items;
  }

  /** Text for which `problem` finds nothing wrong. */
  text(name: string, value: unknown, problem: (text: string) => string | undefined): string {
    if (typeof value !== 'string') {
      this.refuse(name, `expected text, got ${shown(value)}`);
      return '';
    }
    const sentence = problem(value);
    if (sentence !== undefined) {
      this.refuse(
        name,
        sentence.includes(', got ') ? sentence : `${sentence}, got ${shown(value)}`,
      );
    }
    return value;
  }

  whole(name: string, value: unknown, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) {
      return value;
    }
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
    this.refuse(name, `expected a whole number ${range}, got ${shown(value)}`);
    return min;
  }

  uint32(name: string, value: unknown): number {
    return this.whole(name, value, 0, UINT32_MAX);
  }

  /** Null when the field is absent. */
  optionalWhole(name: string, value: unknown, max = Number.MAX_SAFE_INTEGER): number | null {
    return value === undefined ? null : this.whole(name, value, 0, max);
  }

  flag(name: string, value: unknown): boolean {
    if (typeof value === 'boolean') return value;
    this.refuse(name, `expected true or false, got ${shown(value)}`);
    return false;
  }

  bytes(name: string, value: unknown, length: number): Buffer {
    if (value instanceof Uint8Array && value.byteLength === length) {
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    this.refuse(name, `expected ${length} bytes, got ${shown(value)}`);
    return Buffer.alloc(0);
  }

  /** The word an enum number stands for. */
  word<T extends string>(name: string, value: unknown, words: ReadonlyMap<number, T>): T {
    const word = typeof value === 'number' ? words.get(value) : undefined;
    if (word !== undefined) return word;
    this.refuse(name, `expected one of ${[...words.values()].join(', ')}, got ${shown(value)}`);
    return [...words.values()][0] as T;
  }

  /** One of `allowed`, for words that cross the wire as text. */
  oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
    const word = allowed.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    this.refuse(name, `expected one of ${allowed.join(', ')}, got ${shown(value)}`);
    return allowed[0] as T;
  }

  /** Refuses the second of anything with the same identity. */
  once(name: string, seen: Set<string | number>, identity: string | number, what: string): void {
    if (seen.has(identity)) this.refuse(name, `expected each ${what} once, got it twice`);
    seen.add(identity);
  }
}
