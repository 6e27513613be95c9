/** One import of a source file. */
export interface ImportFound {
  readonly specifier: string;
  readonly line: number;
  /** `import type` or `export type`: nothing of it is there at run time. */
  readonly erased: boolean;
}

// What may stand before a slash that begins a regular expression rather than divides.
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void))\s*$/;

const IMPORT =
  /\b(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*(['"])(?<static>\s*)\1|\bimport\s*\(\s*(['"])(?<dynamic>\s*)\3/dg;

/**
 * The code of a source file at its own positions: comments and what strings, templates and regular
 * expressions hold are blank, so that words in them are not taken for code.
 */
export function codeOf(text: string): string {
  // By UTF-16 unit, as positions are.
  const out = text.split('');
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) if (out[at] !== '\n') out[at] = ' ';
  };
  // Depth of braces at which each open `${` of a template ends.
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    const next = text[at + 1];
    if (char === '/' && next === '/') {
      const end = endOr(text, text.indexOf('\n', at));
      blank(at, end);
      at = end;
    } else if (char === '/' && next === '*') {
      const close = text.indexOf('*/', at + 2);
      const end = close < 0 ? text.length : close + 2;
      blank(at, end);
      at = end;
    } else if (char === "'" || char === '"') {
      const end = endOfString(text, at + 1, char);
      blank(at + 1, end - 1);
      at = end;
    } else if (char === '/' && BEFORE_REGEX.test(out.slice(Math.max(0, at - 40), at).join(''))) {
      const end = endOfRegex(text, at + 1);
      blank(at + 1, end - 1);
      at = end;
    } else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const end = endOfTemplatePart(text, at + 1);
      const opens = text[end - 1] === '{';
      blank(at + 1, opens ? end - 2 : end - 1);
      if (opens) templates.push(depth);
      at = end;
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      at += 1;
    }
  }
  return out.join('');
}

/** Every module a file imports or exports from, types and `import()` of a literal included. */
export function importsOf(text: string): readonly ImportFound[] {
  const code = codeOf(text);
  return [...code.matchAll(IMPORT)].map((match) => {
    const [from, to] = match.indices?.groups?.['static'] ??
      match.indices?.groups?.['dynamic'] ?? [0, 0];
    return {
      specifier: text.slice(from, to),
      line: lineAt(text, from),
      erased: /^(?:import|export)\s+type\b/.test(match[0]),
    };
  });
}

/** Line number of a position, from 1. */
export function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

function endOr(text: string, index: number): number {
  return index < 0 ? text.length : index;
}

function endOfString(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(at + 1, text.length);
}

function endOfRegex(text: string, from: number): number {
  let inClass = false;
  let at = from;
  while (at < text.length && text[at] !== '\n') {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at + 1;
    at += 1;
  }
  return Math.min(at + 1, text.length);
}

/** Past the closing backtick, or past the `${` that interrupts the template. */
function endOfTemplatePart(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '`') return at + 1;
    if (text[at] === '$' && text[at + 1] === '{') return at + 2;
    at += text[at] === '\\' ? 2 : 1;
  }
  return text.length;
}
