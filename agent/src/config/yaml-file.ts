import { messageOf } from '@keyturn/shared/errors.ts';
import { isCollection, isNode, isPair, LineCounter, parseDocument, type Document } from 'yaml';
import type { KeyPath } from './sentences.ts';

const CHARS_MAX = 1_048_576;

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text as data, and where in the text each key is. */
export interface YamlFile {
  readonly value: unknown;
  /** Line and column, from 1, of the entry, or of the closest one around it. */
  locate(path: KeyPath): Position | undefined;
}

export interface YamlProblem {
  readonly at: Position | undefined;
  readonly message: string;
}

/** Reads one YAML document; an empty one is an empty mapping. */
export function readYaml(text: string): YamlFile | { readonly problems: readonly YamlProblem[] } {
  if (text.length > CHARS_MAX) {
    const message = `expected at most ${CHARS_MAX} characters, got ${text.length}`;
    return { problems: [{ at: undefined, message }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map((error) => ({
        at: positionAt(lines, error.pos[0]),
        message: `broken YAML: ${error.message}`,
      })),
    };
  }
  try {
    // An alias may repeat a list a few times, not blow a small file up to gigabytes.
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { value: value ?? {}, locate: (path) => locate(document, lines, path) };
  } catch (error) {
    return { problems: [{ at: undefined, message: `broken YAML: ${messageOf(error)}` }] };
  }
}

function locate(document: Document, lines: LineCounter, path: KeyPath): Position | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const offset = isCollection(parent) ? keyOffset(parent.items, path[length - 1]) : undefined;
    if (offset !== undefined) return positionAt(lines, offset);
  }
  return undefined;
}

// A mapping is found by its key, a list entry by its place.
function keyOffset(
  items: readonly unknown[],
  part: string | number | undefined,
): number | undefined {
  if (typeof part === 'number') return startOf(items[part]);
  const pair = items.find(
    (item) => isPair(item) && isNode(item.key) && 'value' in item.key && item.key.value === part,
  );
  return isPair(pair) ? startOf(pair.key) : undefined;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}
