import type { Clock } from '@keyturn/shared/clock.ts';
import { systemClock } from '@keyturn/shared/clock.ts';
import type { KeySetReport, KidCounts, Report } from '@keyturn/shared/model/report.ts';
import type { Agent } from '../../src/agent.ts';
import { assembleAgent } from '../../src/agent.ts';
import type { AgentOptions } from '../../src/agent-options.ts';
import { checkOptions } from '../../src/agent-options.ts';
import type { AgentEvent } from '../../src/events.ts';
import { createAgentEvents } from '../../src/events.ts';
import type { Ledger, Urgency } from '../../src/ledger/ledger.ts';
import type { Uplink } from '../../src/uplink/uplink.ts';

/** Keeps the ledgers instead of sending them. */
export class KeptUplink implements Uplink {
  readonly ledgers: Ledger[] = [];
  readonly removed: Ledger[] = [];
  readonly urgencies: Urgency[] = [];
  readonly settings = {
    reportIntervalMs: 15_000,
    leaseMs: 45_000,
    holdDownRemainingMs: 0,
    reconnectWindowMs: 0,
    watchedKeys: [],
  };

  add(ledger: Ledger): void {
    this.ledgers.push(ledger);
  }

  changed(_ledger: Ledger, urgency: Urgency): void {
    this.urgencies.push(urgency);
  }

  silence(): void {}

  remove(ledger: Ledger): void {
    this.removed.push(ledger);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  report(n = 0, clock: Clock = systemClock): Report {
    const ledger = this.ledgers[n];
    if (ledger === undefined) throw new Error(`no ledger ${n}`);
    return ledger.snapshot(clock.monotonicMs(), { handle: 1, epoch: 1, seq: 1 });
  }
}

export interface Observed {
  readonly agent: Agent;
  readonly uplink: KeptUplink;
  readonly told: readonly AgentEvent[];
  /** `none`, `other` or the kid, of the first verifier. */
  readonly row: (name: string) => KidCounts | undefined;
  readonly set: () => KeySetReport | undefined;
}

export function observed(options: Partial<AgentOptions>, clock: Clock = systemClock): Observed {
  const told: AgentEvent[] = [];
  const uplink = new KeptUplink();
  const checked = checkOptions({ service: 'orders', instance: 'pod-1', ...options });
  const events = createAgentEvents((event) => told.push(event));
  return {
    agent: assembleAgent(checked, uplink, events, clock, () => 0),
    uplink,
    told,
    row: (name) =>
      uplink
        .report(0, clock)
        .counts.find(({ key }) => (key.kind === 'kid' ? key.kid : key.kind) === name),
    set: () => uplink.report(0, clock).keySets[0],
  };
}

/** Until hooks that wait for the next turn have run. */
export async function nextTurns(): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    await promise;
  }
}
