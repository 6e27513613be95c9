import { check, type KeyPath, type Problem } from '@keyturn/shared/settings/check.ts';
import type { YamlFile } from '@keyturn/shared/settings/yaml-file.ts';
import type { z } from 'zod';
import type { ConfigProblem } from './config-error.ts';

/** Collects every problem of one set of settings, so that all are told at once. */
export class ProblemList {
  readonly #file: Pick<YamlFile, 'locate'>;
  readonly #problems: ConfigProblem[] = [];

  constructor(file: Pick<YamlFile, 'locate'>) {
    this.#file = file;
  }

  get all(): readonly ConfigProblem[] {
    return this.#problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  }

  add(path: KeyPath, message: string, about?: Problem['about']): void {
    const at = this.#file.locate(path, about);
    this.#problems.push({
      path: path.join('.'),
      line: at?.line ?? null,
      column: at?.column ?? null,
      message,
    });
  }

  /** The value parsed, or undefined after adding each of its problems. */
  check<T>(schema: z.ZodType<T>, value: unknown, path: KeyPath): T | undefined {
    const checked = check(schema, value);
    if ('value' in checked) return checked.value;
    for (const problem of checked.problems) {
      this.add([...path, ...problem.path], problem.message, problem.about);
    }
    return undefined;
  }
}
