// Also what looks like nothing or like a blank: names that differ by it must not look alike.
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

const SHOWN_CHARS_MAX = 80;

const characters = new Intl.Segmenter('en');

/** A text from outside as a person may see it: what would hide or reorder is written out. */
export function visibleText(text: string): string {
  return text.replaceAll(HIDDEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same, cut in its middle where it is very long: names often differ at their ends. */
export function shortText(text: string, charsMax: number = SHOWN_CHARS_MAX): string {
  const visible = visibleText(text);
  // No character is shorter than one unit, so most names need no look at their parts.
  if (visible.length <= charsMax) return visible;
  const parts = Array.from(characters.segment(visible), ({ segment }) => segment);
  if (parts.length <= charsMax) return visible;
  const half = Math.floor((charsMax - 1) / 2);
  return `${parts.slice(0, half).join('')}…${parts.slice(-half).join('')}`;
}
