import { isTelling, type Watched } from '../../history/bucket-kind.ts';
import type { Mark } from '../../history/mark.ts';

type Marked = Watched & { readonly marks: ReadonlyMap<string, Mark> };

interface MarksView {
  score: (number | null)[];
  threshold: (number | null)[];
  firing: (boolean | null)[];
}

/** One detector in columns; null where nobody looked, or it was not there. */
export function marksView(buckets: readonly (Marked | null)[], name: string): MarksView {
  const marks = buckets.map((bucket) =>
    bucket !== null && isTelling(bucket) ? bucket.marks.get(name) : undefined,
  );
  return {
    score: marks.map((mark) => mark?.score ?? null),
    threshold: marks.map((mark) => mark?.threshold ?? null),
    firing: marks.map((mark) => mark?.firing ?? null),
  };
}
