import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import type { Drawn } from '../../src/history/history.ts';
import { type TokenBucket, type TokenLabel } from '../../src/history/token-bucket.ts';
import { openMemoryHistory } from '../../src/store/history-memory.ts';
import type { HistoryStore } from '../../src/store/history-store.ts';
import { Counting } from '../support/counting.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf, START_MS } from '../support/policies.ts';
import { World } from '../support/world.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

/** The real core with its history being kept, and time that moves when told. */
export class Recording {
  readonly world: World;
  readonly clock: ManualClock = manualClock(START_MS);
  store: HistoryStore;
  readonly told: string[] = [];
  history: History;

  constructor(
    options: {
      readonly instances?: number;
      readonly store?: HistoryStore;
      readonly world?: World;
    } = {},
  ) {
    this.world =
      options.world ??
      new World(policyOf([serviceOf('orders', { instances: options.instances ?? 1 })]));
    this.store = options.store ?? openMemoryHistory();
    this.history = this.open();
  }

  /** As a collector that starts. */
  open(): History {
    this.history = openHistory({
      engine: {
        state: () => this.world.state,
        nowMs: () => this.world.atMs,
        audit: (query) => this.world.store.audit(query),
        auditHead: () => this.world.store.auditHead(),
      },
      store: this.store,
      clock: this.clock,
      events: { historyFailing: (what, message) => this.told.push(`${what}: ${message}`) },
    });
    return this.history;
  }

  /** A verifier that holds both keys and is heard. */
  join(instance: string, service = 'orders'): Counting {
    const counting = new Counting(this.world.join(service, instance));
    counting.verifier.report({ keys: [OLD, NEW] });
    return counting;
  }

  /** Lets seconds pass, looked at one by one. */
  seconds(n: number, each: (second: number) => void = () => undefined): void {
    for (let second = 0; second < n; second += 1) {
      this.world.atMs += 1_000;
      each(second);
      this.world.take({ type: 'tick' });
      this.clock.pass(1_000);
    }
  }

  /** Past the hold-down, at the start of a ten-minute bucket; those named go on reporting. */
  settleIn(...alive: readonly Counting[]): void {
    this.seconds(600 - ((this.world.atMs / 1_000) % 600), (second) => {
      if (second % 15 === 0) for (const each of alive) each.report();
    });
  }

  get nowS(): number {
    return Math.floor(this.world.atMs / 1_000);
  }

  tokens(backS = 600, stepS = 0, points = 1_500): Drawn<TokenBucket> {
    const toS = this.nowS;
    return this.history.tokens(ISSUER, { fromS: toS - backS, toS, points, stepS });
  }
}

/** Counts of one label and outcome, bucket by bucket; null: not watched. */
export function countsOf(
  { buckets }: Drawn<TokenBucket>,
  label: TokenLabel,
  outcome: Outcome,
): (number | null)[] {
  return buckets.map((bucket) =>
    bucket === null ? null : (bucket.counts.get(label)?.[outcome] ?? 0),
  );
}

export function sumOf(drawn: Drawn<TokenBucket>, label: TokenLabel, outcome: Outcome): number {
  return countsOf(drawn, label, outcome).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
