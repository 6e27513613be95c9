import { isNode, LineCounter, parseDocument } from 'yaml';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import type { Locate } from './problem-list.ts';

const CHARS_MAX = 1_048_576;

/** A settings file as plain data, and where each part of it stands. */
export interface SettingsDocument {
  readonly value: unknown;
  readonly locate: Locate;
}

/**
 * Reads YAML text.
 *
 * @throws ConfigError with line and column of everything that is not YAML, twice-given keys included.
 */
export function parseSettings(text: string, source: string): SettingsDocument {
  if (text.length > CHARS_MAX) {
    throw new ConfigError(source, [
      whole(`expected at most ${CHARS_MAX} characters, got ${text.length}`),
    ]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings].map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: '', line, column: col, message };
  });
  if (broken.length > 0) throw new ConfigError(source, broken);
  return {
    value: plain(() => document.toJS({ maxAliasCount: 100 }) as unknown, source) ?? {},
    locate(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const node = document.getIn(path.slice(0, length), true);
        const start = isNode(node) ? node.range?.[0] : undefined;
        if (start !== undefined) {
          const { line, col } = lines.linePos(start);
          return { line, column: col };
        }
      }
      return null;
    },
  };
}

function plain(read: () => unknown, source: string): unknown {
  try {
    return read();
  } catch (thrown) {
    throw new ConfigError(source, [whole(String(thrown))]);
  }
}

function whole(message: string): ConfigProblem {
  return { path: '', line: null, column: null, message };
}
