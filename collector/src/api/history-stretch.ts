import { shown } from '@keyturn/shared/shown.ts';
import type { Grid, Stretch } from '../history/resolutions.ts';
import { isoMoment } from '../iso-moment.ts';
import { ApiError } from './api-error.ts';

const DEFAULT_S = 3_600;

/** What a reader asks for: moments in ISO 8601. */
export interface Asked {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly points: number;
  readonly step: number;
}

/**
 * The stretch that was asked for.
 *
 * @throws ApiError naming `from` when it is not before `to`.
 */
export function stretchOf({ from, to, points, step }: Asked, nowMs: number): Stretch {
  const nowS = Math.floor(nowMs / 1_000);
  const toS = to === undefined ? nowS : Math.min(nowS, secondOf(to));
  const fromS = from === undefined ? toS - DEFAULT_S : secondOf(from);
  const isBefore = to === undefined ? fromS <= toS : fromS < secondOf(to);
  if (!isBefore) {
    const until = to === undefined ? `now, ${isoMoment(nowMs)}` : `to, ${shown(to)}`;
    throw new ApiError('INVALID', `expected a moment before ${until}, got ${shown(from)}`, 'from');
  }
  return { fromS: Math.min(fromS, toS), toS, points, stepS: step };
}

/** Starts of the buckets, Unix seconds. */
export function startsOf({ startS, stepS, count }: Grid): number[] {
  return Array.from({ length: count }, (_, at) => startS + at * stepS);
}

function secondOf(moment: string): number {
  return Math.floor(Date.parse(moment) / 1_000);
}
