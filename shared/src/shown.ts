const CHARS_MAX = 60;

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A value that came from outside, fit for a sentence, a log line or a terminal: quoted, at most about
 * 60 characters, nothing in it that hides, reorders or breaks text. Lists and objects show only their
 * size or kind, so neither a large nor a cyclic one can hurt.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') return shownText(value);
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean' || typeof value === 'number')
    return String(value);
  if (typeof value === 'bigint') return cut(value.toString());
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Text as it may be kept or shown: one line, unprintable characters replaced, at most `bytesMax`. */
export function plainText(text: string, bytesMax: number): string {
  // No character takes less than a byte, so nothing beyond bytesMax characters can be kept.
  const clean = text.slice(0, bytesMax).replaceAll(UNPRINTABLE, ' ');
  const bytes = Buffer.from(clean);
  if (bytes.length <= bytesMax) return clean;
  let end = bytesMax;
  // 10xxxxxx continues a character: step back to where one starts.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

function shownText(text: string): string {
  return JSON.stringify(cut(text)).replaceAll(UNPRINTABLE, escaped);
}

function cut(text: string): string {
  return text.length <= CHARS_MAX ? text : `${text.slice(0, CHARS_MAX)}…`;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
