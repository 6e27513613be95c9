const CHARS_MAX = 64;

/** The known name closest to `name`, when it is close enough to be a slip of the hand. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  return nearestFew(name, known, 1)[0];
}

/** Up to `count` known names close to `name`, closest first. */
export function nearestFew(
  name: string,
  known: readonly string[],
  count: number,
): readonly string[] {
  return known
    .map((one) => ({ one, edits: distance(name, one) }))
    .filter(({ one, edits }) => edits <= Math.max(2, Math.floor(one.length / 3)))
    .toSorted((a, b) => a.edits - b.edits)
    .slice(0, count)
    .map(({ one }) => one);
}

/** Edit distance, 0 when one is contained in the other; long names are compared by their start. */
function distance(a: string, b: string): number {
  const [left, right] = [a.slice(0, CHARS_MAX).toLowerCase(), b.slice(0, CHARS_MAX).toLowerCase()];
  if (left.length >= 3 && right.includes(left)) return 0;
  return levenshtein(left, right);
}

function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
