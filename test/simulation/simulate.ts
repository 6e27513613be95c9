import { armAbsence } from './absence.ts';
import { Faults } from './faults.ts';
import type { WorldKind, WorldPlan } from './plan.ts';
import { FAILED_FETCH_MS } from './policy.ts';
import { factsOf } from './kinds.ts';
import { kindOf } from './policy.ts';
import { Stranger } from './stranger.ts';
import { Tooling } from './tooling.ts';
import { type Finding, World } from './world.ts';

/** What came of one world. */
export interface Result {
  readonly seed: number;
  readonly kind: WorldKind;
  readonly outcome: 'completed' | 'aborted' | 'violated';
  readonly hash: string;
  readonly violations: readonly Finding[];
  /** Refusals and openings outside of the assumptions, by which. */
  readonly excused: Readonly<Record<string, number>>;
  readonly presented: number;
  readonly refused: number;
  readonly overlapMs: number | null;
  readonly simulatedMs: number;
  readonly story: readonly string[];
}

const LIVENESS_EVERY_MS = 30_000;
/** No rotation takes longer, faults and all. */
const LONGEST_MS = 24 * 3_600_000;

/** Runs one world to the end of its rotation, or to the first broken promise. */
export async function simulate(plan: WorldPlan): Promise<Result> {
  const world = new World(plan);
  const run = plan.thirdParty === null ? new Tooling(world) : new Stranger(world);
  new Faults(world, run).arm();
  armAbsence(world);
  world.startCollector();
  for (const instance of world.instances) {
    instance.start();
    world.traffic.flow(instance);
  }
  world.traffic.start();
  world.population?.start();
  world.canaries?.start();
  run.start();
  if (run instanceof Tooling) watchLiveness(world, run);
  await world.schedule.run(() => world.isOver);
  const publishedMs = world.anchors.get('published');
  const retiredMs = world.anchors.get('retired');
  return {
    seed: plan.seed,
    kind: plan.kind,
    outcome: world.violations.length > 0 ? 'violated' : run.isAborted ? 'aborted' : 'completed',
    hash: world.story.hash,
    violations: world.violations,
    excused: Object.fromEntries(world.excused),
    presented: world.presented,
    refused: world.refused,
    overlapMs:
      publishedMs === undefined || retiredMs === undefined ? null : retiredMs - publishedMs,
    simulatedMs: world.schedule.nowMs,
    story: world.story.lines,
  };
}

/**
 * After the last fault a gate opens within a stated time of the moment it truthfully could: what the
 * phase must wait for in any case, and `settleMs` for news to travel.
 */
function watchLiveness(world: World, tooling: Tooling): void {
  const { schedule } = world;
  const look = (): void => {
    schedule.after(LIVENESS_EVERY_MS, look);
    if (tooling.phase === 'start' && schedule.nowMs < 3_600_000) return;
    const dueMs =
      Math.max(tooling.sinceMs, world.quietFromMs) + waitMs(world, tooling) + settleMs(world);
    if (schedule.nowMs <= dueMs && schedule.nowMs < LONGEST_MS) return;
    world.violate('liveness', `${tooling.phase} still waits: ${lastReason(tooling)}`);
  };
  look();
}

function lastReason(tooling: Tooling): string {
  const checks = tooling.lastVerdict?.checks.filter(
    ({ status }) => status === 'fail' || status === 'unknown',
  );
  return checks?.map(({ id, message }) => `${id}: ${message}`).join('; ') ?? 'no verdict';
}

/** Three leases, three sightings, a start of the collector, a person's minute, slow reconnects. */
function settleMs({ plan, leaseMs }: World): number {
  return 3 * leaseMs + 3 * plan.watchMs + 2 * plan.stableForMs + 420_000;
}

/** What each phase waits for however well everything goes. */
function waitMs(world: World, tooling: Tooling): number {
  const { plan, oracle, schedule } = world;
  const tmaxMs = Math.max(plan.tmaxMs, oracle.reportedLifetimeMs);
  const caches = plan.originSpreadMs + plan.edges.reduce((sum, ms) => sum + ms, 0) + 60_000;
  const { cohorts = [] } = plan.turns.unseen?.population ?? {};
  const slowest = Math.max(
    0,
    ...cohorts.map(({ withinMs }) => withinMs),
    ...plan.services.map((service) => {
      const { refreshS, newKidRefusedS } = factsOf(kindOf(service));
      return Math.max(refreshS ?? 0, newKidRefusedS ?? 0) * 1_000;
    }),
  );
  const slowestMemberMs = world.population?.slowestMs ?? 0;
  const dropMs = Math.max(
    0,
    ...plan.services.map((service) => (factsOf(kindOf(service)).removedKeyAcceptedS ?? 0) * 1_000),
  );
  // Every instance is given what is new by people, and again when it returns with an old file.
  const givenMs = plan.keyKind === 'secret' ? 2 * plan.installMs[1] : 0;
  // Probes keep to the cooldown of a kind, half an hour at most, and to its next fresh tokens.
  const probedMs = plan.canaries === null ? 0 : 2 * (1_800_000 + plan.canaries.everyMs);
  const knownMs =
    probedMs +
    givenMs +
    caches +
    slowest +
    FAILED_FETCH_MS +
    plan.publishSafetyMs +
    world.mostAheadMs;
  switch (tooling.phase) {
    case 'publish': {
      const seenMs = oracle.reportedKidlessUntilMs - tooling.sinceMs;
      const inAnyCaseMs = Math.max(0, plan.kidlessUntilMs - tooling.sinceMs) + 2 * tmaxMs;
      return Math.max(seenMs, inAnyCaseMs) + plan.skewMs + world.mostAheadMs;
    }
    case 'activate':
      return knownMs;
    case 'back': {
      const { awayMs = 0, givesUp = false } = plan.turns.rollback ?? {};
      const expiredMs = 2 * tmaxMs + 2 * (plan.skewMs + plan.retireSafetyMs) + world.mostAheadMs;
      return givesUp ? expiredMs : awayMs;
    }
    case 'retire': {
      const lastMs = Math.max(
        oracle.oldTokens.liveUntilMs,
        schedule.nowMs > 0 ? tooling.sinceMs + tmaxMs : 0,
      );
      const late = Math.max(0, lastMs - Math.max(tooling.sinceMs, world.quietFromMs));
      // A clock that only tokens show is reckoned with twice: in what it says now, and said at the switch.
      const aheadMs = (plan.keyKind === 'secret' ? 2 : 1) * world.mostAheadMs;
      const expiredMs = late + aheadMs + tmaxMs + 2 * (plan.skewMs + plan.retireSafetyMs);
      // An origin that went back makes everybody show anew that they know the key.
      return Math.max(expiredMs, knownMs);
    }
    case 'complete':
      // People set a check aside for all at once: the last of a population is waited for, declared or not.
      return (
        givenMs +
        caches +
        dropMs +
        Math.max(slowest, slowestMemberMs) +
        world.mostAheadMs +
        1_800_000
      );
    case 'start':
    case 'done':
    case 'aborted':
      return 0;
  }
}
