import { GRADES } from '@keyturn/shared/model/evidence.ts';
import { z } from 'zod';
import type { BucketKind, Watched } from './bucket-kind.ts';
import { type Mark, markSchema, marksFromJson, marksToJson, mergeMarks } from './mark.ts';

/** How far the new key has come and the old one has gone, as last seen in the bucket. */
export interface PropagationSample {
  /** Required verifiers known, and declared instances not heard of. */
  readonly verifiers: number;
  readonly knowing: number;
  /** The fewest at any moment: readiness that was lost and found again. */
  readonly knowingFewest: number;
  readonly lacking: number;
  readonly unheard: number;
  /** Verifiers by evidence of the new key, those with any. */
  readonly byGrade: Readonly<Record<string, number>>;
  /** And by what is known of the old key. */
  readonly byOld: Readonly<Record<OldStanding, number>>;
}

export const OLD_STANDINGS = ['held', 'served', 'dropped', 'unknown'] as const;
export type OldStanding = (typeof OLD_STANDINGS)[number];

/** What is compared: new key against old, and verifiers without the new key against those with it. */
export const COMPARED = ['key', 'holders'] as const;

export interface RotationBucket extends Watched {
  propagation: PropagationSample | null;
  readonly marks: Map<string, Mark>;
}

/** What evidence is named by, from the strongest on. */
export const EVIDENCE = [...GRADES, 'absent', 'stale', 'silent', 'never_seen'] as const;

const FORM = 1;
const count = z.number().int().nonnegative();

const formSchema = z.object({
  v: z.literal(FORM),
  w: z.number().nonnegative(),
  p: z
    .object({
      verifiers: count,
      knowing: count,
      knowingFewest: count,
      lacking: count,
      unheard: count,
      byGrade: z.partialRecord(z.enum(EVIDENCE), count),
      byOld: z.record(z.enum(OLD_STANDINGS), count),
    })
    .nullable(),
  m: z.array(z.tuple([z.enum(COMPARED), markSchema])),
});

export const ROTATION: BucketKind<RotationBucket> = {
  name: 'rotation',
  empty: () => ({ watchedMs: 0, propagation: null, marks: new Map() }),
  merge: (earlier, later) => ({
    watchedMs: earlier.watchedMs + later.watchedMs,
    propagation: latest(earlier.propagation, later.propagation),
    marks: mergeMarks(earlier.marks, later.marks),
  }),
  toJson: ({ watchedMs, propagation, marks }) => ({
    v: FORM,
    w: watchedMs,
    p: propagation,
    m: marksToJson(marks),
  }),
  fromJson(value) {
    const { success, data } = formSchema.safeParse(value);
    if (!success) return undefined;
    return { watchedMs: data.w, propagation: data.p, marks: marksFromJson(data.m) };
  },
};

export function latest(
  earlier: PropagationSample | null,
  later: PropagationSample | null,
): PropagationSample | null {
  if (earlier === null || later === null) return later ?? earlier;
  return { ...later, knowingFewest: Math.min(earlier.knowingFewest, later.knowingFewest) };
}
