import type { Output } from './world.ts';

/** A few lines at the bottom of a terminal that are drawn anew in place. */
export interface LiveBlock {
  draw(lines: readonly string[]): void;
  /** Takes the block away. */
  clear(): void;
}

/** @param width - cuts a line, which must carry no control codes, to the terminal's width */
export function liveBlock(out: Output): LiveBlock {
  let drawn = 0;
  const clear = (): void => {
    // CSI A: up; CSI J: erase to the end of the screen.
    if (drawn > 0) out.write(`\u001b[${drawn}A\r\u001b[J`);
    drawn = 0;
  };
  return {
    clear,
    draw(lines) {
      // A terminal of unknown size says 0.
      const columns = Math.max(20, out.columns || 80);
      const fitting = lines.map((line) =>
        line.length < columns ? line : `${line.slice(0, columns - 2)}…`,
      );
      clear();
      out.write(fitting.map((line) => `${line}\n`).join(''));
      drawn = fitting.length;
    },
  };
}
