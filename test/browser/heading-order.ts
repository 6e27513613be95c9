import type { Page } from 'playwright-core';

/** Levels of the headings that can be seen, in order. */
export async function headingLevels(page: Page): Promise<readonly number[]> {
  return page.evaluate<number[]>(`[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter((heading) => heading.checkVisibility())
    .map((heading) => Number(heading.tagName.slice(1)))`);
}

/** What is wrong with the order of headings; empty when a listener can find the way by them. */
export function headingFaults(levels: readonly number[]): readonly string[] {
  const faults: string[] = [];
  const firsts = levels.filter((level) => level === 1).length;
  if (firsts !== 1 || levels[0] !== 1)
    faults.push(`expected one h1, and first, got ${levels.join()}`);
  for (const [at, level] of levels.entries()) {
    const before = levels[at - 1];
    if (before !== undefined && level > before + 1)
      faults.push(`h${before} is followed by h${level}`);
  }
  return faults;
}
