import { KeyturnError } from '@keyturn/shared/errors.ts';
import { firstLines } from '@keyturn/shared/settings/check.ts';

/** One thing wrong in the settings. */
export interface ConfigProblem {
  /** Key path such as `services.0.profile`, or the name of an environment variable. */
  readonly path: string;
  /** Where in the file, from 1; null for what is not in it. */
  readonly line: number | null;
  readonly column: number | null;
  /** What was expected and what came, or what to change. */
  readonly message: string;
}

/** The settings cannot be used; carries every problem found, and says them all in its message. */
export class ConfigError extends KeyturnError {
  readonly problems: readonly ConfigProblem[];

  constructor(source: string, problems: readonly ConfigProblem[]) {
    super('CONFIG', summary(source, problems));
    this.problems = problems;
  }
}

function summary(source: string, problems: readonly ConfigProblem[]): string {
  const heading = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const lines = firstLines(problems.map(sentence)).map((line) => `  ${line}`);
  return [`${source} has ${heading}:`, ...lines].join('\n');
}

function sentence({ path, line, column, message }: ConfigProblem): string {
  const place = line === null ? '' : `line ${line}, column ${column}: `;
  return path === '' ? `${place}${message}` : `${place}${path}: ${message}`;
}
