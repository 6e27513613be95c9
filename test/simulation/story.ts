/** What happened, for a person, and a hash that two equal runs share. */
export class Story {
  readonly lines: string[] = [];
  #a = 0x811c9dc5;
  #b = 0x01234567;
  /** False: nobody will read it, and nothing is kept. */
  readonly isTold: boolean;
  readonly #now: () => number;

  constructor(now: () => number, isTold = true) {
    this.#now = now;
    this.isTold = isTold;
  }

  /** One line: who did what. */
  tell(who: string, what: string): void {
    if (!this.isTold) return;
    const line = `${clockTime(this.#now())}  ${who.padEnd(16)} ${what}`;
    this.lines.push(line);
    for (let i = 0; i < line.length; i += 1) this.#mix(line.charCodeAt(i));
  }

  /** An event that is not worth a line. */
  note(atMs: number, serial: number): void {
    this.#mix(Math.floor(atMs));
    this.#mix(Math.floor((atMs % 1) * 0x7fffffff));
    this.#mix(serial);
  }

  get hash(): string {
    return hex(this.#a) + hex(this.#b);
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193) >>> 0;
    this.#b = (Math.imul(this.#b ^ (value + 0x9e3779b9), 0x85ebca6b) + (this.#a >>> 13)) >>> 0;
  }
}

/** Time since the world began: `01:02:03.4`. */
export function clockTime(ms: number): string {
  const s = Math.floor(ms / 1_000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const tenth = Math.floor((ms % 1_000) / 100);
  return `${two(Math.floor(s / 3_600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${tenth}`;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
