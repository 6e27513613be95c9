import { allProfiles } from '@keyturn/shared/profiles/catalogue.ts';
import { Chance } from './chance.ts';
import type { People } from './faults.ts';
import type { Instance } from './instance.ts';
import { kindOf } from './policy.ts';
import type { WorldPlan } from './plan.ts';
import type { World } from './world.ts';

const HOUR_MS = 3_600_000;

/** A way to rotate by the clock: how long to wait before the switch, and after it. */
export interface Rival {
  readonly name: string;
  readonly waits: (plan: WorldPlan) => { readonly switchMs: number; readonly retireMs: number };
}

const fixed = (name: string, ms: number): Rival => ({
  name,
  waits: () => ({ switchMs: ms, retireMs: ms }),
});

/** What people do today. */
export const RIVALS: readonly Rival[] = [
  fixed('fixed wait, 1 h', HOUR_MS),
  fixed('fixed wait, 24 h', 24 * HOUR_MS),
  fixed('fixed wait, 7 d', 168 * HOUR_MS),
  {
    // "Longest token lifetime plus slowest cache": the documented defaults, one after the other.
    name: 'runbook: max TTL + cache TTL',
    waits: (plan) => ({
      switchMs: slowestDefaultMs(plan),
      retireMs: declaredMs(plan) + slowestDefaultMs(plan),
    }),
  },
  {
    // The next key is published one rotation period (24 h) ahead; verification_ttl (24 h by default)
    // may not be shorter than a token's lifetime.
    name: 'Vault-style verification_ttl',
    waits: (plan) => ({
      switchMs: 24 * HOUR_MS,
      retireMs: Math.max(24 * HOUR_MS, declaredMs(plan)),
    }),
  },
  {
    // Refused while the next key is younger than 24 h; revoked after max(session, 8 h) + 2 h.
    name: 'vouch-style 24 h + session',
    waits: (plan) => ({
      switchMs: 24 * HOUR_MS,
      retireMs: Math.max(declaredMs(plan), 8 * HOUR_MS) + 2 * HOUR_MS,
    }),
  },
];

/** Rotates by the clock, and looks at nothing. */
export class ClockTool implements People {
  readonly #world: World;
  readonly #rival: Rival;
  readonly #chance: Chance;

  constructor(world: World, rival: Rival) {
    this.#world = world;
    this.#rival = rival;
    this.#chance = new Chance(world.plan.seed, 'tooling');
  }

  start(startMs: number, onSwitch: () => void, onRetire: () => void): void {
    const { schedule, issuer, plan } = this.#world;
    const { switchMs, retireMs } = this.#rival.waits(plan);
    schedule.after(startMs, () => {
      this.#world.reach('start');
      issuer.serve([issuer.oldKey, issuer.newKey]);
      this.#hand([issuer.oldKey, issuer.newKey]);
      this.#world.reach('published');
    });
    schedule.after(startMs + switchMs, () => {
      onSwitch();
      for (const at of issuer.switchAtMs.keys()) {
        const delayMs = at === 0 ? 0 : this.#chance.between(0, plan.switchSpreadMs);
        issuer.switchAtMs[at] = schedule.nowMs + delayMs;
      }
      this.#world.switchDeclaredMs = schedule.nowMs;
      this.#world.reach('activated');
    });
    schedule.after(startMs + switchMs + retireMs, () => {
      onRetire();
      issuer.serve([issuer.newKey]);
      this.#hand([issuer.newKey]);
      this.#world.reach('retired');
    });
  }

  install(instance: Instance): void {
    const { schedule, plan } = this.#world;
    if (instance.options.kind.behaviour.style !== 'static') return;
    schedule.after(this.#chance.between(...plan.installMs), () => {
      const keys = this.#world.installed;
      instance.bakedIn = keys;
      if (instance.isUp) for (const cache of instance.caches) cache.configure(keys);
    });
  }

  removeVerifier(): void {
    // Nobody is asked.
  }

  secondRotation(): void {
    // Nobody is there to refuse it.
  }

  #hand(keys: World['installed']): void {
    this.#world.installed = keys;
    for (const instance of this.#world.instances) this.install(instance);
  }
}

function declaredMs(plan: WorldPlan): number {
  return plan.declaredTmaxMs ?? plan.tmaxMs;
}

/** The slowest documented refresh among the kinds in use; ten minutes where none is documented. */
function slowestDefaultMs(plan: WorldPlan): number {
  const defaults = plan.services.map((service) => {
    const entry = allProfiles().find(({ id }) => id === kindOf(service).profile);
    return (entry?.gates.refresh_s ?? 600) * 1_000;
  });
  return Math.max(600_000, ...defaults);
}
