import { Chance } from './chance.ts';
import { Faults } from './faults.ts';
import type { FaultKind, FaultPlan } from './fault-plan.ts';
import { Judge, type Run } from './judge.ts';
import { KINDS } from './kinds.ts';
import { planOf, type ServicePlan, straight, type WorldPlan } from './plan.ts';
import { kindOf } from './policy.ts';
import { ClockTool, type Rival, RIVALS } from './rivals.ts';
import { Tooling } from './tooling.ts';
import { World } from './world.ts';

const HOUR_MS = 3_600_000;
/** Everybody has reported by then. */
const START_MS = 2 * HOUR_MS;

export const KEYTURN = 'Keyturn';

/** Every policy on the world of one seed. */
export async function compare(
  seed: number,
  onTaken: (policy: string, tookMs: number) => void = () => undefined,
): Promise<ReadonlyMap<string, Run>> {
  const plan = headlinePlanOf(seed);
  let fromMs = performance.now();
  const runs = new Map<string, Run>([[KEYTURN, await keyturnRun(plan)]]);
  onTaken(KEYTURN, performance.now() - fromMs);
  for (const rival of RIVALS) {
    fromMs = performance.now();
    runs.set(rival.name, await rivalRun(plan, rival));
    onTaken(rival.name, performance.now() - fromMs);
  }
  return runs;
}

/** What goes wrong while people rotate: the ordinary, and seldom. */
const ORDINARY: readonly FaultKind[] = [
  'kill_verifier',
  'restart_with_old_keys',
  'replace_instance',
  'stale_edge',
  'regressing_origin',
  'jwks_5xx',
  'late_signer',
  'longer_tokens',
  'partition',
  'drop',
  'kill_collector',
  'kill_agent',
];

/** The world of a seed at the durations of real life: caches of days, tokens of up to a week. */
export function headlinePlanOf(seed: number): WorldPlan {
  const plan = straight(planOf(seed));
  const chance = new Chance(seed, 'headline');
  const tmaxMs = chance.pick([0.25, 1, 1, 8, 12, 24, 24, 168].map((hours) => hours * HOUR_MS));
  const edges = plan.edges.map(() => chance.pick([60_000, 300_000, HOUR_MS]));
  const services = plan.services.map((service) => ({
    ...service,
    slower: slowerOf(service.kind, chance),
    trafficMs: chance.pick([1_800_000, 3_600_000, 7_200_000]),
  }));
  const seldomMs = seldom(tmaxMs, services);
  return {
    ...plan,
    // Seldom, so that a week is quickly simulated; reports on change come at once all the same.
    heartbeatMs: seldomMs,
    watchMs: Math.max(600_000, seldomMs / 2),
    tickMs: seldomMs,
    pace: {
      pushEveryMs: seldomMs,
      nudgeEveryMs: seldomMs,
      proxyFreshMs: seldomMs / 2,
      isInstant: true,
    },
    publishSafetyMs: HOUR_MS,
    retireSafetyMs: HOUR_MS,
    skewMs: 60_000,
    tmaxMs,
    declaredTmaxMs: tmaxMs,
    originSpreadMs: chance.pick([5_000, 300_000, 900_000]),
    edges,
    seesEveryOrigin: true,
    kidlessUntilMs: 0,
    waivesEarly: false,
    lowersTmax: false,
    presigns: false,
    omitsIat: false,
    foreignMs: [HOUR_MS, 8 * HOUR_MS],
    installMs: [HOUR_MS, 30 * HOUR_MS],
    services,
    faults: ordinaryFaults(seed),
  };
}

/** How often everything beats: the more seldom, the longer a rotation takes in any case. */
function seldom(tmaxMs: number, services: readonly ServicePlan[]): number {
  if (tmaxMs >= 24 * HOUR_MS) return HOUR_MS;
  const isLong = services.some((service) => {
    const { style, refreshMs } = kindOf(service).behaviour;
    return style === 'static' || (refreshMs ?? 0) >= 8 * HOUR_MS;
  });
  return isLong || tmaxMs >= 8 * HOUR_MS ? HOUR_MS / 2 : HOUR_MS / 6;
}

function slowerOf(kind: number, chance: Chance): number {
  const times = chance.pick([1, 1, 1, 4, 24]);
  const refreshMs = KINDS[kind]?.behaviour.refreshMs ?? null;
  if (refreshMs === null || refreshMs === 0) return 1;
  // Nothing is asked more often than every five minutes, nor less often than every other day.
  const pacedMs = Math.min(Math.max(refreshMs * times, 300_000), 48 * HOUR_MS);
  return pacedMs / refreshMs;
}

function ordinaryFaults(seed: number): FaultPlan[] {
  return ORDINARY.flatMap((kind) => {
    const chance = new Chance(seed, `ordinary ${kind}`);
    if (!chance.is(0.1)) return [];
    return [
      {
        kind,
        anchor: chance.pick(['start', 'published', 'activated', 'retired'] as const),
        afterMs: chance.wait(2 * HOUR_MS),
        forMs: chance.wait(1_200_000),
        target: chance.next(),
        amount: chance.next(),
      },
    ];
  });
}

async function keyturnRun(plan: WorldPlan): Promise<Run> {
  const world = new World(plan, { isCompared: true });
  const tooling = new Tooling(world, {
    warmUpMs: START_MS,
    pollMs: plan.heartbeatMs / 2,
  });
  const judge = new Judge(world);
  tooling.beforeSwitch = () => judge.atSwitch();
  tooling.beforeRetire = () => judge.atRetire();
  new Faults(world, tooling).arm();
  world.startCollector();
  tooling.start();
  // The purge is nobody else's business: the comparison ends when no old token is left.
  return await judge.run(() => world.anchors.has('retired'), tooling);
}

async function rivalRun(plan: WorldPlan, rival: Rival): Promise<Run> {
  const world = new World(plan, { isWatched: false, isCompared: true });
  const tool = new ClockTool(world, rival);
  const judge = new Judge(world);
  new Faults(world, tool).arm();
  tool.start(
    START_MS,
    () => judge.atSwitch(),
    () => judge.atRetire(),
  );
  return await judge.run(() => world.anchors.has('retired'));
}
