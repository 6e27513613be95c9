import type { Act, ActResult } from '@keyturn/collector/core/acts.ts';
import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Chance } from './chance.ts';
import type { Instance } from './instance.ts';
import type { ServicePlan } from './plan.ts';
import { kindOf } from './policy.ts';
import type { World } from './world.ts';

/** What owners of services need of whoever runs the rotation. */
export interface OwnersDesk {
  readonly rotationId: string;
  lastVerdict(): Verdict | undefined;
  /** An act is under way. */
  isBusy(): boolean;
  nextNumber(): number;
  act(act: Act, then: (result: ActResult) => void): void;
  waive(gate: Gate, checkId: string, validForMs: number): void;
}

/** The people behind the services: they install keys, vouch, restart, and say who is gone. */
export class ServiceOwners {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #desk: OwnersDesk;
  readonly #attestedUntilMs = new Map<string, number>();
  /** The last verdict that was answered. */
  #heededVerdict: Verdict | undefined;

  constructor(world: World, chance: Chance, desk: OwnersDesk) {
    this.#world = world;
    this.#chance = chance;
    this.#desk = desk;
  }

  /** A collector without its disk knows none of what was said. */
  forgetWords(): void {
    this.#attestedUntilMs.clear();
  }

  /** People put the keys of the day into what takes none by itself. */
  install(instance: Instance): void {
    const { schedule, story } = this.#world;
    if (instance.options.kind.behaviour.style !== 'static') return;
    schedule.after(this.#chance.between(...this.#world.plan.installMs), () => {
      const keys = this.#world.installed;
      instance.bakedIn = keys;
      if (instance.isUp) for (const cache of instance.caches) cache.configure(keys);
      const kids = keys.map(({ kid }) => kid).join(' and ');
      story.tell('people', `install ${kids} at ${instance.options.name}`);
    });
  }

  /** Vouches for each service whose every instance is as `isSo` says, where a word is asked for. */
  vouchWhere(fact: 'holds_new' | 'rejects_old', isSo: (instance: Instance) => boolean): void {
    const { plan, instances, schedule } = this.#world;
    const last = this.#desk.lastVerdict();
    const verdict = last === this.#heededVerdict ? undefined : last;
    this.#heededVerdict = last;
    const attested = verdict?.checks.find(({ id }) => id === 'attested');
    const asked = attested?.status === 'fail' ? attested.offenders : [];
    for (const service of plan.services) {
      const key = `${service.name} ${fact}`;
      // What was said before an origin went back is asked again.
      if (asked.some((offender) => offender.service === service.name))
        this.#attestedUntilMs.delete(key);
      if (
        !(
          service.evidence === 'attested' ||
          (fact === 'rejects_old' && remembersTokens(service))
        ) ||
        (this.#attestedUntilMs.get(key) ?? 0) > schedule.nowMs ||
        this.#desk.isBusy()
      )
        continue;
      const own = instances.filter(
        (instance) => instance.options.service === service && !instance.isRemoved,
      );
      if (!own.every((instance) => instance.isUp && isSo(instance))) continue;
      const act: Act = {
        type: 'attest',
        id: `att-${this.#desk.nextNumber()}`,
        by: 'ada',
        rotationId: this.#desk.rotationId,
        service: service.name,
        instance: null,
        fact,
        reason: 'looked at every instance',
        validForMs: 86_400_000,
      };
      if (fact === 'holds_new') this.#world.vouchedMs.set(service.name, schedule.nowMs);
      this.#desk.act(act, (result) => {
        // Said again when it expires, or once somebody listens.
        this.#attestedUntilMs.set(key, schedule.nowMs + (result.ok ? 86_400_000 : 60_000));
      });
    }
  }

  /** What never drops the old key by itself is restarted; what shows nothing is vouched for. */
  helpPurge(retiredMs: number): void {
    const { instances, issuer, schedule, story } = this.#world;
    // What is waived for one is waived for all.
    const { population } = this.#world;
    let all = (population?.trustOldPercent(schedule.nowMs) ?? 0) === 0;
    for (const instance of instances) {
      const { facts, name, service, kind } = instance.options;
      if (instance.isRemoved || service.evidence === 'attested') continue;
      const trusts = instance.caches.some((cache) => cache.mayAccept(issuer.oldKey));
      const isFixed = kind.behaviour.style === 'static';
      const keeps = trusts && facts.removedKeyAcceptedS === null && !isFixed;
      // It took remembered tokens after it had said that the secret is gone.
      const isOld = schedule.nowMs - instance.startedMs > 300_000;
      const isCalledOut = isOld && !trusts && remembersTokens(service) && this.#isSaidToHold(name);
      if (instance.isUp && (keeps || isCalledOut)) {
        story.tell('people', `restart ${name}, which keeps ${issuer.oldKey.kid}`);
        // From an image of the day, where it has keys of its own.
        if (!service.holdsSecrets) instance.bakedIn = null;
        instance.kill();
        instance.start();
        this.#world.excusedSilence.delete(name);
        this.#world.traffic.flow(instance);
      }
      if (trusts) all = false;
    }
    // Alerts are looked into by themselves.
    const blocked = this.#desk
      .lastVerdict()
      ?.checks.filter(
        ({ id, status }) => status !== 'pass' && status !== 'waived' && id !== 'no_alert',
      );
    const only = blocked?.length === 1 && blocked[0]?.id === 'drop_time_elapsed';
    if (all && only && blocked[0]?.clearsAtMs === null && schedule.nowMs - retiredMs > 600_000) {
      this.#desk.waive('purge', 'drop_time_elapsed', 600_000);
    }
  }

  #isSaidToHold(name: string): boolean {
    const check = this.#desk.lastVerdict()?.checks.find(({ id }) => id === 'old_key_dropped');
    const isIt = check?.offenders.some((o) => o.instance === name && o.state === 'holds_old');
    return isIt === true;
  }

  /** An instance that will not come back is said to be gone. */
  removeVerifier(service: string, instance: string): void {
    const { schedule } = this.#world;
    const cancel = schedule.after(60_000, () => this.removeVerifier(service, instance));
    this.#world.excusedSilence.add(instance);
    const act: Act = {
      type: 'remove_verifier',
      by: 'ada',
      service,
      instance,
      cache: null,
      reason: 'gone for good',
    };
    this.#desk.act(act, (result) => {
      // Still called live, or the collector was restarted: tried again later.
      if (!result.ok && result.refusal.code !== 'not_found') return;
      cancel();
    });
  }
}

/** Whatever secrets it says that it holds, what it accepted once it may accept again. */
function remembersTokens(service: ServicePlan): boolean {
  return service.holdsSecrets && kindOf(service).behaviour.tokenCacheMs > 0;
}
