import { z } from 'zod';
import type { BucketKind, Watched } from './bucket-kind.ts';
import { type Mark, markSchema, marksFromJson, marksToJson, mergeMarks } from './mark.ts';

/** What is watched over a whole issuer: all its tokens, those of foreign kids, and kinds of its own. */
export const DETECTORS = ['all', 'foreign', 'next', 'active', 'retired'] as const;
export type DetectorName = (typeof DETECTORS)[number];

export interface DetectorBucket extends Watched {
  readonly marks: Map<string, Mark>;
}

const FORM = 1;

const formSchema = z.object({
  v: z.literal(FORM),
  w: z.number().nonnegative(),
  m: z.array(z.tuple([z.enum(DETECTORS), markSchema])),
});

export const DETECTOR_MARKS: BucketKind<DetectorBucket> = {
  name: 'detectors',
  empty: () => ({ watchedMs: 0, marks: new Map() }),
  merge: (earlier, later) => ({
    watchedMs: earlier.watchedMs + later.watchedMs,
    marks: mergeMarks(earlier.marks, later.marks),
  }),
  toJson: ({ watchedMs, marks }) => ({ v: FORM, w: watchedMs, m: marksToJson(marks) }),
  fromJson(value) {
    const { success, data } = formSchema.safeParse(value);
    return success ? { watchedMs: data.w, marks: marksFromJson(data.m) } : undefined;
  },
};
