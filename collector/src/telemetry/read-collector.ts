import type { Health, State } from '../core/state.ts';
import { reading, type Reading, stateSet } from './reading.ts';

const STATUSES = ['hold_down', 'ready', 'store_failing'] as const;

/** What the collector can answer, and what it could not keep. */
export function collectorReadings(
  { health, detectors }: Readonly<State>,
  nowMs: number,
): Reading[] {
  return [
    ...stateSet(STATUSES, statusOf(health, nowMs), (status, value) =>
      reading('status', value, { 'keyturn.collector.status': status }),
    ),
    ...Object.entries({
      verifier: health.refusedVerifiers,
      usage: health.untrackedUsage,
      key: health.droppedKeys,
      rotation: health.droppedRotations,
      alert: health.droppedAlerts,
      notice: health.droppedNotices,
      series: detectors.dropped,
    }).map(([kind, count]) => reading('dropped', count, { 'keyturn.dropped.kind': kind })),
  ];
}

/** The process as Node.js sees it. */
export function processReadings(): Reading[] {
  const cpu = process.cpuUsage();
  return [
    reading('cpu', cpu.user / 1e6, { 'process.cpu.mode': 'user' }),
    reading('cpu', cpu.system / 1e6, { 'process.cpu.mode': 'system' }),
    reading('memory', process.memoryUsage.rss(), {}),
    reading('uptime', process.uptime(), {}),
  ];
}

function statusOf(health: Health, nowMs: number): (typeof STATUSES)[number] {
  if (health.storeFailingSinceMs !== null) return 'store_failing';
  return nowMs < health.holdDownUntilMs ? 'hold_down' : 'ready';
}
