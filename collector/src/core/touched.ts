/**
 * Ids of rotations whose verdicts may have changed. Whatever is added may also have broken what held
 * until now, and may be mended again before anybody evaluates: that is told apart at once.
 */
export class Touched extends Set<string> {
  readonly #shaken = new Set<string>();

  /** A change of any kind. */
  override add(id: string): this {
    this.#shaken.add(id);
    return super.add(id);
  }

  /** A change for the better alone: nothing that passed can fail by it. */
  addImproved(id: string): void {
    super.add(id);
  }

  /** What was added by `add` since this was last asked. */
  takeShaken(): readonly string[] {
    const shaken = [...this.#shaken];
    this.#shaken.clear();
    return shaken;
  }
}
