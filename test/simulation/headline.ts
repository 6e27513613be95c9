import { Chance } from './chance.ts';
import { Faults } from './faults.ts';
import type { FaultKind, FaultPlan } from './fault-plan.ts';
import { KINDS } from './kinds.ts';
import { planOf, type WorldPlan } from './plan.ts';
import { ClockTool, type Rival, RIVALS } from './rivals.ts';
import { Tooling } from './tooling.ts';
import { World } from './world.ts';

const HOUR_MS = 3_600_000;
const START_MS = 2 * HOUR_MS;
/** A rotation that is not over by then has failed to end. */
const LONGEST_MS = 20 * 24 * HOUR_MS;

/** One rotation under one policy. */
export interface Run {
  /** The signer was switched while a verifier could not verify the new key. */
  readonly unsafeSwitch: boolean;
  /** The old key was withdrawn while a token of it was alive. */
  readonly unsafeRetire: boolean;
  /** Valid tokens refused although key sets could be fetched. */
  readonly refused: number;
  readonly presented: number;
  /** From publication to withdrawal; null: it did not come to that. */
  readonly overlapMs: number | null;
  readonly switchAfterMs: number | null;
}

export const KEYTURN = 'Keyturn';

/** Every policy on the world of one seed. */
export async function compare(seed: number): Promise<ReadonlyMap<string, Run>> {
  const plan = headlinePlanOf(seed);
  const runs = new Map<string, Run>([[KEYTURN, await keyturnRun(plan)]]);
  for (const rival of RIVALS) runs.set(rival.name, await rivalRun(plan, rival));
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
  const plan = planOf(seed);
  const chance = new Chance(seed, 'headline');
  const tmaxMs = chance.pick([0.25, 1, 1, 8, 12, 24, 24, 168].map((hours) => hours * HOUR_MS));
  const edges = plan.edges.map(() => chance.pick([60_000, 300_000, HOUR_MS]));
  return {
    ...plan,
    // Seldom, so that a week is quickly simulated; reports on change come at once all the same.
    heartbeatMs: tmaxMs > 24 * HOUR_MS ? 1_800_000 : 300_000,
    watchMs: tmaxMs > 24 * HOUR_MS ? 600_000 : 300_000,
    tickMs: 600_000,
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
    services: plan.services.map((service) => ({
      ...service,
      slower: slowerOf(service.kind, chance),
      trafficMs: chance.pick([600_000, 1_800_000, 3_600_000]),
    })),
    faults: ordinaryFaults(seed),
  };
}

function slowerOf(kind: number, chance: Chance): number {
  const times = chance.pick([1, 1, 1, 4, 24, 96]);
  const refreshes = KINDS[kind]?.style === 'lazy' || KINDS[kind]?.style === 'background';
  return refreshes ? times : 1;
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
  const world = new World(plan);
  world.isCompared = true;
  const tooling = new Tooling(world, {
    warmUpMs: START_MS,
    pollMs: plan.tmaxMs > 24 * HOUR_MS ? 900_000 : 120_000,
  });
  const judge = new Judge(world);
  tooling.beforeSwitch = () => judge.atSwitch();
  tooling.beforeRetire = () => judge.atRetire();
  new Faults(world, tooling).arm();
  world.startCollector();
  tooling.start();
  // The purge is nobody else's business: the comparison ends when no old token is left.
  return await judge.run(() => world.anchors.has('retired'));
}

async function rivalRun(plan: WorldPlan, rival: Rival): Promise<Run> {
  const world = new World(plan, false);
  world.isCompared = true;
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

/** Says of a rotation what is true, the same for everybody. */
class Judge {
  readonly #world: World;
  #unsafeSwitch = false;
  #unsafeRetire = false;

  constructor(world: World) {
    this.#world = world;
  }

  atSwitch(): void {
    const { instances, issuer } = this.#world;
    this.#unsafeSwitch ||= instances.some(
      (instance) =>
        instance.isUp && instance.caches.some((cache) => !cache.wouldAccept(issuer.newKey, true)),
    );
  }

  atRetire(): void {
    this.#unsafeRetire ||= this.#world.oracle.liveUntilMs() > this.#world.schedule.nowMs;
  }

  async run(isRetired: () => boolean): Promise<Run> {
    const world = this.#world;
    const { schedule, plan } = world;
    for (const instance of world.instances) {
      instance.start();
      world.traffic.flow(instance);
    }
    world.traffic.start();
    let endMs = LONGEST_MS;
    const look = (): void => {
      if (isRetired() && endMs === LONGEST_MS) {
        // Old tokens that were withdrawn too early are still presented for as long as they live.
        endMs = schedule.nowMs + 1.2 * plan.tmaxMs + 2 * HOUR_MS;
      }
      if (schedule.nowMs >= endMs) world.isOver = true;
      schedule.after(600_000, look);
    };
    look();
    await schedule.run(() => world.isOver && (schedule.nowMs >= endMs || !isRetired()));
    const publishedMs = world.anchors.get('published');
    const since = (atMs: number | undefined): number | null =>
      publishedMs === undefined || atMs === undefined ? null : atMs - publishedMs;
    return {
      unsafeSwitch: this.#unsafeSwitch,
      unsafeRetire: this.#unsafeRetire,
      refused: world.refusedForKeys,
      presented: world.presented,
      overlapMs: since(world.anchors.get('retired')),
      switchAfterMs: since(world.anchors.get('activated')),
    };
  }
}
