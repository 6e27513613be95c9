import type { Clock } from '@keyturn/shared/clock.ts';

/** One output stream. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal; undefined when it is none. */
  readonly columns: number | undefined;
}

/** Where a person answers a question. */
export interface Input {
  readonly isTerminal: boolean;
  /** Shows the question and gives the line that is typed; empty when there is none. */
  ask(question: string): Promise<string>;
}

/** What the environment says; read in main.ts. */
export interface CliEnvironment {
  readonly collector: string | undefined;
  readonly operatorToken: string | undefined;
  readonly operatorTokenFile: string | undefined;
  /** False when NO_COLOR is set or the terminal has none. */
  readonly colours: boolean;
  readonly userName: string;
}

/** Everything outside the command line that a command touches. */
export interface World {
  readonly out: Output;
  readonly err: Output;
  /** Undefined: nobody is there to ask. */
  readonly input?: Input;
  readonly environment: CliEnvironment;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly version: string;
  /** The text of a file; null: what comes in on stdin. */
  readText(file: string | null): Promise<string>;
}
