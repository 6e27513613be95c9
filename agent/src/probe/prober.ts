import type { Clock } from '@keyturn/shared/clock.ts';
import {
  CANARY_ROLES,
  type CanaryAnswer,
  type Probe,
  type ProbeOrders,
  type ProbeResult,
} from '@keyturn/shared/model/probe.ts';
import type { AgentEvents } from '../events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Present } from './present.ts';
import { ProbeSchedule } from './schedule.ts';

export interface ProberOptions {
  /** How tokens reach a verifier; undefined: they do not. */
  readonly presenterOf: (ledger: Ledger) => Present | undefined;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly events: AgentEvents;
  /** Tells the collector, where there still is one. */
  readonly send: (ledger: Ledger, result: ProbeResult) => void;
}

/** Presents tokens when their time has come. They are held in its orders and nowhere else. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #schedule: ProbeSchedule<Ledger>;
  #cancel: (() => void) | undefined;
  #wakeAtMs = Infinity;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#schedule = new ProbeSchedule(options.random);
  }

  canProbe(ledger: Ledger): boolean {
    return this.#options.presenterOf(ledger) !== undefined;
  }

  /** `ledgerOf`: the verifier behind a handle, as long as it runs. */
  take(
    { probes, withdrawnIds }: ProbeOrders,
    ledgerOf: (handle: number) => Ledger | undefined,
  ): void {
    this.#schedule.withdraw(withdrawnIds);
    for (const probe of probes) {
      const ledger = ledgerOf(probe.handle);
      if (ledger === undefined || !this.canProbe(ledger)) continue;
      // The name of an issuer that nobody here configured is the collector's word alone.
      if (!ledger.issuers.includes(probe.issuer)) continue;
      this.#schedule.ordered(ledger, probe, this.#options.clock.monotonicMs());
    }
    this.#rest();
  }

  /** There is no collector to answer to: nothing more is presented. */
  stop(): void {
    this.#schedule.withdrawAll();
    this.#rest();
  }

  pause(ledger: Ledger): void {
    this.#schedule.pause(ledger);
    this.#rest();
  }

  forget(ledger: Ledger): void {
    this.#schedule.forget(ledger);
    this.#rest();
  }

  #rest(): void {
    const { clock } = this.#options;
    const atMs = this.#schedule.wakeAtMs;
    if (atMs === this.#wakeAtMs) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakeAtMs = atMs;
    if (atMs === Infinity) return;
    this.#cancel = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => {
      this.#wakeAtMs = Infinity;
      this.#begin();
    });
  }

  #begin(): void {
    const { clock, events } = this.#options;
    for (const [ledger, probe] of this.#schedule.begin(clock.monotonicMs())) {
      this.#run(ledger, probe).catch((thrown: unknown) => {
        events.fault('probe', thrown);
      });
    }
    this.#rest();
  }

  async #run(ledger: Ledger, probe: Probe): Promise<void> {
    const { clock, presenterOf, events, send } = this.#options;
    const present = presenterOf(ledger);
    const begunAtMs = clock.monotonicMs();
    try {
      if (present === undefined) return;
      const answers = await presentAll(probe, present, () => this.#schedule.isWithdrawn(probe.id));
      if (answers.length === 0 || this.#schedule.isWithdrawn(probe.id)) return;
      events.tell({ kind: 'probed', verifier: ledger.id, issuer: probe.issuer, answers });
      const { id: probeId, handle } = probe;
      send(ledger, { probeId, handle, answers, ageMs: clock.monotonicMs() - begunAtMs });
    } finally {
      this.#schedule.ended(ledger, probe.id);
      this.#rest();
    }
  }
}

/**
 * Presents the tokens in order: next, current, bogus, as a bad signature makes some libraries fetch
 * and start a cooldown. An endpoint that gives no answer is left alone.
 */
async function presentAll(
  probe: Probe,
  present: Present,
  isStopped: () => boolean,
): Promise<readonly CanaryAnswer[]> {
  const answers: CanaryAnswer[] = [];
  for (const role of CANARY_ROLES) {
    const canary = probe.canaries.find((each) => each.role === role);
    if (canary === undefined) continue;
    if (isStopped()) break;
    const { outcome, status } = await present(canary.token, probe.issuer);
    answers.push({ role, outcome, status });
    if (outcome === 'unreachable') break;
  }
  return answers;
}
