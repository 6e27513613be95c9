import {
  type Document,
  isCollection,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
} from 'yaml';
import { messageOf } from '../errors.ts';
import type { KeyPath, Problem } from './check.ts';

const CHARS_MAX = 1_048_576;

/** Line and column, from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text as data, and where in the text everything is. */
export interface YamlFile {
  readonly value: unknown;
  /**
   * A single value is where it starts; a key, or a section, where its key starts; what is not there,
   * where the closest section around it is. Undefined: nothing of the path is in the file.
   */
  locate(path: KeyPath, about?: Problem['about']): Position | undefined;
}

export interface YamlProblem {
  readonly at: Position | undefined;
  readonly message: string;
}

/** Reads one YAML document; an empty one is an empty mapping. Keys given twice are problems. */
export function readYaml(text: string): YamlFile | { readonly problems: readonly YamlProblem[] } {
  if (text.length > CHARS_MAX) {
    const message = `expected at most ${CHARS_MAX} characters, got ${text.length}`;
    return { problems: [{ at: undefined, message }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return {
      problems: broken.map(({ pos, message }) => ({
        at: positionAt(lines, pos[0]),
        message: `broken YAML: ${message}`,
      })),
    };
  }
  try {
    // An alias may repeat a list a few times, not blow a small file up to gigabytes.
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { value: value ?? {}, locate: (path, about) => locate(document, lines, path, about) };
  } catch (error) {
    return { problems: [{ at: undefined, message: `broken YAML: ${messageOf(error)}` }] };
  }
}

function locate(
  document: Document,
  lines: LineCounter,
  path: KeyPath,
  about: Problem['about'],
): Position | undefined {
  const found = about === 'key' ? undefined : document.getIn(path, true);
  const start = isScalar(found) ? startOf(found) : undefined;
  if (start !== undefined) return positionAt(lines, start);
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
