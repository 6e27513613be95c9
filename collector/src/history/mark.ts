import { z } from 'zod';

/** A detector's score against its threshold. */
export interface Mark {
  /** The highest in the bucket. */
  readonly score: number;
  readonly threshold: number;
  /** At any moment in the bucket. */
  readonly firing: boolean;
}

/** Score, threshold, firing. */
export const markSchema = z.tuple([z.number(), z.number(), z.boolean()]);

export function mergeMarks(
  earlier: ReadonlyMap<string, Mark>,
  later: ReadonlyMap<string, Mark>,
): Map<string, Mark> {
  const merged = new Map(earlier);
  for (const [name, mark] of later) noteMark(merged, name, mark);
  return merged;
}

export function noteMark(marks: Map<string, Mark>, name: string, later: Mark): void {
  const before = marks.get(name);
  const score = Math.max(before?.score ?? 0, later.score);
  const firing = before?.firing === true || later.firing;
  marks.set(name, { score, threshold: later.threshold, firing });
}

export function marksToJson(marks: ReadonlyMap<string, Mark>): readonly unknown[] {
  return [...marks].map(([name, { score, threshold, firing }]) => [
    name,
    [rounded(score), rounded(threshold), firing],
  ]);
}

export function marksFromJson(
  entries: readonly (readonly [string, z.output<typeof markSchema>])[],
): Map<string, Mark> {
  return new Map(
    entries.map(([name, [score, threshold, firing]]) => [name, { score, threshold, firing }]),
  );
}

/** A score below a thousandth draws as nothing. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
