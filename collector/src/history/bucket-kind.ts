/**
 * What one kind of track keeps in a bucket. `merge` takes the later bucket second and changes
 * neither; it is how finer buckets become coarser ones, and how two lives of a collector share one.
 */
export interface BucketKind<B extends Watched> {
  readonly name: 'tokens' | 'detectors' | 'rotation';
  empty(): B;
  merge(earlier: B, later: B): B;
  /** As it goes on record; a number in it says which form it has. */
  toJson(bucket: B): unknown;
  /** Undefined: it is in no form this version reads. */
  fromJson(value: unknown): B | undefined;
}

/** Every bucket says for how long its stretch was watched: a gap is no zero. */
export interface Watched {
  watchedMs: number;
}

/** A bucket that was watched for less than this has nothing to say: one report in it would be a peak. */
const TELLING_MS = 5_000;

export function isTelling({ watchedMs }: Watched): boolean {
  return watchedMs >= TELLING_MS;
}
