/** Maps moments to pixels. */
export interface TimeScale {
  readonly fromMs: number;
  readonly toMs: number;
  /** Null: now is not within. */
  readonly nowX: number | null;
  /** The time to come is drawn at another scale than the time gone by. */
  readonly isSplit: boolean;
  x(atMs: number): number;
}

const PAST_SHARE_MIN = 0.4;
const PAST_SHARE_MAX = 0.65;

/** Room at both ends, as a share of the width. */
const PADDING_SHARE = 0.03;

/** What is nearer to equal than this is drawn at one scale. */
const ALIKE = 1.15;

/**
 * A scale over everything that is to be shown. A token lifetime ahead is days where what happened so
 * far is minutes, so that past and future each get their part of the width.
 *
 * @param atMs every moment to be shown, Unix ms
 * @param nowMs null: nothing is to come, as of a rotation that ended
 */
export function timeScale(
  atMs: readonly number[],
  nowMs: number | null,
  widthPx: number,
): TimeScale {
  const all = nowMs === null ? atMs : [...atMs, nowMs];
  const firstMs = Math.min(...all);
  const lastMs = Math.max(...all, firstMs + 1_000);
  const pad = widthPx * PADDING_SHARE;
  const inner = widthPx - 2 * pad;
  const even = inner / (lastMs - firstMs);
  if (nowMs === null || nowMs >= lastMs || nowMs <= firstMs) {
    return {
      fromMs: firstMs,
      toMs: lastMs,
      nowX: nowMs === null ? null : pad + (Math.min(nowMs, lastMs) - firstMs) * even,
      isSplit: false,
      x: (ms) => pad + (ms - firstMs) * even,
    };
  }
  const share = (nowMs - firstMs) / (lastMs - firstMs);
  const past = inner * Math.min(PAST_SHARE_MAX, Math.max(PAST_SHARE_MIN, share));
  const before = past / (nowMs - firstMs);
  const after = (inner - past) / (lastMs - nowMs);
  return {
    fromMs: firstMs,
    toMs: lastMs,
    nowX: pad + past,
    isSplit: Math.max(before / after, after / before) > ALIKE,
    x: (ms) => (ms <= nowMs ? pad + (ms - firstMs) * before : pad + past + (ms - nowMs) * after),
  };
}

const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800, 1_209_600, 2_592_000,
];

/** Round moments within a span, at most `most` of them. */
export function roundMoments(fromMs: number, toMs: number, most: number): readonly number[] {
  const step =
    1_000 *
    (STEPS_S.find((s) => (toMs - fromMs) / (s * 1_000) <= most) ??
      STEPS_S[STEPS_S.length - 1] ??
      1);
  const moments: number[] = [];
  for (let ms = Math.ceil(fromMs / step) * step; ms <= toMs && moments.length < most; ms += step) {
    moments.push(ms);
  }
  return moments;
}

/** Rows for marks that would cover one another: each in the first row where it has room. */
export function stagger(xs: readonly number[], apartPx: number, rows: number): readonly number[] {
  const ends: number[] = [];
  return xs.map((x) => {
    for (let row = 0; row < rows; row += 1) {
      if (x - (ends[row] ?? -Infinity) < apartPx) continue;
      ends[row] = x;
      return row;
    }
    const last = rows - 1;
    ends[last] = x;
    return last;
  });
}
