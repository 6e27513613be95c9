import { openHistory } from '@keyturn/collector/history/history.ts';
import type { Clock } from '@keyturn/shared/clock.ts';
import { systemClock } from '@keyturn/shared/clock.ts';
import type { BenchFleet } from './fleet.ts';

const LOOKS = 60;
const BATCH = 500;

export interface HistoryCost {
  readonly minMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
}

/**
 * What it costs to keep history: one look after `share` of the fleet has reported since the last one,
 * with every write that came due.
 */
export async function measureHistory(
  fleet: BenchFleet,
  { share = 0.1, looks = LOOKS }: { readonly share?: number; readonly looks?: number } = {},
): Promise<HistoryCost> {
  let look: () => void = () => undefined;
  const clock: Clock = {
    ...systemClock,
    after(_delayMs, callback) {
      look = callback;
      return () => undefined;
    },
  };
  const failures: string[] = [];
  const history = openHistory({
    engine: fleet.engine,
    store: fleet.history,
    clock,
    events: { historyFailing: (_what, message) => failures.push(message) },
  });
  const tookMs: number[] = [];
  for (let at = 0; at < looks; at += 1) {
    for (let left = fleet.size * share; left > 0; left -= BATCH) {
      await fleet.engine.report(
        'bench',
        fleet.next(Math.min(BATCH, left), () => false),
      );
    }
    const startMs = performance.now();
    look();
    tookMs.push(performance.now() - startMs);
  }
  history.close();
  if (failures.length > 0) throw new Error(`history failed: ${failures.join('; ')}`);
  tookMs.sort((a, b) => a - b);
  return {
    minMs: tookMs[0] ?? 0,
    medianMs: tookMs[tookMs.length >> 1] ?? 0,
    maxMs: tookMs.at(-1) ?? 0,
  };
}
