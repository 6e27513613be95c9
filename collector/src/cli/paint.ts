import type { VerdictView } from '../api/schemas/verdict.ts';

/** Colours for a terminal, or none. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  magenta(text: string): string;
}

const same = (text: string): string => text;

export const NO_PAINT: Paint = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  magenta: same,
};

/** ECMA-48 SGR codes. */
export const TERMINAL_PAINT: Paint = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  magenta: sgr(35, 39),
};

/** The word for a status, in its colour. */
export function statusWord(status: VerdictView['status'], paint: Paint): string {
  const word = paint.bold(status.toUpperCase());
  switch (status) {
    case 'open':
      return paint.green(word);
    case 'closed':
      return paint.red(word);
    case 'unknown':
      return paint.yellow(word);
    case 'aborted':
      return paint.magenta(word);
  }
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}
