import { shown } from '@keyturn/shared/shown.ts';
import type { Watched } from '../history/bucket-kind.ts';
import type { Drawn, EventStretch } from '../history/history.ts';
import { FINEST_S, RESOLUTIONS, type Stretch } from '../history/resolutions.ts';
import { isoMoment } from '../iso-moment.ts';
import { ApiError } from './api-error.ts';
import type { OneAtATime } from './one-at-a-time.ts';

const DEFAULT_S = 3_600;

/** What a reader asks for: moments in ISO 8601. */
export interface Asked {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly points: number;
  readonly step: number;
}

/**
 * The stretch that was asked for; `missing`: what it is where nobody said.
 *
 * @throws ApiError naming `from` when it is not before `to`.
 */
export function stretchOf(
  { from, to, points, step }: Asked,
  nowMs: number,
  missing: { readonly fromMs?: number; readonly toMs?: number } = {},
): Stretch {
  const nowS = Math.floor(nowMs / 1_000);
  const lastS = missing.toMs === undefined ? nowS : Math.ceil(missing.toMs / 1_000);
  const toS = Math.min(nowS, to === undefined ? lastS : secondOf(to));
  const firstS = missing.fromMs === undefined ? toS - DEFAULT_S : secondOf(missing.fromMs);
  const fromS = from === undefined ? Math.min(firstS, toS) : secondOf(from);
  const isBefore = to === undefined ? fromS <= nowS : fromS < secondOf(to);
  if (from !== undefined && !isBefore) {
    const until = to === undefined ? `now, ${isoMoment(nowMs)}` : `to, ${shown(to)}`;
    throw new ApiError('INVALID', `expected a moment before ${until}, got ${shown(from)}`, 'from');
  }
  return { fromS: Math.min(fromS, toS), toS, points, stepS: step };
}

/**
 * The stretch of events that was asked for, from `keptMs` ago on.
 *
 * @throws ApiError naming `from` when it is not before `to`.
 */
export function eventStretchOf(
  { from, to, limit }: Pick<Asked, 'from' | 'to'> & { readonly limit: number },
  nowMs: number,
  keptMs: number,
): EventStretch {
  const asked = { from, to, points: 1, step: 0 };
  const { fromS, toS } = stretchOf(asked, nowMs, { fromMs: nowMs - keptMs });
  // One more than is shown, to know whether there are more.
  return { fromMs: fromS * 1_000, toMs: toS * 1_000 + 999, limit: limit + 1 };
}

/** Buckets that are read at once; longer stretches are read one after the other. */
const LONG = 240;

const COARSEST_S = RESOLUTIONS.at(-1)?.stepS ?? FINEST_S;

/** Reads a stretch in its turn. */
export function readInTurn<T>(
  heavy: OneAtATime,
  { fromS, toS, stepS }: Stretch,
  read: () => Promise<T>,
): Promise<T> {
  // Steps wider than any on record are made of those on record.
  const readS = Math.min(COARSEST_S, Math.max(stepS, FINEST_S));
  return (toS - fromS) / readS > LONG ? heavy.run(read) : read();
}

/** What every chart answers with. */
export function gridView(
  { grid, settledS }: Pick<Drawn<Watched>, 'grid' | 'settledS'>,
  version: number,
): { step_s: number; at: number[]; settled_until: number; version: number } {
  const { startS, stepS, count } = grid;
  const at = Array.from({ length: count }, (_, index) => startS + index * stepS);
  return { step_s: stepS, at, settled_until: settledS, version };
}

function secondOf(moment: string | number): number {
  return Math.floor((typeof moment === 'number' ? moment : Date.parse(moment)) / 1_000);
}
