/** Base of failures with a stable code; expected outcomes are values instead. */
export class KeyturnError extends Error {
  /** Stable, UPPER_SNAKE. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
