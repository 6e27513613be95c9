interface Entry {
  readonly text: string;
  /** The version of the table that brought it. */
  readonly version: number;
}

/** Values that rows name by their place. Append-only, so that a reader needs each of them once. */
export class Dictionary {
  readonly #places = new Map<string, number>();
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** The place of a value, which is new in `version` unless it is there. */
  placeOf(value: string | object, version: number): number {
    const text = JSON.stringify(value);
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.#entries.length);
    return this.#entries.push({ text, version }) - 1;
  }

  /** As JSON: what came after `version`. */
  since(version: number): string {
    let from = this.#entries.length;
    while (from > 0 && (this.#entries[from - 1]?.version ?? 0) > version) from -= 1;
    const entries = this.#entries.slice(from).map(({ text }) => text);
    return `{"from":${from},"entries":[${entries.join(',')}]}`;
  }
}
