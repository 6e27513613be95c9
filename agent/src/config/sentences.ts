import { shown } from '@keyturn/shared/shown.ts';
import { z } from 'zod';

export type KeyPath = readonly (string | number)[];

/** One thing wrong in the settings: where, and a sentence with what was expected and what came. */
export interface Problem {
  readonly path: KeyPath;
  readonly message: string;
}

/** Parses with messages of the kind "expected …, got …"; gives the value or every problem. */
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

function problemsOf(
  issue: z.core.$ZodIssue,
  knownKeys: ReadonlyMap<string, readonly string[]>,
): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: unknownKey(key, knownKeys.get(pathKey(issue.path)) ?? []),
  }));
}

function pathKey(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** `unknown key "lisen"; did you mean "listen"?` */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const help = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
  return `unknown key ${shown(key)}; ${help}`;
}

/** The known name closest to `name`, when it is close enough to be a slip of the hand. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((one) => ({ one, distance: editDistance(name.slice(0, 64), one) }))
    .sort((a, b) => a.distance - b.distance);
  if (best === undefined || best.distance > Math.max(2, Math.floor(best.one.length / 3))) {
    return undefined;
  }
  return best.one;
}

// Levenshtein, one row at a time.
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
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
      return `expected at least ${issue.minimum} entry, got ${shown(issue.input)}`;
    case 'too_big':
      return `expected at most ${issue.maximum} entries, got ${shown(issue.input)}`;
    default:
      return undefined;
  }
}
