import { Chance } from './chance.ts';

/** Everything that goes wrong in worlds. */
export const FAULT_KINDS = [
  'drop',
  'duplicate',
  'delay',
  'reorder',
  'partition',
  'half_open',
  'pause_agent',
  'pause_collector',
  'sleep_collector',
  'kill_agent',
  'kill_verifier',
  'restart_with_old_keys',
  'replace_instance',
  'stop_and_return',
  'kill_collector',
  'crash_in_commit',
  'crash_after_commit',
  'disk_full',
  'collector_clock_step',
  'collector_clock_drift',
  'agent_clock_step',
  'agent_clock_drift',
  'stale_edge',
  'regressing_origin',
  'jwks_5xx',
  'jwks_hang',
  'kid_reuse',
  'late_signer',
  'longer_tokens',
  'duplicate_identity',
  'scale_up_with_old_keys',
  'second_rotation',
  'lose_disk',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** Steps of a rotation that faults are planned around. */
export const ANCHORS = ['start', 'published', 'activated', 'retired'] as const;

export type Anchor = (typeof ANCHORS)[number];

/** One thing that goes wrong, some time after a step of the rotation. */
export interface FaultPlan {
  readonly kind: FaultKind;
  readonly anchor: Anchor;
  readonly afterMs: number;
  readonly forMs: number;
  /** Which one of whatever it strikes, in [0, 1). */
  readonly target: number;
  /** How hard, in [0, 1). */
  readonly amount: number;
}

/** Strike messages as long as they last, so few of them are long. */
const CHAOS: ReadonlySet<FaultKind> = new Set(['drop', 'duplicate', 'delay', 'reorder']);
/** More than once makes no difference, or hides everything else. */
const ONCE: ReadonlySet<FaultKind> = new Set([
  'kid_reuse',
  'late_signer',
  'longer_tokens',
  'collector_clock_drift',
  'second_rotation',
  'lose_disk',
]);

/** So rarely, of the worlds that could have it, as it ends nearly everything else. */
export const RARELY: Readonly<Partial<Record<FaultKind, number>>> = { lose_disk: 0.15 };

/** The faults of a seed: each kind with a rate of its own, `more` times as often. */
export function faultsOf(seed: number, kinds: readonly FaultKind[], more = 1): FaultPlan[] {
  return kinds.flatMap((kind) => {
    const chance = new Chance(seed, `fault ${kind}`);
    const isOnce = CHAOS.has(kind) || (ONCE.has(kind) && more === 1);
    const times = isOnce ? 1 : more * chance.whole(1, 3);
    return Array.from({ length: times }, () => faultOf(kind, chance));
  });
}

function faultOf(kind: FaultKind, chance: Chance): FaultPlan {
  const isChaos = CHAOS.has(kind);
  return {
    kind,
    anchor: isChaos ? 'start' : chance.pick(ANCHORS),
    // Most faults that ever mattered happened close to a step.
    afterMs: chance.is(0.6) ? chance.wait(60_000) : chance.wait(600_000),
    forMs: isChaos ? chance.between(600_000, 3_600_000) : chance.wait(120_000),
    target: chance.next(),
    amount: chance.next(),
  };
}
