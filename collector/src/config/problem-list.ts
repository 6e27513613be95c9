import { z } from 'zod';
import { shown } from '@keyturn/shared/shown.ts';
import type { ConfigProblem } from './config-error.ts';
import { nearest } from './nearest.ts';

export type KeyPath = readonly (string | number)[];

/** Tells where in a file a key path is. */
export type Locate = (path: KeyPath) => { readonly line: number; readonly column: number } | null;

/** Collects every problem of one set of settings, so that all are told at once. */
export class ProblemList {
  readonly #locate: Locate;
  readonly #problems: ConfigProblem[] = [];

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  get all(): readonly ConfigProblem[] {
    return this.#problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  }

  add(path: KeyPath, message: string): void {
    const place = this.#locate(path);
    this.#problems.push({
      path: path.join('.'),
      line: place?.line ?? null,
      column: place?.column ?? null,
      message,
    });
  }

  /** The value parsed, or undefined after adding each of its problems. */
  check<S extends z.ZodType>(schema: S, value: unknown, path: KeyPath): z.output<S> | undefined {
    const knownKeys: string[] = [];
    const parsed = schema.safeParse(value, {
      error: (issue) => {
        if (issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject) {
          knownKeys.push(...Object.keys(issue.inst.shape));
        }
        return sentence(issue);
      },
    });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) this.#addIssue(issue, path, knownKeys);
    return undefined;
  }

  #addIssue(issue: z.core.$ZodIssue, path: KeyPath, knownKeys: readonly string[]): void {
    const at = [
      ...path,
      ...issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
    ];
    if (issue.code !== 'unrecognized_keys') {
      this.add(at, issue.message);
      return;
    }
    for (const key of issue.keys) this.add([...at, key], unknownKey(key, knownKeys));
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const help = near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`;
  return `unknown key ${shown(key)}; ${help}`;
}

const KIND: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  number: 'a number',
};

function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KIND[issue.expected] ?? issue.expected}, got ${shown(issue.input)}`;
    case 'too_small':
      return `expected at least ${issue.minimum} entries, got ${shown(issue.input)}`;
    case 'too_big':
      return `expected at most ${issue.maximum} entries, got ${shown(issue.input)}`;
    default:
      return issue.message;
  }
}
