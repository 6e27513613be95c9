import { styleText } from 'node:util';
import type { Writable } from 'node:stream';

type Style = Parameters<typeof styleText>[0];

/** Tells the story: plain lines of at most 100 columns, colours only where asked for. */
export interface Narrator {
  title(text: string): void;
  /** A step of the rotation, stamped with the time since the start. */
  step(text: string): void;
  say(text: string): void;
  /** Lines of their own at the left edge. */
  plain(text: string): void;
  /** A command as typed, broken like a shell command where it is long. */
  command(args: readonly string[]): void;
  /** Output of a command, indented under it. */
  output(text: string, tone?: Tone): void;
  /** The line that tells how a step came out. */
  result(text: string, tone: Tone): void;
  table(rows: readonly (readonly string[])[]): void;
  blank(): void;
}

export type Tone = 'good' | 'bad' | 'waiting' | 'plain' | 'faint';

const WIDTH = 100;
const TONES: Readonly<Record<Tone, Style | undefined>> = {
  good: 'green',
  bad: 'red',
  waiting: 'yellow',
  plain: undefined,
  faint: 'dim',
};

/**
 * Breaks at spaces so that no line is longer than `width`, further lines indented by two more; single
 * long words are left whole.
 */
export function wrap(text: string, width: number): readonly string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = indent;
  for (const word of text.trim().split(/ +/)) {
    const isEmpty = line.trim() === '';
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}  ${word}`;
    } else {
      line += isEmpty ? word : ` ${word}`;
    }
  }
  return [...lines, line];
}

function shellQuoted(arg: string): string {
  return /^[\w./:@=+-]+$/.test(arg) ? arg : `"${arg.replaceAll('"', '\\"')}"`;
}

export interface NarratorOptions {
  readonly out: Writable;
  readonly colour: boolean;
  readonly startedAtMs: number;
  readonly nowMs: () => number;
}

export function narrator(options: NarratorOptions): Narrator {
  const paint = (style: Style | undefined, text: string): string =>
    options.colour && style !== undefined
      ? styleText(style, text, { validateStream: false })
      : text;
  const line = (text: string, style?: Style): void => {
    options.out.write(`${paint(style, text)}\n`);
  };
  const block = (text: string, indent: string, style?: Style): void => {
    for (const part of text.split('\n').flatMap((each) => wrap(each, WIDTH - indent.length))) {
      line(`${indent}${part}`.trimEnd(), style);
    }
  };
  const stamp = (): string => {
    const seconds = Math.floor((options.nowMs() - options.startedAtMs) / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  };

  return {
    title(text) {
      line(text, 'bold');
      line('─'.repeat(Math.min(WIDTH, text.length)), 'bold');
    },
    step(text) {
      line('');
      line(`[${stamp()}] ${text}`, 'bold');
    },
    say: (text) => {
      for (const part of wrap(text, WIDTH - 7)) line(`       ${part.trim()}`);
    },
    plain: (text) => {
      for (const part of text.split('\n').flatMap((each) => wrap(each, WIDTH))) line(part.trim());
    },
    command: (args) => {
      const lines = wrap(`$ ${args.map(shellQuoted).join(' ')}`, WIDTH - 9);
      lines.forEach((part, index) => {
        line(`       ${part}${index < lines.length - 1 ? ' \\' : ''}`, 'cyan');
      });
    },
    output: (text, tone = 'plain') => {
      block(text, '         ', TONES[tone]);
    },
    result: (text, tone) => {
      block(`→ ${text}`, '       ', TONES[tone]);
    },
    table(rows) {
      const widths: number[] = [];
      for (const row of rows) {
        row.forEach((cell, column) => {
          widths[column] = Math.max(widths[column] ?? 0, cell.length);
        });
      }
      for (const row of rows) {
        const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
        line(`  ${cells.join('  ')}`.trimEnd());
      }
    },
    blank: () => {
      line('');
    },
  };
}
