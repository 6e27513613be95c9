import type { Command as Surface } from './command-surface.ts';

/** One command line of ours found in a text. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly options: readonly string[];
  readonly shown: string;
}

/** Command lines of `program` in shell text or in a sentence. */
export function commandLinesOf(program: string, text: string): readonly CommandLine[] {
  const joined = text.replaceAll(/\\\n\s*/g, ' ');
  return [...joined.matchAll(new RegExp(`(?<![\\w/.@-])${program} +([^\\n\`;|&#>]*)`, 'g'))].map(
    ([shown, rest = '']) => {
      const words: string[] = [];
      const tokens = rest.trim().split(/\s+/);
      for (const token of tokens) {
        if (!/^[a-z][a-z-]*$/.test(token)) break;
        words.push(token);
      }
      const options = tokens.flatMap((token) => /^(--?[a-z][a-z-]*)/.exec(token)?.[1] ?? []);
      return { words, options, shown: shown.trim() };
    },
  );
}

/** What is wrong with a command line, as sentences. */
export function problemsOf(line: CommandLine, surface: Surface): readonly string[] {
  let at = surface;
  const known = new Set(surface.options);
  for (const word of line.words) {
    const next = at.commands.get(word);
    if (next === undefined) {
      if (at.commands.size > 0) return [`${line.shown}: there is no command ${word}`];
      break;
    }
    at = next;
    for (const option of at.options) known.add(option);
  }
  return line.options
    .filter((option) => !known.has(option))
    .map((option) => `${line.shown}: there is no option ${option}`);
}
