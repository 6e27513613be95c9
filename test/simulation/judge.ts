import type { KeyCache } from './key-cache.ts';
import type { Instance } from './instance.ts';
import type { Tooling } from './tooling.ts';
import type { World } from './world.ts';

const HOUR_MS = 3_600_000;
/** A rotation that is not over by then has failed to end. */
export const LONGEST_MS = 20 * 24 * HOUR_MS;
const LOOK_EVERY_MS = 1_800_000;
/** Faults after the withdrawal have struck by then. */
const SETTLES_MS = 4 * HOUR_MS;
/** What was fetched from an origin that went back may be used for so long, at these durations. */
const UNDONE_MS = 48 * HOUR_MS;

/** One rotation under one policy. */
export interface Run {
  /** Why a verifier could not verify the new key when the signer was switched; null: all could. */
  readonly unsafeSwitch: string | null;
  /** The old key was withdrawn while a token of it was alive: why, as far as it can be said. */
  readonly unsafeRetire: string | null;
  /** Valid tokens refused although key sets could be fetched, by why; '': nothing explains it. */
  readonly refused: Readonly<Record<string, number>>;
  readonly presented: number;
  /** From publication to withdrawal; null: it did not come to that. */
  readonly overlapMs: number | null;
  readonly switchAfterMs: number | null;
  /** Acts on a gate that was open against what the collector had been told. */
  readonly broken: readonly string[];
  /** Checks a rotation that did not end was waiting for. */
  readonly waitsFor: string | null;
}

/** Says of a rotation what is true, the same for everybody. */
export class Judge {
  readonly #world: World;
  #unsafeSwitch: string | null = null;
  #unsafeRetire: string | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  atSwitch(): void {
    const { instances } = this.#world;
    const lacking = instances.filter(
      (instance) => instance.isUp && instance.caches.some((cache) => this.#lacks(cache)),
    );
    const whys = new Set(lacking.map((instance) => this.#why(instance)));
    if (whys.size > 0) this.#unsafeSwitch ??= [...whys].toSorted().join(' and ');
  }

  atRetire(): void {
    const { oracle, schedule } = this.#world;
    if (oracle.oldTokens.liveUntilMs <= schedule.nowMs) return;
    const isPromised = oracle.oldTokens.promisedUntilMs(this.#world.promised()) > schedule.nowMs;
    this.#unsafeRetire ??= isPromised
      ? 'a token of the promised life is alive'
      : 'a token that nobody declared or reported is alive';
  }

  async run(isRetired: () => boolean, tooling?: Tooling): Promise<Run> {
    const world = this.#world;
    const { schedule } = world;
    for (const instance of world.instances) {
      instance.start();
      world.traffic.flow(instance);
    }
    world.traffic.start();
    const look = (): void => {
      if (schedule.nowMs >= LONGEST_MS || (isRetired() && this.#isSettled())) world.isOver = true;
      else schedule.after(LOOK_EVERY_MS, look);
    };
    look();
    await schedule.run(() => world.isOver);
    const publishedMs = world.anchors.get('published');
    const since = (atMs: number | undefined): number | null =>
      publishedMs === undefined || atMs === undefined ? null : atMs - publishedMs;
    return {
      unsafeSwitch: this.#unsafeSwitch,
      unsafeRetire: this.#unsafeRetire,
      refused: Object.fromEntries(world.refusedForKeys),
      presented: world.presented,
      overlapMs: since(world.anchors.get('retired')),
      switchAfterMs: since(world.anchors.get('activated')),
      broken: world.violations.map(({ rule, message }) => `${rule}: ${message}`),
      waitsFor: isRetired() ? null : waitsFor(tooling),
    };
  }

  #lacks(cache: KeyCache): boolean {
    return !cache.wouldAccept(this.#world.issuer.newKey, true);
  }

  #why(instance: Instance): string {
    const { known, isWatched, schedule, lastRegressionMs } = this.#world;
    if (!isWatched) return 'nobody looked';
    if (!known.has(instance.options.name)) return 'nobody declared it, and it never got through';
    if (instance.bakedIn !== null) return 'it has just started with the keys of its image';
    if (schedule.nowMs < lastRegressionMs + UNDONE_MS)
      return 'an origin or edge has just gone back';
    return 'nothing explains it';
  }

  /** Nothing can be refused any more for want of a key: no old token lives, and all know the new. */
  #isSettled(): boolean {
    const { instances, oracle, schedule, anchors, plan } = this.#world;
    const sinceMs = schedule.nowMs - (anchors.get('retired') ?? 0);
    if (oracle.oldTokens.liveUntilMs > schedule.nowMs || sinceMs < SETTLES_MS) return false;
    if (sinceMs > plan.installMs[1] + SETTLES_MS) return true;
    return instances.every(
      (instance) => !instance.isUp || !instance.caches.some((cache) => this.#lacks(cache)),
    );
  }
}

function waitsFor(tooling: Tooling | undefined): string {
  const checks = tooling?.lastVerdict?.checks.filter(
    ({ status }) => status === 'fail' || status === 'unknown',
  );
  const ids = checks?.map(({ id }) => id).toSorted() ?? [];
  return `${tooling?.phase ?? ''}: ${ids.join(', ')}`;
}
