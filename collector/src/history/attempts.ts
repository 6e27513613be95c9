import { messageOf } from '@keyturn/shared/errors.ts';

/** Tries one thing again and again; what fails is counted, and told once until it works again. */
export class Attempts {
  failures = 0;
  /** The last try failed. */
  isFailing = false;
  readonly #tell: (message: string) => void;

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  run(act: () => void): void {
    try {
      act();
      this.isFailing = false;
    } catch (thrown) {
      this.failures += 1;
      if (!this.isFailing) this.#tell(messageOf(thrown));
      this.isFailing = true;
    }
  }
}
