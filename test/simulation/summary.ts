import { formatDuration } from '@keyturn/shared/settings.ts';
import type { Result } from './simulate.ts';

/** What came of many worlds. */
export interface Summary {
  worlds: number;
  /** How many of each kind. */
  readonly kinds: Record<string, number>;
  completed: number;
  aborted: number;
  /** Seeds of broken promises. */
  violated: number[];
  presented: number;
  refused: number;
  simulatedMs: number;
  /** Refusals and openings outside of what was promised, by why. */
  readonly excused: Record<string, number>;
}

export function emptySummary(): Summary {
  return {
    worlds: 0,
    kinds: {},
    completed: 0,
    aborted: 0,
    violated: [],
    presented: 0,
    refused: 0,
    simulatedMs: 0,
    excused: {},
  };
}

export function addTo(summary: Summary, result: Result): void {
  summary.worlds += 1;
  summary.kinds[result.kind] = (summary.kinds[result.kind] ?? 0) + 1;
  if (result.outcome === 'completed') summary.completed += 1;
  else if (result.outcome === 'aborted') summary.aborted += 1;
  else summary.violated.push(result.seed);
  summary.presented += result.presented;
  summary.refused += result.refused;
  summary.simulatedMs += result.simulatedMs;
  for (const [why, times] of Object.entries(result.excused)) {
    summary.excused[why] = (summary.excused[why] ?? 0) + times;
  }
}

/** The summary for a person. */
export function summaryLines(summary: Summary, from: number, tookMs: number): string[] {
  const { worlds, completed, aborted, violated, presented, refused, simulatedMs } = summary;
  const perMinute = Math.round(worlds / (tookMs / 60_000));
  const kinds = Object.entries(summary.kinds).map(([kind, times]) => `${times} ${kind}`);
  const excused = Object.entries(summary.excused).sort((a, b) => b[1] - a[1]);
  return [
    `${worlds} worlds (${kinds.join(', ')}) from seed ${from}: ${completed} rotations completed, ${aborted} aborted for a reused kid, a lost disk or after going back, ${violated.length} broke a promise`,
    `${presented} tokens presented, ${refused} valid ones refused; ${formatDuration(simulatedMs)} simulated in ${formatDuration(tookMs)} (${perMinute} rotations a minute)`,
    ...(excused.length > 0 ? ['outside of what gates promise, by reason:'] : []),
    ...excused.map(([why, times]) => `  ${String(times).padStart(7)}  ${why}`),
    ...(violated.length > 0 ? [`failing seeds: ${violated.join(' ')}`] : []),
  ];
}
