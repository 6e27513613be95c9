import { ALERT_RULES } from '@keyturn/collector/core/alerts/rules.ts';
import type { BenchFleet } from './fleet.ts';

const BATCH = 500;
const RULE_PASSES = 500;
const NEVER = (): boolean => false;

/** Reports per second through decode-free ingest: step, group commit to SQLite, ack. */
export async function measureIngest(
  fleet: BenchFleet,
  seconds: number,
): Promise<{ readonly reportsPerSecond: number; readonly commitMsP99: number }> {
  for (let sent = 0; sent < fleet.size; sent += BATCH) {
    await fleet.engine.report('bench', fleet.next(Math.min(BATCH, fleet.size - sent), NEVER));
  }
  const turnsMs: number[] = [];
  const startMs = performance.now();
  let reports = 0;
  while (performance.now() - startMs < seconds * 1_000) {
    const batch = fleet.next(BATCH, NEVER);
    const turnMs = performance.now();
    const acks = await fleet.engine.report('bench', batch);
    turnsMs.push(performance.now() - turnMs);
    if (acks.some((ack) => ack.result !== 'applied')) throw new Error('a report was not applied');
    reports += batch.length;
  }
  const elapsedS = (performance.now() - startMs) / 1_000;
  turnsMs.sort((a, b) => a - b);
  return {
    reportsPerSecond: reports / elapsedS,
    commitMsP99: turnsMs[Math.floor(turnsMs.length * 0.99)] ?? 0,
  };
}

/** Milliseconds that every alert rule takes together, each second, where nothing is wrong: the median. */
export function measureAlertRules(fleet: BenchFleet): { readonly alertRulesMs: number } {
  const atMs = fleet.engine.nowMs();
  const state = fleet.engine.state();
  // As it is when the collector has heard the fleet: before, most rules say nothing.
  const heard = { ...state, health: { ...state.health, holdDownUntilMs: 0 } };
  const passesMs = Array.from({ length: RULE_PASSES }, () => {
    const startMs = performance.now();
    for (const rule of ALERT_RULES) rule.judge(heard, { atMs, earliestMs: atMs });
    return performance.now() - startMs;
  });
  return { alertRulesMs: passesMs.sort((a, b) => a - b)[RULE_PASSES >> 1] ?? 0 };
}

/** Gate reads per second: with every verifier ready, then with one in a hundred lagging. */
export async function measureGateReads(
  fleet: BenchFleet,
  seconds: number,
): Promise<{ readonly gateReadsPerSecond: number; readonly laggingReadsPerSecond: number }> {
  const gateReadsPerSecond = readRate(fleet, seconds);
  for (let sent = 0; sent < fleet.size; sent += BATCH) {
    const batch = fleet.next(Math.min(BATCH, fleet.size - sent), (index) => index % 100 === 0);
    await fleet.engine.report('bench', batch);
  }
  return { gateReadsPerSecond, laggingReadsPerSecond: readRate(fleet, seconds) };
}

function readRate(fleet: BenchFleet, seconds: number): number {
  let reads = 0;
  const startMs = performance.now();
  while (performance.now() - startMs < seconds * 1_000) {
    for (let i = 0; i < 100; i++) fleet.engine.checkGate(fleet.rotationId, 'activate');
    reads += 100;
  }
  return reads / ((performance.now() - startMs) / 1_000);
}
