import { z } from 'zod';
import { shown } from '../shown.ts';
import { nearest } from './nearest.ts';

/** Keys and places in lists, from the outermost. */
export type KeyPath = readonly (string | number)[];

/** One thing wrong in the settings: where, and a sentence with what was expected and what came. */
export interface Problem {
  readonly path: KeyPath;
  readonly message: string;
  /** The key itself is wrong, not what stands under it. */
  readonly about?: 'key';
}

/**
 * Parses a settings file, or a part of one, or a JSON body, with messages of the kind
 * "expected …, got …"; gives the value or every problem.
 */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { readonly value: T } | { readonly problems: readonly Problem[] } {
  const knownKeys = new Map<string, readonly string[]>();
  const parsed = schema.safeParse(value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject) {
        knownKeys.set(pathKey(issue.path ?? []), Object.keys(issue.inst.shape));
      }
      return sentence(issue);
    },
  });
  if (parsed.success) return { value: parsed.data };
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, knownKeys)) };
}

const LINES_MAX = 50;

/** The lines to show of a list of problems: the first 50, and how many more there are. */
export function firstLines(lines: readonly string[]): readonly string[] {
  const hidden = lines.length - LINES_MAX;
  return hidden > 0 ? [...lines.slice(0, LINES_MAX), `and ${hidden} more`] : lines;
}

function problemsOf(
  issue: z.core.$ZodIssue,
  knownKeys: ReadonlyMap<string, readonly string[]>,
): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: unknownKey(key, knownKeys.get(pathKey(issue.path)) ?? []),
    about: 'key',
  }));
}

function pathKey(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const help = near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`;
  return `unknown key ${shown(key)}; ${help}`;
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a section with keys',
  boolean: 'true or false',
  string: 'text',
  number: 'a number',
};

function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}, got ${shown(issue.input)}`;
    case 'too_small':
      return `expected at least ${entries(issue.minimum)}, got ${shown(issue.input)}`;
    case 'too_big':
      return `expected at most ${entries(issue.maximum)}, got ${shown(issue.input)}`;
    default:
      return undefined;
  }
}

function entries(count: number | bigint): string {
  return Number(count) === 1 ? '1 entry' : `${count} entries`;
}
