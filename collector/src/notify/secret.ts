import { inspect } from 'node:util';

const HIDDEN = '[secret]';

/** A text that must reach its receiver and nothing else: printed, logged or made JSON of, it hides. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** For the request, and for what looks for it in texts that come back. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
