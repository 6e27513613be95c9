// Everything in a report that somebody outside named (kids, reasons, sentences with them) passes
// through here: none of it may become a heading, link, image, HTML element or another table cell.

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * What CommonMark, tables, and renderers that make links or formulas of plain text act on: marks,
 * what may start a block, the colon of a scheme or short name, the dot of a host name. A backslash
 * may stand before each (CommonMark 2.4).
 */
const ACTIVE = /^[#+=-]|[\\`*_[\]<>&|~$]|:(?=[a-z/])|\.(?=[a-z])/gi;

/** Text as a run of plain Markdown that says exactly that, in a paragraph or a table cell. */
export function plain(text: string): string {
  const shown = visible(text).trim();
  return shown === '' ? '(empty)' : shown.split(' ').map(word).join(' ');
}

function word(text: string): string {
  // GitHub makes links and mentions of whatever has an @, even escaped; in code it makes none.
  if (text.includes('@')) return code(text);
  return text.replaceAll(ACTIVE, (mark) => `\\${mark}`);
}

/**
 * Text as a code span of a table cell. There a pipe ends the cell even within code, and the backslash
 * before it goes away; outside of tables it would stay.
 */
export function code(text: string): string {
  const shown = visible(text);
  if (shown.trim() === '') return '(empty)';
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${fence}${pad}${shown.replaceAll('|', '\\|')}${pad}${fence}`;
}

function visible(text: string): string {
  return text.replaceAll(
    UNPRINTABLE,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
