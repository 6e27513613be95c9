/** How fine a stretch of the past is kept, and for how long. */
export interface Resolution {
  /** Width of a bucket, seconds. */
  readonly stepS: number;
  /** How far back it reaches, seconds. */
  readonly keptS: number;
}

/** Buckets that watchers write; every other width is made of them. */
export const FINEST_S = 10;

/**
 * A cutover is looked at while it happens, the day around it the morning after, and the whole
 * rotation at its end: 720, 2,880 and 4,320 buckets, so that one track has 7,920 rows at most.
 */
export const RESOLUTIONS: readonly Resolution[] = [
  { stepS: FINEST_S, keptS: 2 * 3_600 },
  { stepS: 60, keptS: 48 * 3_600 },
  { stepS: 600, keptS: 30 * 86_400 },
];

/** How far back anything reaches, seconds. */
export const KEPT_S = RESOLUTIONS.reduce((longest, { keptS }) => Math.max(longest, keptS), 0);

/** What a reader wants to see. */
export interface Stretch {
  readonly fromS: number;
  readonly toS: number;
  /** As many points at most. */
  readonly points: number;
  /** No finer than this, seconds; 0: as fine as there is. */
  readonly stepS: number;
}

/** How a stretch is answered: `stepS` is a multiple of `storedS`, the width that is read for it. */
export interface Grid {
  readonly storedS: number;
  readonly stepS: number;
  /** Start of the first bucket, Unix seconds. */
  readonly startS: number;
  /** Buckets. */
  readonly count: number;
}

/** The finest grid that still has the stretch and needs no more points than wanted. */
export function gridFor({ fromS, toS, points, stepS }: Stretch, nowS: number): Grid {
  const fits = RESOLUTIONS.find(
    (each) =>
      each.stepS >= stepS &&
      fromS >= nowS - each.keptS - each.stepS &&
      bucketsIn(fromS, toS, each.stepS) <= points,
  );
  if (fits !== undefined) return gridOf(fits.stepS, fits.stepS, fromS, toS);
  const coarsest = RESOLUTIONS.at(-1)?.stepS ?? FINEST_S;
  const startS = Math.max(fromS, nowS - KEPT_S);
  let times = Math.max(1, Math.ceil(stepS / coarsest));
  while (bucketsIn(startS, toS, coarsest * times) > points) times += 1;
  return gridOf(coarsest, coarsest * times, startS, toS);
}

export function floorTo(atS: number, stepS: number): number {
  return Math.floor(atS / stepS) * stepS;
}

function bucketsIn(fromS: number, toS: number, stepS: number): number {
  return Math.floor((Math.max(fromS, toS) - floorTo(fromS, stepS)) / stepS) + 1;
}

function gridOf(storedS: number, stepS: number, fromS: number, toS: number): Grid {
  return { storedS, stepS, startS: floorTo(fromS, stepS), count: bucketsIn(fromS, toS, stepS) };
}
